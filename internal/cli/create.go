package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/plan"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

type createOptions struct {
	term    *terminal.Process
	target  string
	file    string // -f
	content []byte // of the file; nil without -f
	flags   envfile.Flags
	commit  configrepo.CommitOptions
	client  *apiclient.Client // nil if no service is named

	edits gitrepo.Edits // the edits of the commit
}

func newCreateCmd(term *terminal.Process, runF func(context.Context, *createOptions) error) *cobra.Command {
	opts := &createOptions{term: term}
	cmd := &cobra.Command{
		Use:   "create NAME|OWNER/REPO#NUMBER",
		Short: "Create an environment",
		Long: `create writes overlays/NAME/environment.yaml from the flags, builds the environment in memory, and
pushes it as one commit. For a pull request, it writes the file that adjusts the pull request's environment.

The profile selects the services. --service runs a service at a branch, tag, commit or pull request, and
follows it. The services that call it run too (profile changed). All other services are links to the baseline,
or to the target of --link.

If the service will hold the environment, the command prints the reason and the remedy. The service of
PREVIEWSET_SERVER tells it about pull requests. Without that variable it knows only the GitOps repository. It
doesn't know whether a branch or tag exists: previewctl why NAME says so after a minute.

-f reads an environment.yaml (- is standard input); the flags then change it. For an event document, use
previewctl event.

If another push was faster, the command applies its change again on the new commit.

For HTTPS, the push uses --config-token-file or Git's credential helpers; for SSH, a key. It ignores
http.extraHeader, where actions/checkout puts its token, and insteadOf for the address in --config-repo.`,
		Example: `  previewctl create jakub --service gateway=branch:main --purpose 'checkout redesign' --shared
  previewctl create nightly --profile full --expires 72h --dry-run
  previewctl create team --service products=tag:v1.2 --link orders=env:jakub --branch propose-team`,
		Args: flags.MaxOneArg("environment"), // check counts them after it has read the file
		RunE: func(cmd *cobra.Command, args []string) error {
			err := opts.check(cmd, args)
			if err == nil {
				opts.client, err = (&apiclient.Flags{}).Optional(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.addFlags(cmd)
	return cmd
}

// addFlags adds the flags that the commands create and ci share.
func (o *createOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "read an environment.yaml; - is standard input")
	o.flags.Add(cmd, configrepo.Completer(o.term, &o.commit.Repo))
	o.commit.AddFlags(cmd)
}

func (o *createOptions) check(cmd *cobra.Command, args []string) error {
	if o.file != "" {
		var err error
		if o.content, err = envfile.ReadInput(o.term, o.file); err != nil {
			return err
		}
		if envfile.IsEvent(o.content) {
			return flags.Usagef(cmd, "%s is an event document, not an environment.yaml; use: previewctl event %s",
				o.file, terminal.ShellQuote(o.file))
		}
	}
	if err := flags.OneEnvironment(cmd, args); err != nil {
		return err
	}
	o.target = args[0]
	if err := flags.CheckTarget(cmd, o.target); err != nil {
		return err
	}
	if err := o.flags.Check(cmd, o.term.Now()); err != nil {
		return err
	}
	return o.commit.Check(cmd)
}

func runCreate(ctx context.Context, opts *createOptions) error {
	owner := opts.defaultOwner(ctx)
	if owner != "" {
		opts.flags.Settings = slices.Insert(opts.flags.Settings, 0, envfile.SetValue(owner, "owner", "owner"))
	}
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.target, opts.newEnvironment)
	if err != nil {
		return err
	}
	if owner == "" && opts.flags.Owner == "" && opts.content == nil {
		opts.term.Notef("no owner is set; use --owner LOGIN, or once: git config --global github.user LOGIN")
	}
	opts.commit.Report(opts.term, result, "created "+f.Name)
	isHeld := opts.reportHold(ctx, f)
	if result.Unchanged || opts.commit.DryRun || opts.commit.Proposal != "" {
		return nil
	}
	opts.term.Answerf("Its address will be %s", f.URL())
	switch {
	case opts.commit.Repo.Local, isHeld: // the reports name the next step
	case opts.term.Getenv("PREVIEWSET_SERVER") != "":
		opts.term.Answerf("\nNext: wait for it: previewctl wait %s --config-commit %s",
			f.Name, output.ShortCommit(result.Commit))
	default:
		opts.term.Answerf("\nNext: wait for it: previewctl wait %s --config-commit %s --server URL",
			f.Name, output.ShortCommit(result.Commit))
	}
	return nil
}

// defaultOwner returns the user's login if neither a flag nor the file sets the owner.
func (o *createOptions) defaultOwner(ctx context.Context) string {
	if o.flags.Owner != "" || o.content != nil {
		return ""
	}
	return configrepo.CallerLogin(ctx, o.term)
}

func (o *createOptions) newEnvironment(f *envfile.File) (e gitrepo.Edits, err error) {
	e, err = f.Create(o.content, o.flags.Settings)
	o.edits = e
	return e, err
}

// reportHold prints why the service will hold the environment, and the remedy.
func (o *createOptions) reportHold(ctx context.Context, f *envfile.File) (isHeld bool) {
	before, err := f.Repo.Load()
	if err != nil {
		return false // the last valid configuration stays in force; previewctl check says why
	}
	after, err := overlay.New(filetree.Edited(f.FS, o.edits.Write, nil)).Load()
	if err != nil {
		return false
	}
	planner := plan.Planner{Env: o.term, Client: o.client}
	d := planner.Hold(ctx, before, after, f.Name)
	if d == nil {
		return false
	}
	o.term.Answerf("held: %s", config.Printable(d.Reason))
	o.term.Answerf("  %s", config.Printable(d.Remedy))
	return true
}
