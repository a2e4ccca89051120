package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/config"
)

type waitOptions struct {
	wait.Options
	answer answerOutput
}

func newWaitCmd(term *terminal.Process, runF func(context.Context, *waitOptions) error) *cobra.Command {
	opts, server := &waitOptions{Options: wait.Options{Lookup: apiclient.Lookup{Env: term}}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "wait NAME|OWNER/REPO#NUMBER",
		Short: "Wait until an environment is healthy or gone",
		Long: `wait asks the generator repeatedly until Argo CD has synced the current desired state of the
environment (the commit of the config branch, the images, and everything else in its row) and all of it is
healthy. With --for gone it waits until the generator has removed the environment and Argo CD has deleted its
Application. The generator knows removed environments for a day. After that, and for a mistyped name, the
environment counts as gone, and a note says that the generator doesn't know it. It doesn't access the cluster.

It waits also for an environment that the generator doesn't know yet, or that is held. A sleeping environment
isn't healthy; wake it with previewctl wake.

Immediately after a change, the generator may still report the previous state. After a push to a service, use
--commit to require that commit. After a commit by previewctl, use --config-commit with the commit that the
command printed.

Standard error has the progress: one line on a terminal, else a line for each change. The exit code is the
result: see previewctl help exit-codes.

The JSON has the keys name, result (healthy or gone, else timeout, degraded, gone or held), url, state, phase,
reason, remedy and seconds.`,
		Example: `  previewctl wait acme/shop#7 --commit orders=3f2a9c1d --timeout 5m
  previewctl wait mine --config-commit ab8bdbe446
  previewctl wait gateway-pr-9 --for gone`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := opts.Check(cmd)
			if err == nil {
				err = opts.Parse(cmd, &server, args)
			}
			if err == nil {
				opts.Env, err = opts.answer.check(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = server.CompleteAny(term)
	server.Add(cmd)
	opts.AddGoalFlags(cmd)
	opts.AddFlags(cmd)
	opts.answer.add(cmd)
	return cmd
}

func runWait(ctx context.Context, opts *waitOptions) error {
	result, err := opts.Wait(ctx)
	if reached := waitResult(err, opts.Goal); reached != "" {
		if printErr := opts.answer.print(newWaitAnswer(&opts.Options, result, reached)); printErr != nil {
			return printErr
		}
	}
	if err != nil {
		return err
	}
	took := output.Duration(opts.Env.Now().Sub(result.Began))
	if opts.Goal == wait.Gone {
		opts.Env.Answerf("%s is gone, after %s", config.Printable(opts.Target), took)
		return nil
	}
	name := config.Printable(result.Name)
	opts.Env.Answerf("%s is healthy, after %s", name, took)
	if result.URL != "" {
		opts.Env.Inform("open it: previewctl open " + name + " (" + config.Printable(result.URL) + ")")
	}
	return nil
}

// waitResult returns the word for the end of waiting; "" for an error that says nothing about the environment.
func waitResult(err error, goal string) string {
	switch {
	case err == nil:
		return goal
	case errors.Is(err, wait.ErrTimeUp):
		return "timeout"
	case errors.Is(err, wait.ErrDegraded):
		return "degraded"
	case errors.Is(err, wait.ErrGone):
		return wait.Gone
	case errors.Is(err, wait.ErrHeld):
		return "held"
	}
	return ""
}
