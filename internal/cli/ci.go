package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

type ciOptions struct {
	create  createOptions
	wait    wait.Options
	destroy string // always, success or never
	command []string
}

const (
	// ciExpires is when an environment is over whose job can't delete it any more, because the machine that ran it is gone.
	ciExpires = "24h"
	// cleanupTimeout bounds what is still done after a signal.
	cleanupTimeout = 2 * time.Minute
	// ciHold is how long the environment is kept awake at a time while the command runs, and ciHoldEvery how often that is
	// asked for: of a job that died nothing is held for long.
	ciHold      = 15 * time.Minute
	ciHoldEvery = 5 * time.Minute
	// commandGrace is how long the command has to end after a signal.
	commandGrace = 10 * time.Second
)

// When ci deletes the environment again.
var destroys = []string{"always", "success", "never"}

func newCICmd(env *terminal.Process, runF func(context.Context, *ciOptions) error) *cobra.Command {
	opts, server := &ciOptions{create: createOptions{env: env}, wait: wait.Options{Lookup: apiclient.Lookup{Env: env}, Goal: "healthy"}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "ci NAME [flags] -- COMMAND [ARG...]",
		Short: "Create an environment, wait for it, run a command with its addresses, and delete it",
		Long: `ci is create, wait, the command, and delete, for a CI job: it makes environment NAME as create does with the same flags, waits
until Argo CD has synced it and all is healthy, runs COMMAND with the variables that env prints (PREVIEW_URL, PREVIEW_NAMESPACE,
PREVIEW_HOST_<SERVICE> and so on), keeps it awake from the beginning, and deletes the environment: always, also when it is
interrupted, unless --destroy says success (it stays where something failed, to look at) or never. One whose job was killed
is over after ` + ciExpires + `, or --expires.

It ends with COMMAND's exit code; where it never came to that, with wait's: see previewctl help exit-codes. Standard output is
COMMAND's alone. An environment that is there already, with other contents, is neither used nor deleted.`,
		Example: `  previewctl ci ci-1 --service gateway=branch:main -- sh -c 'test -n "$PREVIEW_URL"'
  previewctl ci ci-2 --profile full --timeout 15m --destroy success -- true
  previewctl ci ci-3 --service orders=branch:main --dry-run -- true`,
		Args: cobra.ArbitraryArgs, // check says it better, with -- in view
		RunE: func(cmd *cobra.Command, args []string) error {
			err := opts.check(cmd, args)
			if err == nil && !opts.create.commit.DryRun {
				opts.wait.Client, err = apiclient.New(cmd, env, server)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&opts.create.file, "file", "f", "", "environment.yaml to take; - is standard input")
	f.StringVar(&opts.destroy, "destroy", "always", "when to delete the environment again: always, success, never")
	flags.Complete(cmd, "destroy", func(string) []string { return destroys })
	opts.create.flags.Add(cmd, configrepo.Completer(env, &opts.create.commit.Repo))
	opts.create.commit.AddFlags(cmd)
	opts.wait.AddFlags(cmd)
	server.Add(cmd)
	return cmd
}

func (o *ciOptions) check(cmd *cobra.Command, args []string) error {
	dash := cmd.ArgsLenAtDash()
	switch {
	case dash != 1 || len(args) < 2:
		return flags.Usagef(cmd, "ci takes one environment's name, then -- and a command: previewctl ci NAME -- COMMAND")
	case !flags.IsDNSLabel(args[0]):
		return flags.Usagef(cmd, "%q is not an environment's name", args[0])
	case !slices.Contains(destroys, o.destroy):
		return flags.Usagef(cmd, "--destroy %q is none of always, success, never", o.destroy)
	case o.create.commit.Proposal != "" || o.create.commit.Repo.Local:
		return flags.Usagef(cmd, "--branch and --local push nothing that the service sees: leave them out")
	}
	if !cmd.Flags().Changed("expires") {
		if err := cmd.Flags().Set("expires", ciExpires); err != nil {
			return err
		}
	}
	o.wait.Target, o.command = args[0], args[1:]
	if err := o.create.check(cmd, args[:1]); err != nil {
		return err
	}
	if isEvent(o.create.content) {
		return flags.Usagef(cmd, "ci takes an environment.yaml, no event")
	}
	return o.wait.Check(cmd)
}

func runCI(ctx context.Context, opts *ciOptions) error {
	env := *opts.create.env
	opts.create.env, opts.wait.Env = opts.conversation(), opts.conversation()
	if err := opts.make(ctx); err != nil || opts.create.commit.DryRun {
		return err
	}
	err := opts.use(ctx, &env)
	return opts.end(ctx, err)
}

// conversation is where everything of ours goes: standard output is the command's.
func (o *ciOptions) conversation() *terminal.Process {
	env := *o.create.env
	env.Out, env.OutTTY = env.Err, false
	return &env
}

// make creates the environment. A signal waits for that: only then is it known whether there is something to delete.
func (o *ciOptions) make(ctx context.Context) error {
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := runCreate(whole, &o.create)
	if errors.Is(err, gitrepo.ErrUnknownOutcome) {
		err = fmt.Errorf("%w\nif it is there, delete it with: previewctl delete %s", err, o.wait.Target)
	}
	o.wait.ConfigCommit = o.create.commit.Made
	return err
}

// use waits for the environment and runs the command. Meanwhile it is kept awake: also one that starts slowly is used, and
// one that was there already may sleep.
func (o *ciOptions) use(ctx context.Context, env *terminal.Process) error {
	stop := func() {}
	defer func() { stop() }()
	o.wait.Found = func(ctx context.Context) { stop = o.keepAwake(ctx) }
	ready, err := o.wait.Wait(ctx)
	if err != nil {
		return err
	}
	o.wait.Env.Answerf("%s is healthy, after %s; running %s", ready.Name, output.Duration(env.Now().Sub(ready.Began)), config.Printable(o.command[0]))
	c := exec.CommandContext(ctx, o.command[0], o.command[1:]...) //nolint:gosec // G204: the command that a person names
	c.Stdin, c.Stdout, c.Stderr, c.Env = env.In, env.Out, env.Err, os.Environ()
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, commandGrace
	for _, v := range variables(ready.Row) {
		c.Env = append(c.Env, v.name+"="+v.value)
	}
	err = c.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitcode.CommandError{Code: max(1, exit.ExitCode())} // -1 where a signal ended it
	}
	if err != nil {
		return fmt.Errorf("run the command: %w", err)
	}
	return nil
}

// keepAwake has the environment kept awake until stop is called: what uses it may be of a kind that isn't measured.
func (o *ciOptions) keepAwake(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ask := func() {
		err := o.wait.Client.Request(ctx, o.wait.Target, "wake", ciHold, "previewctl ci")
		if err != nil && ctx.Err() == nil {
			o.wait.Env.Inform("note: it may sleep before the command is done: " + config.Printable(err.Error()))
		}
	}
	ask()
	over := make(chan struct{})
	go func() {
		defer close(over)
		again := time.NewTicker(ciHoldEvery)
		defer again.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-again.C:
				ask()
			}
		}
	}()
	return func() { cancel(); <-over }
}

// end deletes the environment, unless it is to stay. What went wrong before counts more than that.
func (o *ciOptions) end(ctx context.Context, before error) error {
	name := o.wait.Target
	if o.destroy == "never" || (o.destroy == "success" && before != nil) {
		o.create.env.Inform("note: " + name + " stays; delete it with: previewctl delete " + name)
		return before
	}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := runDelete(whole, &deleteOptions{env: o.create.env, what: name, breakLinks: true, ifExists: true, commit: o.create.commit})
	if err == nil {
		return before
	}
	err = fmt.Errorf("%s is still there: %w\ndelete it with: previewctl delete %s", name, err, name)
	if before == nil {
		return err
	}
	exitcode.Report(o.create.env, err)
	return before
}
