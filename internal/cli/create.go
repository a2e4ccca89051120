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
	"github.com/previewset/previewset/internal/preview"
)

type createOptions struct {
	term    *terminal.Process
	target  string
	file    string // -f
	content []byte // of the file; nil without -f
	update  bool   // --update
	flags   envfile.Flags
	commit  configrepo.CommitOptions
	client  *apiclient.Client // nil if no service is named
	owner   ownership
	answer  answerOutput

	defaults []envfile.Setting // of a new environment
	// build makes the edits of a new environment; nil for those of the flags and the file.
	build func(*envfile.File) (gitrepo.Edits, error)
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

If the generator will hold the environment, the command prints the reason and the remedy. The generator of
PREVIEWSET_SERVER tells it about pull requests. Without that variable it knows only the GitOps repository. It
doesn't know whether a branch or tag exists: previewctl why NAME says so after a minute.

-f reads an environment.yaml (- is standard input); the flags then change it. For an event document, use
previewctl event.

If another push was faster, the command applies its change again on the new commit.

The JSON has the keys name, url, result (created, changed or unchanged), dry_run, branch, commit, patch (of a
dry run), review_url (with --branch), and held: the decision, if the generator will hold the environment.

For HTTPS, the push uses --config-token-file or Git's credential helpers; for SSH, a key. It ignores
http.extraHeader, where actions/checkout puts its token, and insteadOf for the address in --config-repo.`,
		Example: `  previewctl create jakub --service gateway=branch:main --purpose 'checkout redesign' --shared
  previewctl create nightly --profile full --expires 72h --dry-run
  previewctl create team --service products=tag:v1.2 --link orders=env:jakub --branch propose-team`,
		Args: flags.MaxOneArg("environment"), // check counts them after it has read the file
		RunE: func(cmd *cobra.Command, args []string) error {
			err := opts.check(cmd, args)
			if err == nil {
				err = opts.owner.check(cmd)
			}
			if err == nil {
				opts.client, err = (&apiclient.Flags{}).Optional(cmd, term)
			}
			if err == nil {
				opts.term, err = opts.answer.check(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.addFlags(cmd)
	cmd.Flags().BoolVar(&opts.update, "update", false, "change the environment like set if it exists")
	opts.owner.add(cmd)
	opts.answer.add(cmd)
	return cmd
}

// addFlags adds the flags that the commands create and ci share.
func (o *createOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "read an environment.yaml; - is standard input")
	o.flags.Add(cmd, configrepo.Completer(o.term, &o.commit.Repo))
	o.commit.AddFlags(cmd)
}

// addContentFlags adds the flags of a lease: it has its own end, sleeps, and comes from no file.
func (o *createOptions) addContentFlags(cmd *cobra.Command) {
	o.flags.AddContent(cmd, configrepo.Completer(o.term, &o.commit.Repo))
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
	if o.update && o.file != "" {
		return flags.Usagef(cmd, "--update changes only the settings of flags; remove -f")
	}
	if err := o.flags.Check(cmd, o.term.Now()); err != nil {
		return err
	}
	return o.commit.Check(cmd)
}

func runCreate(ctx context.Context, opts *createOptions) error {
	answer, err := opts.run(ctx)
	if err != nil {
		return err
	}
	return opts.answer.print(answer)
}

// run creates the environment, and prints what a person needs to know.
func (o *createOptions) run(ctx context.Context) (answer changeAnswer, err error) {
	owner := o.defaultOwner(ctx)
	if owner != "" {
		o.defaults = []envfile.Setting{envfile.SetValue(owner, "owner", "owner")}
	}
	f, result, err := envfile.Commit(ctx, &o.commit, o.term, o.target, o.newEnvironment(ctx))
	if err != nil {
		return answer, err
	}
	if owner == "" && o.flags.Owner == "" && o.content == nil {
		o.term.Notef("no owner is set; use --owner LOGIN, or once: git config --global github.user LOGIN")
	}
	done := "created"
	if o.changes(f) {
		done = "changed"
	}
	o.commit.Report(o.term, result, done+" "+f.Name)
	answer = newChangeAnswer(f, result, o.commit, done)
	answer.Held = o.hold(ctx, f)
	o.explain(f, answer)
	return answer, nil
}

// explain prints why the generator will hold the environment with the remedy, and the next step.
func (o *createOptions) explain(f *envfile.File, answer changeAnswer) {
	if answer.Held != nil {
		o.term.Answerf("held: %s", config.Printable(answer.Held.Reason))
		o.term.Answerf("  %s", config.Printable(answer.Held.Remedy))
	}
	if answer.Result == "unchanged" || answer.DryRun || o.commit.Proposal != "" {
		return
	}
	o.term.Answerf("Its address will be %s", f.URL())
	switch {
	case o.commit.Repo.Local, answer.Held != nil: // the reports name the next step
	case o.term.Getenv("PREVIEWSET_SERVER") != "":
		o.term.Answerf("\nNext: wait for it: previewctl wait %s --config-commit %s",
			f.Name, output.ShortCommit(answer.Commit))
	default:
		o.term.Answerf("\nNext: wait for it: previewctl wait %s --config-commit %s --server URL",
			f.Name, output.ShortCommit(answer.Commit))
	}
}

// defaultOwner returns the user's login if neither a flag nor the file sets the owner.
func (o *createOptions) defaultOwner(ctx context.Context) string {
	if o.flags.Owner != "" || o.content != nil {
		return ""
	}
	return configrepo.CallerLogin(ctx, o.term)
}

func (o *createOptions) newEnvironment(ctx context.Context) func(*envfile.File) (gitrepo.Edits, error) {
	return func(f *envfile.File) (e gitrepo.Edits, err error) {
		if err = o.owner.checkFile(ctx, o.client, f); err != nil {
			return e, err
		}
		if o.build != nil {
			e, err = o.build(f)
		} else if !o.changes(f) {
			e, err = f.Create(o.content, slices.Concat(o.defaults, o.flags.Settings))
		} else if err = f.RequireExisting(); err == nil {
			e, err = f.Change(o.flags.Settings)
		}
		o.edits = e
		return e, err
	}
}

// changes reports whether the command changes the environment's file instead of creating it.
func (o *createOptions) changes(f *envfile.File) bool { return o.update && f.Content != nil }

// hold returns the decision by which the generator will hold the environment, or nil.
func (o *createOptions) hold(ctx context.Context, f *envfile.File) *preview.Decision {
	before, err := f.Repo.Load()
	if err != nil {
		return nil // the last valid configuration stays in force; previewctl check says why
	}
	after, err := overlay.New(filetree.Edited(f.FS, o.edits.Write, nil)).Load()
	if err != nil {
		return nil
	}
	planner := plan.Planner{Env: o.term, Client: o.client}
	return planner.Hold(ctx, before, after, f.Name)
}
