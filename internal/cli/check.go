package cli

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
)

type checkOptions struct {
	env    *terminal.Process
	dir    string
	output string
}

// checkResult is what `check -o json` prints.
type checkResult struct {
	Problems   []config.Problem `json:"problems"`
	NotInForce []string         `json:"notInForce"`
	Notes      []string         `json:"notes"`
	Builds     int              `json:"builds"`
}

func newCheckCmd(env *terminal.Process, runF func(context.Context, *checkOptions) error) *cobra.Command {
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
		Args:              flags.MaxOneArg("folder"),
		ValidArgsFunction: flags.CompleteFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				opts.dir = args[0]
			}
			if err := flags.CheckOutput(cmd, opts.output, "text", "json", "yaml"); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	flags.Output(cmd, &opts.output, "text", "text", "json", "yaml")
	return cmd
}

func runCheck(ctx context.Context, opts *checkOptions) error {
	fsys, closeDir, err := configrepo.OpenRepository(opts.dir)
	if err != nil {
		return err
	}
	defer closeDir()
	if opts.env.Getenv("GOGC") == "" {
		// A thousand builds take a quarter less, for some 300 MiB at the most.
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	stop := opts.env.NoticeIfSlow(terminal.SlowBuilds)
	report, err := overlay.New(fsys).Check(ctx)
	stop()
	if err != nil {
		return fmt.Errorf("check %s: %w", opts.dir, err)
	}
	if err := opts.print(report); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return exitcode.ErrReported
	}
	return nil
}

func (o *checkOptions) print(r overlay.Report) error {
	if o.output == "text" {
		return o.printText(r)
	}
	return output.Encode(o.env.Out, o.output, checkResult{
		Problems: output.OrEmpty(r.Problems), NotInForce: output.OrEmpty(r.NotInForce), Notes: output.OrEmpty(r.Notes), Builds: r.Builds,
	})
}

func (o *checkOptions) printText(r overlay.Report) error {
	for _, p := range r.Problems {
		o.env.Answerf("%s", p.Error())
	}
	for _, line := range r.NotInForce {
		o.env.Answerf("not in force: %s", config.Printable(line))
	}
	for _, line := range r.Notes {
		o.env.Answerf("note: %s", config.Printable(line))
	}
	_, err := fmt.Fprintln(o.env.Out, o.summary(r))
	return err
}

func (o *checkOptions) summary(r overlay.Report) string {
	if n := len(r.Problems); n > 0 {
		return o.env.Colour(terminal.Red, fmt.Sprintf("%s, %s", output.Count(n, "problem"), output.Count(r.Builds, "build")))
	}
	return o.env.Colour(terminal.Green, "ok: "+output.Count(r.Builds, "build")+", no problems")
}
