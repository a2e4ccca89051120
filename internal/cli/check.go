package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

type checkOptions struct {
	env    *process
	dir    string
	output string
}

// checkResult is what `check -o json` prints.
type checkResult struct {
	Problems   []preview.Problem `json:"problems"`
	NotInForce []string          `json:"notInForce"`
	Notes      []string          `json:"notes"`
	Builds     int               `json:"builds"`
}

func newCheckCmd(env *process, runF func(context.Context, *checkOptions) error) *cobra.Command {
	opts := &checkOptions{env: env, dir: "."}
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Find the mistakes in a GitOps repository before Argo CD does",
		Long: `check reads the GitOps repository in DIR (default: the current folder) and changes nothing. It validates previewset.yaml
and every environment.yaml; follows everything that Kustomize files refer to, and refuses what is fetched, run or linked
from elsewhere; then builds in memory every profile, everything run, everything linked, each service alone run and alone
linked, every dataset and component, and every overlay, and checks that each build is what Argo CD would accept.

Every problem is printed with its file and what to do. Run it in CI for every pull request of the GitOps repository.`,
		Example: `  previewctl check
  previewctl check previews
  previewctl check previews -o json`,
		Args:              maxOneArg("folder"),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.dir = args[0]
			}
			if err := checkOutput(cmd, opts.output, "text", "json", "yaml"); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	outputFlag(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func completeFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func runCheck(ctx context.Context, opts *checkOptions) error {
	fsys, closeDir, err := openDir(opts.dir)
	if err != nil {
		return err
	}
	defer closeDir()
	if opts.env.Getenv("GOGC") == "" {
		// A thousand builds take a quarter less, for some 300 MiB at the most.
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	stop := opts.env.patience(slowBuilds)
	report, err := overlay.New(fsys).Check(ctx)
	stop()
	if err != nil {
		return fmt.Errorf("check %s: %w", opts.dir, err)
	}
	if err := opts.print(report); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return errReported
	}
	return nil
}

// openDir opens a folder so that nothing outside of it can be reached.
func openDir(dir string) (fsys fs.FS, closeDir func(), err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the GitOps repository: %w\nname its folder, or make one with: previewctl init %s", err, dir)
	}
	return root.FS(), func() { _ = root.Close() }, nil
}

func (o *checkOptions) print(r overlay.Report) error {
	if o.output == "text" {
		return o.printText(r)
	}
	return encode(o.env.Out, o.output, checkResult{
		Problems: orEmpty(r.Problems), NotInForce: orEmpty(r.NotInForce), Notes: orEmpty(r.Notes), Builds: r.Builds,
	})
}

func orEmpty[S ~[]E, E any](s S) []E {
	if s == nil {
		return []E{}
	}
	return s
}

func (o *checkOptions) printText(r overlay.Report) error {
	for _, p := range r.Problems {
		o.env.say("%s", p.Error())
	}
	for _, line := range r.NotInForce {
		o.env.say("not in force: %s", preview.Printable(line))
	}
	for _, line := range r.Notes {
		o.env.say("note: %s", preview.Printable(line))
	}
	_, err := fmt.Fprintln(o.env.Out, o.summary(r))
	return err
}

func (o *checkOptions) summary(r overlay.Report) string {
	if n := len(r.Problems); n > 0 {
		return o.env.colour(red, fmt.Sprintf("%s, %s", count(n, "problem"), count(r.Builds, "build")))
	}
	return o.env.colour(green, "ok: "+count(r.Builds, "build")+", no problems")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
