package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
	"github.com/previewset/previewset/internal/preview"
)

type createOptions struct {
	env     *process
	what    string // the environment
	file    string // -f
	content []byte // of it
	flags   environmentFlags
	commit  commitOptions
}

func newCreateCmd(env *process, runF func(context.Context, *createOptions) error) *cobra.Command {
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
		Args: maxOneArg("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.check(cmd, args); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVarP(&opts.file, "file", "f", "", "environment.yaml or event (JSON) to take; - is standard input")
	opts.flags.flags(cmd, completeFromRepo(env, &opts.commit.repo))
	opts.commit.flags(cmd)
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
		return usagef(cmd, "%s is neither an event nor an environment.yaml whose name is given: %w", o.file, err)
	} else if !isEvent(o.content) {
		return usagef(cmd, "create takes exactly one environment, by name or as owner/repo#number, but was given none")
	}
	if o.what != "" {
		if err := checkName(cmd, o.what); err != nil {
			return err
		}
	}
	if err := o.flags.check(cmd, o.env.Now()); err != nil {
		return err
	}
	return o.commit.check(cmd)
}

// maxInput bounds what is read of a file that somebody hands in.
const maxInput = preview.MaxFileSize

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
		opts.flags.set = slices.Insert(opts.flags.set, 0, valueSetting(owner, "owner", "owner"))
	}
	w, result, err := opts.commit.commitEnvironment(ctx, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	if owner == "" && opts.flags.owner == "" && opts.content == nil {
		opts.env.tell("note: nobody is said to own it; say --owner LOGIN, or once for all: git config --global github.user LOGIN")
	}
	opts.commit.report(opts.env, result, "created "+w.name)
	opts.next(w, result)
	return nil
}

// owner is who asks, where no flag or file says it.
func (o *createOptions) owner(ctx context.Context) string {
	if o.flags.owner != "" || o.content != nil {
		return ""
	}
	return ownerOf(ctx, o.env)
}

// ownerOf is the GitHub login of who runs the command, as far as anybody said it. Git knows names and addresses only.
func ownerOf(ctx context.Context, env *process) string {
	if owner := env.Getenv("PREVIEWSET_OWNER"); owner != "" {
		return owner
	}
	name, _ := gitSays(ctx, "config", "--get", "github.user") // without git, or that, nobody is known
	return name
}

func (o *createOptions) edits(w *world) (gitrepo.Edits, error) {
	content, err := o.newFile(w)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	if w.file == nil {
		err = w.fileIsNew()
	} else if string(content) != string(w.file) {
		err = fmt.Errorf("the name %s is taken: %s is there\nchange it with previewctl set %s, or choose another name", w.name, fileOf(w.name), w.name)
	}
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return w.edits(content, gitrepo.Message{Subject: subjectOf("Create environment " + w.name)})
}

// newFile is environment.yaml as the file and the flags say.
func (o *createOptions) newFile(w *world) ([]byte, error) {
	start := o.content
	if start == nil {
		start = []byte(newEnvironment)
	}
	d, err := yamldoc.Parse(start)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.file, err)
	}
	settings := o.flags.set
	if w.pullRequest != "" {
		settings = append(settings, valueSetting(w.pullRequest, "pull request", "pullRequest"))
	}
	_, err = applySettings(settings, w.config.Policy, d)
	return d.Bytes(), err
}

// next says where the environment will be and how to see it come.
func (o *createOptions) next(w *world, r gitrepo.Result) {
	if r.Unchanged || o.commit.dryRun || o.commit.proposal != "" {
		return
	}
	o.env.say("It will be at %s", w.url())
	o.env.say("\nNext: previewctl wait %s, which takes the service's address: --server or PREVIEWSET_SERVER", w.name)
}

// plural is a list for a sentence.
func plural(names []string) string { return strings.Join(names, ", ") }
