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
	destroy string // one of destroyChoices
	command []string
}

const (
	// ciExpires is the default expiry. It removes the environment after its job was lost.
	ciExpires = "24h"
	// cleanupTimeout limits the work after a signal.
	cleanupTimeout = 2 * time.Minute
	// ciHold is how long each request holds the environment awake. It is short, so that the hold of a lost job ends soon.
	ciHold      = 15 * time.Minute
	ciHoldEvery = 5 * time.Minute
)

var destroyChoices = []string{"always", "success", "never"}

func newCICmd(term *terminal.Process, runF func(context.Context, *ciOptions) error) *cobra.Command {
	opts, server := &ciOptions{create: createOptions{term: term}}, apiclient.Flags{}
	opts.wait = wait.Options{Lookup: apiclient.Lookup{Env: term}, Goal: wait.Healthy}
	cmd := &cobra.Command{
		Use:   "ci NAME [flags] -- COMMAND [ARG...]",
		Short: "Run a command with a temporary environment",
		Long: `ci creates environment NAME like create, waits until Argo CD has synced it and all of it is healthy,
runs COMMAND, and deletes the environment. COMMAND gets the variables that previewctl env prints, such as
PREVIEW_URL, PREVIEW_NAMESPACE and PREVIEW_HOST_<SERVICE>. Meanwhile ci holds the environment awake.

It deletes the environment also after a failure and after a signal, unless --destroy is success or never. The
environment of a killed job expires after ` + ciExpires + `, or at --expires.

The exit code is COMMAND's. If COMMAND didn't run, it is that of wait: see previewctl help exit-codes. Standard output
belongs to COMMAND. An existing environment of this name with other content is neither used nor deleted.`,
		Example: `  previewctl ci ci-1 --service gateway=branch:main -- sh -c 'test -n "$PREVIEW_URL"'
  previewctl ci ci-2 --profile full --timeout 15m --destroy success -- true
  previewctl ci ci-3 --service orders=branch:main --dry-run -- true`,
		Args: cobra.ArbitraryArgs, // check needs the position of --
		RunE: func(cmd *cobra.Command, args []string) error {
			err := opts.check(cmd, args)
			if err == nil && !opts.create.commit.DryRun {
				opts.wait.Client, err = server.Client(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.destroy, "destroy", "always", "delete the environment: always, success, never")
	flags.Complete(cmd, "destroy", destroyChoices...)
	opts.create.addFlags(cmd)
	opts.wait.AddFlags(cmd)
	server.Add(cmd)
	return cmd
}

func (o *ciOptions) check(cmd *cobra.Command, args []string) error {
	switch {
	case cmd.ArgsLenAtDash() != 1 || len(args) < 2:
		return flags.Usagef(cmd, "ci takes one environment's name, then -- and a command: previewctl ci NAME -- COMMAND")
	case !flags.IsDNSLabel(args[0]):
		return flags.Usagef(cmd, "%q is not an environment's name; use a-z, 0-9 and hyphens", args[0])
	case !slices.Contains(destroyChoices, o.destroy):
		return flags.Usagef(cmd, "--destroy %q: unknown choice; use always, success or never", o.destroy)
	case o.create.commit.Proposal != "" || o.create.commit.Repo.Local:
		return flags.Usagef(cmd, "--branch and --local don't change the config branch; remove them")
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
	return o.wait.Check(cmd)
}

func runCI(ctx context.Context, opts *ciOptions) error {
	commandEnv := *opts.create.term
	ownEnv := commandEnv // previewctl's own output goes to standard error
	ownEnv.Out, ownEnv.OutTTY = ownEnv.Err, false
	opts.create.term, opts.wait.Env = &ownEnv, &ownEnv
	if err := opts.createEnvironment(ctx); err != nil || opts.create.commit.DryRun {
		return err
	}
	err := opts.waitAndRun(ctx, &commandEnv)
	return opts.cleanUp(ctx, err)
}

// createEnvironment creates the environment. A signal doesn't cancel it, so that it is known whether there is an
// environment to delete.
func (o *ciOptions) createEnvironment(ctx context.Context) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := runCreate(limited, &o.create)
	if errors.Is(err, gitrepo.ErrUnknownOutcome) {
		err = fmt.Errorf("%w\nif the environment exists, delete it: previewctl delete %s", err, o.wait.Target)
	}
	o.wait.ConfigCommit = o.create.commit.Made
	return err
}

// waitAndRun waits for the environment and runs the command. It holds the environment awake from the beginning: it may
// start slowly, or may have existed asleep.
func (o *ciOptions) waitAndRun(ctx context.Context, term *terminal.Process) error {
	stop := func() {}
	defer func() { stop() }()
	o.wait.Found = func(ctx context.Context) { stop = o.holdAwake(ctx) }
	ready, err := o.wait.Wait(ctx)
	if err != nil {
		return err
	}
	took := output.Duration(term.Now().Sub(ready.Began))
	o.wait.Env.Answerf("%s is healthy, after %s; running %s", ready.Name, took, config.Printable(o.command[0]))
	c := exec.CommandContext(ctx, o.command[0], o.command[1:]...) //nolint:gosec // G204: the user names the command
	c.Stdin, c.Stdout, c.Stderr, c.Env = term.In, term.Out, term.Err, os.Environ()
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, terminal.EndTimeout
	for _, v := range variables(ready.Row) {
		c.Env = append(c.Env, v.name+"="+v.value)
	}
	err = c.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitcode.CommandError{Code: max(1, failed.ExitCode())} // -1 after a signal
	}
	if err != nil {
		return fmt.Errorf("run the command: %w", err)
	}
	return nil
}

// holdAwake holds the environment awake until stop is called. Prometheus may not measure the command's use.
func (o *ciOptions) holdAwake(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hold := func() {
		_, _, err := o.wait.Client.Request(ctx, o.wait.Target, "wake", ciHold, "previewctl ci")
		if err != nil && ctx.Err() == nil { // lifetime.sleep.maxAwake may be shorter
			_, _, err = o.wait.Client.Request(ctx, o.wait.Target, "wake", 0, "previewctl ci")
		}
		if err != nil && ctx.Err() == nil {
			o.wait.Env.Notef("the environment may fall asleep before the command ends: %s", err)
		}
	}
	hold()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(ciHoldEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				hold()
			}
		}
	}()
	return func() { cancel(); <-done }
}

// cleanUp deletes the environment unless it must stay. It returns the earlier error, or else its own.
func (o *ciOptions) cleanUp(ctx context.Context, earlier error) error {
	name := o.wait.Target
	if o.destroy == "never" || (o.destroy == "success" && earlier != nil) {
		o.create.term.Notef("%s stays; delete it: previewctl delete %s", name, name)
		return earlier
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := runDelete(limited, &deleteOptions{
		term: o.create.term, target: name, breakLinks: true, ifExists: true, commit: o.create.commit,
	})
	if err == nil {
		return earlier
	}
	err = fmt.Errorf("delete %s: %w\nit still exists; delete it: previewctl delete %s", name, err, name)
	if earlier == nil {
		return err
	}
	exitcode.Report(o.create.term, err)
	return earlier
}
