package cli

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

type renderOptions struct {
	env    *terminal.Process
	what   string
	dir    string
	madeUp synthetic.Flags
	client *apiclient.Client // nil without a server
}

func newRenderCmd(env *terminal.Process, runF func(context.Context, *renderOptions) error) *cobra.Command {
	opts, server := &renderOptions{env: env}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "render NAME|OWNER/REPO#NUMBER",
		Short: "Print the manifests of one environment as Argo CD will apply them",
		Long: `render prints what one environment consists of, built from the files in --dir as Argo CD builds it.

Which services run, and at which commits, comes from the service where --server or PREVIEWSET_SERVER names it. Without, a
pull request is made up: labelled, from the same repository, changing every service of it unless --changed says which.
Every ref that configuration names then stands for a made-up commit. What was made up is said on standard error.`,
		Example: `  previewctl render acme/gateway#12
  previewctl render acme/shop#7 --changed orders --sha 3f2a9c1d5e8b7a604c1f0d9e8b7a6c5d4e3f2a1b
  previewctl render shop-pr-7 --dir . --label preview:full`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: opts.completeName,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			if err := flags.CheckTarget(cmd, opts.what); err != nil {
				return err
			}
			if err := opts.madeUp.Check(cmd); err != nil {
				return err
			}
			if env.FlagOrEnv(server.Server, "PREVIEWSET_SERVER") != "" {
				c, err := apiclient.New(cmd, env, server)
				if err != nil {
					return err
				}
				opts.client = c
			}
			if opts.client != nil && opts.madeUp.IsSet(cmd) {
				return flags.Usagef(cmd, "--sha, --branch, --label and --changed make up a pull request; the service knows the real one: leave out one or the other")
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.dir, "dir", ".", "folder of the GitOps repository")
	opts.madeUp.Add(cmd)
	server.Add(cmd)
	return cmd
}

func runRender(ctx context.Context, opts *renderOptions) error {
	fsys, closeDir, err := configrepo.OpenRepository(opts.dir)
	if err != nil {
		return err
	}
	defer closeDir()
	repo := overlay.New(fsys)
	row, err := opts.row(ctx, repo)
	if err != nil {
		return err
	}
	stop := opts.env.NoticeIfSlow(terminal.SlowBuilds)
	manifests, err := repo.Build(row)
	stop()
	if err != nil {
		return fmt.Errorf("build %s: %w\nsee all problems with: previewctl check %s", row.Path, err, opts.dir)
	}
	return opts.print(string(manifests))
}

// row is what the environment consists of: from the service, else made up.
func (o *renderOptions) row(ctx context.Context, repo *overlay.Repo) (preview.Row, error) {
	if o.client != nil {
		return o.rowFromService(ctx)
	}
	cfg, err := repo.Load()
	if err != nil {
		return preview.Row{}, fmt.Errorf("%w\nmend the configuration, and see all problems with: previewctl check %s", err, o.dir)
	}
	return o.rowFromFiles(cfg)
}

func (o *renderOptions) rowFromService(ctx context.Context) (preview.Row, error) {
	s, err := (&apiclient.Lookup{Env: o.env, Client: o.client, Target: o.what}).StatusWithNotice(ctx)
	if err == nil {
		o.note("this is %s with the files in %s; Argo CD takes them from commit %s", s.Name, o.dir, s.Revision)
	}
	return s.Row, err
}

func (o *renderOptions) rowFromFiles(c *config.Config) (preview.Row, error) {
	if repository, number, ok := o.pullRequest(c); ok {
		return o.rowOfPullRequest(c, repository, number)
	}
	if c.Environments[o.what] == nil {
		return preview.Row{}, fmt.Errorf("there is no environment %s in %s\nname a folder of overlays/ with an environment.yaml, or a pull request: owner/repo#number", o.what, o.dir)
	}
	o.note("every service stands at a made-up commit")
	return preview.Compose(c, overlay.Plan(c, o.what))
}

// pullRequest takes "owner/repo#12" or the name of that pull request's environment.
func (o *renderOptions) pullRequest(c *config.Config) (repository string, number int, ok bool) {
	if repository, number, ok = config.ParsePullRequest(o.what); ok {
		return repository, number, true
	}
	i := strings.LastIndex(o.what, "-pr-")
	if i < 0 {
		return "", 0, false
	}
	for _, r := range c.Repositories() {
		if _, number, ok := config.ParsePullRequest(r + "#" + o.what[i+len("-pr-"):]); ok && config.PullRequestName(c.Policy, r, number) == o.what {
			return r, number, true
		}
	}
	return "", 0, false
}

// print writes manifests. A value that holds what a terminal hides is printed in escapes, which mean the same.
func (o *renderOptions) print(manifests string) error {
	plain, err := output.EscapeManifests(manifests)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(o.env.Out, plain)
	return err
}

func (o *renderOptions) note(format string, args ...any) {
	o.env.Inform("note: " + config.Printable(fmt.Sprintf(format, args...)))
}

// completeName offers the environments that have a folder in --dir.
func (o *renderOptions) completeName(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	entries, err := os.ReadDir(o.dir + "/overlays")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(o.dir + "/overlays/" + e.Name() + "/environment.yaml"); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// rowOfPullRequest asks the same rules as the service what a made-up pull request gets.
func (o *renderOptions) rowOfPullRequest(c *config.Config, repository string, number int) (preview.Row, error) {
	pr, err := o.madeUp.PullRequest(c, repository, number)
	if err != nil {
		return preview.Row{}, err
	}
	s := preview.Resolve(c, synthetic.Facts(c, repository, pr), preview.Memory{}, o.env.Now())
	for _, r := range s.Rows {
		if strings.EqualFold(r.Repository, repository) && r.Number == strconv.Itoa(number) {
			o.note("pull request %s#%d is made up, at commit %s of branch %q", repository, number, pr.HeadSHA, pr.Branch)
			return r, nil
		}
	}
	for _, d := range s.Decisions {
		if strings.EqualFold(d.Repository, repository) && d.Number == number {
			return preview.Row{}, apiclient.NotLive(o.what, d)
		}
	}
	return preview.Row{}, fmt.Errorf("no service of previewset.yaml comes from %s\nknown repositories: %s", repository, strings.Join(c.Repositories(), ", "))
}
