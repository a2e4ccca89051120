package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newWakeCmd(env *terminal.Process, runF func(context.Context, *askOptions) error) *cobra.Command {
	opts := &askOptions{Lookup: apiclient.Lookup{Env: env}, action: "wake", done: "is being woken; wait for it with: previewctl wait %s"}
	cmd := opts.command(&cobra.Command{
		Use:   "wake NAME|OWNER/REPO#NUMBER",
		Short: "Wake an environment that is asleep, or keep one awake for a while",
		Long: `wake asks the service to wake an environment: its workloads get their replicas back, with the data that they had, and when
all is healthy its addresses lead to it again. A visit to one of its addresses in a browser does the same, and so does a push.

With --for it is also kept awake that long from now, whatever is measured of its use; ` + "`lifetime.sleep.maxAwake`" + ` is the most.`,
		Example: `  previewctl wake shop-pr-7
  previewctl wake acme/shop#7
  previewctl wake shop-pr-7 --for 2h`,
	}, runF)
	cmd.Flags().DurationVar(&opts.length, "for", 0, "keep it awake this long from now, like 90m or 8h")
	return cmd
}

func newSleepCmd(env *terminal.Process, runF func(context.Context, *askOptions) error) *cobra.Command {
	opts := &askOptions{Lookup: apiclient.Lookup{Env: env}, action: "sleep", done: "is sent to sleep; a visit, a push or previewctl wake %s wakes it"}
	return opts.command(&cobra.Command{
		Use:   "sleep NAME|OWNER/REPO#NUMBER",
		Short: "Send an environment to sleep that nobody uses now",
		Long: `sleep asks the service to send an environment to sleep: nothing runs in it then, and its volumes, Secrets and ConfigMaps stay.
It wakes with a visit to one of its addresses in a browser, with a push, or with previewctl wake.`,
		Example: `  previewctl sleep shop-pr-7
  previewctl sleep acme/shop#7
  previewctl sleep alice`,
	}, runF)
}

func newExtendCmd(env *terminal.Process, runF func(context.Context, *askOptions) error) *cobra.Command {
	opts := &askOptions{Lookup: apiclient.Lookup{Env: env}, action: "extend", done: "stays; see until when with: previewctl why %s"}
	cmd := opts.command(&cobra.Command{
		Use:   "extend NAME|OWNER/REPO#NUMBER",
		Short: "Put off the end of an environment, or bring back one that is over",
		Long: `extend asks the service to let an environment stay longer, however idle it is and whatever its end was: --for so long from
now, at most ` + "`lifetime.maxExtension`" + `, which is also the default. It may sleep meanwhile. One that was over comes back, without
the data that it had; its pull request, its file or its slot must still be there.`,
		Example: `  previewctl extend shop-pr-7
  previewctl extend acme/shop#7
  previewctl extend shop-pr-7 --for 72h`,
	}, runF)
	cmd.Flags().DurationVar(&opts.length, "for", 0, "stay at least this long from now, like 72h (default: as long as lifetime.maxExtension allows)")
	return cmd
}

// askOptions are those of a command that asks something of one environment.
type askOptions struct {
	apiclient.Lookup
	action string // wake, sleep or extend
	length time.Duration
	done   string // what is said then; %s is the environment's name
}

// command adds what the three have in common.
func (o *askOptions) command(cmd *cobra.Command, runF func(context.Context, *askOptions) error) *cobra.Command {
	server := apiclient.Flags{}
	cmd.Args = flags.OneArg("environment, by name or as owner/repo#number")
	cmd.ValidArgsFunction = apiclient.Complete(o.Env, &server, 1, apiclient.HasEnvironment)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f := cmd.Flags().Lookup("for"); f != nil && f.Changed && o.length <= 0 {
			return flags.Usagef(cmd, "--for must be longer than nothing, like 8h")
		}
		if err := o.Parse(cmd, server, args); err != nil {
			return err
		}
		return runF(cmd.Context(), o)
	}
	server.Add(cmd)
	return cmd
}

func runAsk(ctx context.Context, opts *askOptions) error {
	stop := opts.Env.NoticeIfSlow(terminal.SlowService)
	name, err := opts.EnvironmentName(ctx)
	if err == nil {
		err = opts.Client.Request(ctx, name, opts.action, opts.length, opts.Env.Getenv("USER"))
	}
	stop()
	if err != nil {
		return err
	}
	done := opts.done
	if opts.action == "wake" && opts.length > 0 {
		done = "is kept awake that long, or as long as lifetime.sleep.maxAwake allows; if it slept, wait for it with: previewctl wait %s"
	}
	opts.Env.Answerf("%s "+done, name, name)
	return nil
}
