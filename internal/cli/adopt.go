package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

type adoptOptions struct {
	apiclient.Lookup
	commit configrepo.CommitOptions
}

func newAdoptCmd(env *terminal.Process, runF func(context.Context, *adoptOptions) error) *cobra.Command {
	opts, server := &adoptOptions{Lookup: apiclient.Lookup{Env: env}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "adopt OWNER/REPO#NUMBER",
		Short: "Keep a pull request's environment after the pull request is closed",
		Long: `adopt asks the service what runs in the environment of a pull request and at which commits, and writes that into its folder
of the GitOps repository. While the pull request is open nothing changes; once it is closed the environment stays, with the
same name, namespace, address and data, its services at those commits. previewctl set changes it, previewctl delete ends it.`,
		Example: `  previewctl adopt acme/gateway#12 --dry-run
  previewctl adopt acme/gateway#12 -m 'for the trade fair'
  previewctl adopt acme/shop#7 --branch keep-shop-7`,
		Args: flags.OneArg("pull request, as owner/repo#number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, _, ok := config.ParsePullRequest(args[0]); !ok {
				return flags.Usagef(cmd, "%q is not a pull request like acme/gateway#12", args[0])
			}
			err := opts.Parse(cmd, server, args)
			if err == nil {
				err = opts.commit.Check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	opts.commit.AddFlags(cmd)
	return cmd
}

func runAdopt(ctx context.Context, opts *adoptOptions) error {
	status, err := opts.StatusWithNotice(ctx)
	if err != nil {
		return err
	}
	settings, unknown := adopted(status.Row, opts.Target)
	for _, s := range unknown {
		opts.Env.Inform("note: nobody knows the commit of " + config.Printable(s) + ": it goes on as kustomize-base says")
	}
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.Env, opts.Target, func(w *envfile.File) (gitrepo.Edits, error) {
		if status.Name != w.Name {
			return gitrepo.Edits{}, fmt.Errorf("%s runs in environment %s, which isn't its own\nthat one stays as long as its own file or slot says", opts.Target, status.Name)
		}
		return opts.edits(w, settings)
	})
	if err != nil {
		return err
	}
	opts.commit.Report(opts.Env, result, "adopted "+w.Name)
	return nil
}

func (o *adoptOptions) edits(w *envfile.File, settings []envfile.Setting) (gitrepo.Edits, error) {
	start := w.Content
	if start == nil {
		start = []byte(envfile.New)
	} else if err := w.RequireExisting(); err != nil {
		return gitrepo.Edits{}, err
	}
	d, err := yamldoc.Parse(start)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if _, err := envfile.Apply(settings, w.Config.Policy, d); err != nil {
		return gitrepo.Edits{}, err
	}
	return w.Edits(d.Bytes(), gitrepo.Message{Subject: configrepo.Subject(fmt.Sprintf("Adopt environment %s of %s", w.Name, o.Target), "Adopt environment "+w.Name)})
}

// adopted is what a file says that keeps an environment as its row is, and the services whose commit nobody knows.
func adopted(row preview.Row, pullRequest string) (settings []envfile.Setting, unknown []string) {
	if row.Owner != "" {
		settings = append(settings, envfile.SetValue(row.Owner, "owner", "owner"))
	}
	settings = append(settings, envfile.SetValue(row.Profile, "profile", "profile"))
	for _, c := range row.Contents() {
		switch {
		case c.Runs && flags.IsFullCommit(c.Commit):
			settings = append(settings, envfile.SetValue(map[string]string{"sha": c.Commit}, c.Service, "services", c.Service))
		case c.Runs:
			unknown = append(unknown, c.Service)
		}
	}
	return append(settings,
		envfile.SetValue(pullRequest, "pull request", "pullRequest"),
		envfile.SetValue(true, "adopted", "adopted"),
	), unknown
}
