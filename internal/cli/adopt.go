package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

type adoptOptions struct {
	lookup
	commit commitOptions
}

func newAdoptCmd(env *process, runF func(context.Context, *adoptOptions) error) *cobra.Command {
	opts, server := &adoptOptions{lookup: lookup{env: env}}, serverOptions{}
	cmd := &cobra.Command{
		Use:   "adopt OWNER/REPO#NUMBER",
		Short: "Keep a pull request's environment after the pull request is closed",
		Long: `adopt asks the service what runs in the environment of a pull request and at which commits, and writes that into its folder
of the GitOps repository. While the pull request is open nothing changes; once it is closed the environment stays, with the
same name, namespace, address and data, its services at those commits. previewctl set changes it, previewctl delete ends it.`,
		Example: `  previewctl adopt acme/gateway#12 --dry-run
  previewctl adopt acme/gateway#12 -m 'for the trade fair'
  previewctl adopt acme/shop#7 --branch keep-shop-7`,
		Args: oneArg("pull request, as owner/repo#number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, _, ok := preview.ParsePullRequest(args[0]); !ok {
				return usagef(cmd, "%q is not a pull request like acme/gateway#12", args[0])
			}
			err := opts.parse(cmd, server, args)
			if err == nil {
				err = opts.commit.check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.flags(cmd)
	opts.commit.flags(cmd)
	return cmd
}

func runAdopt(ctx context.Context, opts *adoptOptions) error {
	status, err := opts.patientStatus(ctx)
	if err != nil {
		return err
	}
	settings, unknown := adopted(status.Row, opts.what)
	for _, s := range unknown {
		opts.env.tell("note: nobody knows the commit of " + preview.Printable(s) + ": it goes on as kustomize-base says")
	}
	w, result, err := opts.commit.commitEnvironment(ctx, opts.env, opts.what, func(w *world) (gitrepo.Edits, error) {
		if status.Name != w.name {
			return gitrepo.Edits{}, fmt.Errorf("%s runs in environment %s, which isn't its own\nthat one stays as long as its own file or slot says", opts.what, status.Name)
		}
		return opts.edits(w, settings)
	})
	if err != nil {
		return err
	}
	opts.commit.report(opts.env, result, "adopted "+w.name)
	return nil
}

func (o *adoptOptions) edits(w *world, settings []setting) (gitrepo.Edits, error) {
	start := w.file
	if start == nil {
		start = []byte(newEnvironment)
	} else if err := w.existing(); err != nil {
		return gitrepo.Edits{}, err
	}
	d, err := yamldoc.Parse(start)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if _, err := applySettings(settings, w.config.Policy, d); err != nil {
		return gitrepo.Edits{}, err
	}
	return w.edits(d.Bytes(), gitrepo.Message{Subject: subjectOf(fmt.Sprintf("Adopt environment %s of %s", w.name, o.what), "Adopt environment "+w.name)})
}

// adopted is what a file says that keeps an environment as its row is, and the services whose commit nobody knows.
func adopted(row preview.Row, pullRequest string) (settings []setting, unknown []string) {
	if row.Owner != "" {
		settings = append(settings, valueSetting(row.Owner, "owner", "owner"))
	}
	settings = append(settings, valueSetting(row.Profile, "profile", "profile"))
	for _, c := range row.Contents() {
		switch {
		case c.Runs && fullSHA.MatchString(c.Commit):
			settings = append(settings, valueSetting(map[string]string{"sha": c.Commit}, c.Service, "services", c.Service))
		case c.Runs:
			unknown = append(unknown, c.Service)
		}
	}
	return append(settings,
		valueSetting(pullRequest, "pull request", "pullRequest"),
		valueSetting(true, "adopted", "adopted"),
	), unknown
}
