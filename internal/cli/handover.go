package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

type handoverOptions struct {
	env      *terminal.Process
	what     string
	services []string
	back     bool
	commit   configrepo.CommitOptions
}

func newHandoverCmd(env *terminal.Process, runF func(context.Context, *handoverOptions) error) *cobra.Command {
	opts := &handoverOptions{env: env}
	cmd := &cobra.Command{
		Use:   "handover NAME|OWNER/REPO#NUMBER SERVICE...",
		Short: "Have Argo CD leave a service's workload alone, for Tilt, Telepresence or ksync, and back",
		Long: `handover lists services under handover in overlays/NAME/environment.yaml. Argo CD then leaves their Deployments and
StatefulSets as they are, so that a tool of yours can replace what runs in them. With --back Argo CD takes over again, and
undoes whatever was changed by hand.`,
		Example: `  previewctl handover jakub gateway
  previewctl handover jakub gateway --back
  previewctl handover jakub gateway web --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return flags.Usagef(cmd, "handover takes an environment and at least one service, but was given %q", args)
			}
			return flags.CheckTarget(cmd, args[0])
		},
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what, opts.services = args[0], args[1:]
			for _, s := range opts.services {
				if !flags.IsServiceName(s) {
					return flags.Usagef(cmd, "%q is not a service's name like gateway", s)
				}
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.back, "back", false, "let Argo CD take over again")
	opts.commit.AddFlags(cmd)
	return cmd
}

func runHandover(ctx context.Context, opts *handoverOptions) error {
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	for _, s := range opts.elsewhere(w) {
		opts.env.Inform(fmt.Sprintf("note: %s doesn't run in %s as its file is now: there is nothing yet that Argo CD could leave alone; "+
			"previewctl set %s --service %s=branch:NAME lets it run", s, w.Name, w.Name, s))
	}
	opts.commit.Report(opts.env, result, opts.done(w.Name))
	return nil
}

// elsewhere are the services that don't run in an environment whose file alone says what runs.
func (o *handoverOptions) elsewhere(w *envfile.File) (services []string) {
	if o.back || w.PullRequest != "" {
		return nil
	}
	s := preview.Resolve(w.Config, synthetic.Facts(w.Config, "", preview.PullRequest{}), preview.Memory{}, o.env.Now())
	for _, r := range s.Rows {
		for _, c := range r.Contents() {
			if r.Name == w.Name && !c.Runs && slices.Contains(o.services, c.Service) {
				services = append(services, c.Service)
			}
		}
	}
	return services
}

func (o *handoverOptions) done(name string) string {
	if o.back {
		return fmt.Sprintf("Argo CD takes %s of %s back", output.List(o.services), name)
	}
	return fmt.Sprintf("Argo CD leaves %s of %s alone", output.List(o.services), name)
}

func (o *handoverOptions) edits(w *envfile.File) (gitrepo.Edits, error) {
	if err := w.RequireExisting(); err != nil {
		return gitrepo.Edits{}, err
	}
	e, err := w.Change([]envfile.Setting{{Keys: []string{"handover"}, Value: o.list}})
	if o.back {
		e.Message.Subject = configrepo.Subject(fmt.Sprintf("Take back %s in environment %s", output.List(o.services), w.Name), "Take back services of "+w.Name)
	} else {
		e.Message.Subject = configrepo.Subject(fmt.Sprintf("Hand over %s in environment %s", output.List(o.services), w.Name), "Hand over services of "+w.Name)
	}
	return e, err
}

// list is what is handed over afterwards.
func (o *handoverOptions) list(p *config.Policy, d *yamldoc.Document) (any, error) {
	var list []string
	if err := d.Decode(&list, "handover"); err != nil {
		return nil, err
	}
	for _, s := range o.services {
		if err := envfile.CheckService(p, s); err != nil {
			return nil, err
		}
		switch is := slices.Contains(list, s); {
		case o.back:
			list = slices.DeleteFunc(list, func(other string) bool { return other == s })
		case !is:
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}
