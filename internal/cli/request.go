package cli

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

// requestOptions are the options of the commands wake, sleep, extend and redeploy.
type requestOptions struct {
	apiclient.Lookup
	action string // wake, sleep, extend or redeploy
	length time.Duration
	// done returns the answer for an environment's name. Until is zero for a request without an end. The note follows the
	// answer; it may be empty.
	done   func(name string, until time.Time, note string) string
	owner  ownership
	answer answerOutput
}

// newRequestCmd completes the command with the arguments, flags and work that these commands share.
func newRequestCmd(
	cmd *cobra.Command, o *requestOptions, runF func(context.Context, *requestOptions) error,
) *cobra.Command {
	server := apiclient.Flags{}
	cmd.Args = flags.OneEnvironment
	cmd.ValidArgsFunction = server.CompleteExisting(o.Env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f := cmd.Flags().Lookup("for"); f != nil && f.Changed && o.length <= 0 {
			return flags.Usagef(cmd, "--for must be positive; use for example 8h")
		}
		err := cmp.Or(o.owner.check(cmd), o.Parse(cmd, &server, args))
		if err == nil {
			o.Env, err = o.answer.check(cmd, o.Env)
		}
		if err != nil {
			return err
		}
		return runF(cmd.Context(), o)
	}
	server.Add(cmd)
	o.owner.add(cmd)
	o.answer.add(cmd)
	cmd.Long += "\n\nThe JSON has the keys name, action, until (missing without an end) and note (missing without one)."
	return cmd
}

func runRequest(ctx context.Context, opts *requestOptions) error {
	stop := opts.Env.NoticeIfSlow(terminal.SlowService)
	var until time.Time
	var note string
	name, err := opts.EnvironmentName(ctx)
	if err == nil {
		err = opts.owner.checkRequest(ctx, opts.Client, name)
	}
	if err == nil {
		until, note, err = opts.Client.Request(ctx, name, opts.action, opts.length, opts.Env.Getenv("USER"))
	}
	stop()
	if err != nil {
		return err
	}
	opts.Env.Answerf("%s", opts.done(name, until, note))
	if note != "" {
		opts.Env.Notef("%s", note)
	}
	answer := requestAnswer{Name: name, Action: opts.action, Note: note}
	if !until.IsZero() {
		answer.Until = &until
	}
	return opts.answer.print(answer)
}
