package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

type createOptions struct {
	env     *terminal.Process
	what    string // the environment
	file    string // -f
	content []byte // of it
	flags   envfile.Flags
	commit  configrepo.CommitOptions
}

func newCreateCmd(env *terminal.Process, runF func(context.Context, *createOptions) error) *cobra.Command {
	opts := &createOptions{env: env}
	cmd := &cobra.Command{
		Use:   "create [NAME|OWNER/REPO#NUMBER]",
		Short: "Make an environment by hand: a folder of the GitOps repository, and a commit",
		Long: `create writes overlays/NAME with an environment.yaml that says what the flags say, checks in memory what Argo CD would make
of it, and pushes it as one commit. What runs follows the profile; --service runs a service at somebody's branch, tag,
commit or pull request and moves the environment when that moves. What doesn't run leads to the baseline, or where --link
says. A pull request in place of a name writes the file that adjusts its environment.

-f takes a whole environment.yaml (- is standard input), which the flags then change; or an event as JSON, like
{"action": "create", "name": "jakub", "projects": {"products": {"org": "acme", "repo": "shop", "tag": "dev"}}}, whose action
create, update or delete is done whether the environment is there or not.

Many may push at once: the change is made anew on what the others pushed, and nobody's commit is lost.

It pushes without the clone's help: over HTTPS with --config-token-file or Git's credential helpers, over SSH with a key. What
Git's configuration has in http.extraHeader (actions/checkout puts its token there) doesn't count, nor does insteadOf for the
address that --config-repo says.`,
		Example: `  previewctl create jakub --service gateway=branch:main --purpose 'checkout redesign' --shared
  previewctl create nightly --profile full --expires 72h --dry-run
  previewctl create team --service products=tag:v1.2 --link orders=env:jakub --branch propose-team`,
		Args: flags.MaxOneArg("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.check(cmd, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.file, "file", "f", "", "environment.yaml or event (JSON) to take; - is standard input")
	opts.flags.Add(cmd, configrepo.Completer(env, &opts.commit.Repo))
	opts.commit.AddFlags(cmd)
	return cmd
}

func (o *createOptions) check(cmd *cobra.Command, args []string) error {
	if o.file != "" {
		var err error
		if o.content, err = o.read(); err != nil {
			return err
		}
	}
	if len(args) == 1 {
		o.what = args[0]
	} else if err := brokenJSON(o.content); err != nil {
		return flags.Usagef(cmd, "%s is neither an event nor an environment.yaml whose name is given: %w", o.file, err)
	} else if !isEvent(o.content) {
		return flags.Usagef(cmd, "create takes exactly one environment, by name or as owner/repo#number, but was given none")
	}
	if o.what != "" {
		if err := flags.CheckTarget(cmd, o.what); err != nil {
			return err
		}
	}
	if err := o.flags.Check(cmd, o.env.Now()); err != nil {
		return err
	}
	return o.commit.Check(cmd)
}

// maxInput bounds what is read of a file that somebody hands in.
const maxInput = config.MaxFileSize

func (o *createOptions) read() ([]byte, error) {
	in := o.env.In
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return nil, fmt.Errorf("read the environment: %w\nname a file that is there with -f", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read the environment: %w", err)
	}
	if len(content) > maxInput {
		return nil, fmt.Errorf("read the environment: %s is larger than %d KiB", o.file, maxInput>>10)
	}
	return content, nil
}

func runCreate(ctx context.Context, opts *createOptions) error {
	if isEvent(opts.content) {
		return runEvent(ctx, opts)
	}
	owner := opts.owner(ctx)
	if owner != "" {
		opts.flags.Settings = slices.Insert(opts.flags.Settings, 0, envfile.SetValue(owner, "owner", "owner"))
	}
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	if owner == "" && opts.flags.Owner == "" && opts.content == nil {
		opts.env.Inform("note: nobody is said to own it; say --owner LOGIN, or once for all: git config --global github.user LOGIN")
	}
	opts.commit.Report(opts.env, result, "created "+w.Name)
	opts.next(w, result)
	return nil
}

// owner is who asks, where no flag or file says it.
func (o *createOptions) owner(ctx context.Context) string {
	if o.flags.Owner != "" || o.content != nil {
		return ""
	}
	return configrepo.CallerLogin(ctx, o.env)
}

func (o *createOptions) edits(w *envfile.File) (gitrepo.Edits, error) {
	content, err := o.newFile(w)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if w.Content == nil {
		err = w.CheckNameIsFree()
	} else if string(content) != string(w.Content) {
		err = fmt.Errorf("the name %s is taken: %s is there\nchange it with previewctl set %s, or choose another name", w.Name, envfile.FileOf(w.Name), w.Name)
	}
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return w.Edits(content, gitrepo.Message{Subject: configrepo.Subject("Create environment " + w.Name)})
}

// newFile is environment.yaml as the file and the flags say.
func (o *createOptions) newFile(w *envfile.File) ([]byte, error) {
	start := o.content
	if start == nil {
		start = []byte(envfile.New)
	}
	d, err := yamldoc.Parse(start)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.file, err)
	}
	settings := o.flags.Settings
	if w.PullRequest != "" {
		settings = append(settings, envfile.SetValue(w.PullRequest, "pull request", "pullRequest"))
	}
	_, err = envfile.Apply(settings, w.Config.Policy, d)
	return d.Bytes(), err
}

// next says where the environment will be and how to see it come.
func (o *createOptions) next(w *envfile.File, r gitrepo.Result) {
	if r.Unchanged || o.commit.DryRun || o.commit.Proposal != "" {
		return
	}
	o.env.Answerf("It will be at %s", w.URL())
	o.env.Answerf("\nNext: previewctl wait %s, which takes the service's address: --server or PREVIEWSET_SERVER", w.Name)
}
