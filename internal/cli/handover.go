package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/synthetic"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

type handoverOptions struct {
	term   *terminal.Process
	target string
	names  []string // of the services
	back   bool
	commit configrepo.CommitOptions
}

func newHandoverCmd(term *terminal.Process, runF func(context.Context, *handoverOptions) error) *cobra.Command {
	opts := &handoverOptions{term: term}
	cmd := &cobra.Command{
		Use:   "handover NAME|OWNER/REPO#NUMBER SERVICE...",
		Short: "Let a developer's tool replace a service's workload",
		Long: `handover adds services to the key handover of overlays/NAME/environment.yaml. Argo CD then ignores
changes of their Deployments and StatefulSets, so that Tilt, Telepresence or ksync can replace what they
run. A service's workloads have its name, or the label previewset.dev/image-of with its name, such as a
worker that runs the same image. With --back Argo CD manages them again and reverts all manual changes.`,
		Example: `  previewctl handover jakub gateway
  previewctl handover jakub gateway --back
  previewctl handover jakub gateway web --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return flags.Usagef(cmd, "handover takes an environment and at least one service, but got %q", args)
			}
			return flags.CheckTarget(cmd, args[0])
		},
		ValidArgsFunction: configrepo.Completer(term, &opts.commit.Repo)("handover"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.target, opts.names = args[0], args[1:]
			for _, s := range opts.names {
				if !flags.IsServiceName(s) {
					return flags.Usagef(cmd, "%q is not a service name; use for example gateway", s)
				}
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.back, "back", false, "let Argo CD manage the services again")
	opts.commit.AddFlags(cmd)
	return cmd
}

func runHandover(ctx context.Context, opts *handoverOptions) error {
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.target, opts.handover)
	if err != nil {
		return err
	}
	for _, s := range opts.notRunning(f) {
		opts.term.Notef("%s doesn't run in %s, so the handover has no effect yet; "+
			"run it: previewctl set %s --service %s=branch:NAME", s, f.Name, f.Name, s)
	}
	names := strings.Join(opts.names, ", ")
	done := fmt.Sprintf("handed over %s in %s", names, f.Name)
	if opts.back {
		done = fmt.Sprintf("ended the handover of %s in %s", names, f.Name)
	}
	opts.commit.Report(opts.term, result, done)
	return nil
}

// notRunning returns the named services that don't run in the environment. It returns none for a pull request's
// environment, because only the generator knows the services that the pull request changes.
func (o *handoverOptions) notRunning(f *envfile.File) (services []string) {
	if o.back || f.PullRequest != "" {
		return nil
	}
	facts := synthetic.Facts(f.Config, "", preview.PullRequest{})
	s := preview.Resolve(f.Config, facts, preview.Memory{}, o.term.Now())
	for _, r := range s.Rows {
		for _, c := range r.Contents() {
			if r.Name == f.Name && !c.Runs && slices.Contains(o.names, c.Service) {
				services = append(services, c.Service)
			}
		}
	}
	return services
}

func (o *handoverOptions) handover(f *envfile.File) (gitrepo.Edits, error) {
	if err := f.RequireExisting(); err != nil {
		return gitrepo.Edits{}, err
	}
	e, err := f.Change([]envfile.Setting{{Keys: []string{"handover"}, Value: o.newNames}})
	verb := "Hand over"
	if o.back {
		verb = "End handover of"
	}
	e.Message.Subject = configrepo.Subject(
		fmt.Sprintf("%s %s in environment %s", verb, strings.Join(o.names, ", "), f.Name), verb+" services in "+f.Name)
	return e, err
}

// newNames returns the new value of the key handover.
func (o *handoverOptions) newNames(p *config.Policy, d *yamldoc.Document) (any, error) {
	var names []string
	if err := d.Decode(&names, "handover"); err != nil {
		return nil, err
	}
	for _, s := range o.names {
		if err := envfile.CheckService(p, s); err != nil {
			return nil, err
		}
		if o.back {
			names = slices.DeleteFunc(names, func(other string) bool { return other == s })
		} else if !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	return names, nil
}
