package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

type renderOptions struct {
	apiclient.Lookup // without a client if no service is named
	dir              string
	synthetic        synthetic.Flags
}

func newRenderCmd(term *terminal.Process, runF func(context.Context, *renderOptions) error) *cobra.Command {
	opts, server := &renderOptions{Lookup: apiclient.Lookup{Env: term}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "render NAME|OWNER/REPO#NUMBER",
		Short: "Print an environment's manifests",
		Long: `render builds one environment from the files in --dir as Argo CD builds it, and prints the
manifests. The name of an overlay that isn't an environment, such as staging for the baseline, prints that
overlay.

With --server or PREVIEWSET_SERVER, the services and their commits are those of the existing environment.
Without a generator, an environment with a file runs as the generator would run it: in profile "changed" the
services of the file and their callers run, and the rest is linked. For a pull request, render uses a
synthetic one: labelled, from the same repository, with a change of every service of that repository, or of
those in --changed. Every configured ref then has a synthetic commit. A note on standard error names the
synthetic parts.`,
		Example: `  previewctl render acme/gateway#12
  previewctl render acme/shop#7 --changed orders --sha 3f2a9c1d5e8b7a604c1f0d9e8b7a6c5d4e3f2a1b
  previewctl render staging
  previewctl render shop-pr-7 --dir . --label preview:full`,
		Args:              flags.OneEnvironment,
		ValidArgsFunction: opts.completeName,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Target = args[0]
			err := flags.CheckTarget(cmd, opts.Target)
			if err == nil {
				err = opts.synthetic.Check(cmd)
			}
			if err == nil {
				opts.Client, err = server.Optional(cmd, term)
			}
			if err != nil {
				return err
			}
			if opts.Client != nil && opts.synthetic.IsSet(cmd) {
				return flags.Usagef(cmd, "--sha, --branch, --label and --changed describe a synthetic pull request, "+
					"but --server uses the real one; remove either")
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.dir, "dir", ".", "read the GitOps repository from a folder")
	opts.synthetic.Add(cmd)
	server.Add(cmd)
	return cmd
}

func runRender(ctx context.Context, opts *renderOptions) error {
	fsys, closeDir, err := configrepo.OpenRepository(opts.dir)
	if err != nil {
		return err
	}
	defer closeDir()
	manifests, err := opts.manifests(ctx, overlay.New(fsys))
	if err != nil {
		return err
	}
	escaped, err := output.EscapeManifests(string(manifests))
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(opts.Env.Out, escaped)
	return err
}

// manifests builds the environment, or an overlay without one, such as the baseline.
func (o *renderOptions) manifests(ctx context.Context, repo *overlay.Repo) ([]byte, error) {
	folder := overlay.FixedOverlay(repo, o.Target)
	build := func() ([]byte, error) { return overlay.BuildFixed(repo, folder) }
	if folder == "" {
		row, err := o.row(ctx, repo)
		if err != nil {
			return nil, err
		}
		folder = row.Path
		build = func() ([]byte, error) { return repo.Build(row) }
	} else {
		o.Env.Notef("%s isn't an environment: its own Application deploys the files as they are", folder)
	}
	defer o.Env.NoticeIfSlow(terminal.SlowBuilds)()
	manifests, err := build()
	if err != nil {
		return nil, fmt.Errorf("build %s: %w\nsee all problems: previewctl check %s", folder, err, o.dir)
	}
	return manifests, nil
}

// row returns the environment's row from the generator, or else a synthetic one.
func (o *renderOptions) row(ctx context.Context, repo *overlay.Repo) (preview.Row, error) {
	if o.Client != nil {
		s, err := o.StatusWithNotice(ctx)
		if err == nil {
			o.Env.Notef("these are the services of %s with the files in %s; Argo CD uses the files of commit %s",
				s.Name, o.dir, s.Revision)
		}
		return s.Row, err
	}
	cfg, err := repo.Load()
	if err != nil {
		return preview.Row{}, fmt.Errorf("%w\n"+
			"correct the configuration, and see all problems: previewctl check %s", err, o.dir)
	}
	if repository, number, ok := o.pullRequest(cfg); ok {
		return o.rowOfPullRequest(cfg, repository, number)
	}
	if problem, isBroken := cfg.Broken[o.Target]; isBroken {
		return preview.Row{}, fmt.Errorf("environment %s can't be used: %s", o.Target, problem)
	}
	if cfg.Environments[o.Target] == nil {
		return preview.Row{}, fmt.Errorf("there is no environment %s in %s\n"+
			"name a folder of overlays with an environment.yaml, or a pull request", o.Target, o.dir)
	}
	return o.rowOfFile(cfg)
}

// pullRequest parses owner/repo#number, or the name of that pull request's environment.
func (o *renderOptions) pullRequest(c *config.Config) (repository string, number int, ok bool) {
	if repository, number, ok = config.ParsePullRequest(o.Target); ok {
		return repository, number, true
	}
	i := strings.LastIndex(o.Target, "-pr-")
	if i < 0 {
		return "", 0, false
	}
	for _, r := range c.Repositories() {
		_, number, ok := config.ParsePullRequest(r + "#" + o.Target[i+len("-pr-"):])
		if ok && config.PullRequestName(c.Policy, r, number) == o.Target {
			return r, number, true
		}
	}
	return "", 0, false
}

// rowOfFile applies the generator's rules to an environment with a file, as if it were new.
func (o *renderOptions) rowOfFile(c *config.Config) (preview.Row, error) {
	facts := synthetic.Facts(c, "", preview.PullRequest{})
	facts.Skew = new(time.Duration) // the only clock is this machine's
	c.Policy.Limits.Environments, c.Policy.Limits.Awake, c.Policy.Limits.PerOwner = 0, 0, 0
	s := preview.Resolve(c, facts, preview.Memory{}, o.Env.Now())
	for _, r := range s.Rows {
		if r.Name == o.Target {
			o.Env.Notef("each service that runs in %s has a synthetic commit", o.Target)
			return r, nil
		}
	}
	isTarget := func(d preview.Decision) bool { return d.Environment == o.Target }
	if d := apiclient.FirstOf(s.Decisions, isTarget); d != nil {
		return preview.Row{}, apiclient.NotLive(o.Target, *d)
	}
	return preview.Row{}, fmt.Errorf("environment %s doesn't run\n"+
		"see its problems: previewctl check %s", o.Target, o.dir)
}

// rowOfPullRequest applies the generator's rules to a synthetic pull request.
func (o *renderOptions) rowOfPullRequest(c *config.Config, repository string, number int) (preview.Row, error) {
	pr, err := o.synthetic.PullRequest(c, repository, number)
	if err != nil {
		return preview.Row{}, err
	}
	s := preview.Resolve(c, synthetic.Facts(c, repository, pr), preview.Memory{}, o.Env.Now())
	for _, r := range s.Rows {
		if strings.EqualFold(r.Repository, repository) && r.Number == strconv.Itoa(number) {
			o.Env.Notef("pull request %s#%d is synthetic, at commit %s of branch %q", repository, number, pr.HeadSHA, pr.Branch)
			return r, nil
		}
	}
	for _, d := range s.Decisions {
		if strings.EqualFold(d.Repository, repository) && d.Number == number {
			return preview.Row{}, apiclient.NotLive(o.Target, d)
		}
	}
	return preview.Row{}, fmt.Errorf("no service of previewset.yaml comes from %s\nuse one of these repositories: %s",
		repository, strings.Join(c.Repositories(), ", "))
}

// completeName completes the environments with a file in --dir.
func (o *renderOptions) completeName(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	entries, err := os.ReadDir(filepath.Join(o.dir, config.OverlaysFolder))
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(o.dir, envfile.FileOf(e.Name()))); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
