package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

func newWaitCmd(env *terminal.Process, runF func(context.Context, *wait.Options) error) *cobra.Command {
	opts, server := &wait.Options{Lookup: apiclient.Lookup{Env: env}}, apiclient.Flags{}
	cmd := &cobra.Command{
		Use:   "wait NAME|OWNER/REPO#NUMBER",
		Short: "Wait until an environment is synced and healthy, or gone",
		Long: `wait asks the service, again and again, until Argo CD has synced what the environment is to be now (its commit of the config
branch, its images, everything that the service answers for it) and finds all of it healthy; or, with --for gone, until the
service answers it no more and Argo CD has deleted its Application with everything in it. It needs no access to the cluster.
One that is asleep isn't healthy, and isn't woken: previewctl wake does that.

An environment that the service doesn't know yet is waited for; one that is held too, with the reason. Just after a change the
environment may be taken for ready as it was before. So after a push to a service, --commit says which commit must be in it; after
a commit of previewctl, --config-commit says which one the service must have read: those commands print it.

How it gets on is told on standard error: in one line on a terminal, elsewhere in a line for each change. The exit code says
how it ended: see previewctl help exit-codes.`,
		Example: `  previewctl wait acme/shop#7 --commit orders=3f2a9c1d --timeout 5m
  previewctl wait mine --config-commit ab8bdbe446
  previewctl wait gateway-pr-9 --for gone`,
		Args:              flags.OneArg("environment, by name or as owner/repo#number"),
		ValidArgsFunction: apiclient.Complete(env, &server, 1, func(preview.Decision) bool { return true }),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(opts.Check(cmd), opts.Parse(cmd, server, args)); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	server.Add(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Goal, "for", "healthy", "what to wait for: healthy, gone")
	f.StringVar(&opts.ConfigCommit, "config-commit", "", "commit of the config branch that the service must have read, as previewctl set and others print it")
	opts.AddFlags(cmd)
	flags.Complete(cmd, "for", func(string) []string { return []string{"healthy", "gone"} })
	return cmd
}

func runWait(ctx context.Context, opts *wait.Options) error {
	status, err := opts.Wait(ctx)
	if err != nil {
		return err
	}
	took := output.Duration(opts.Env.Now().Sub(status.Began))
	if opts.Goal == "gone" {
		opts.Env.Answerf("%s is gone, after %s", config.Printable(opts.Target), took)
		return nil
	}
	opts.Env.Answerf("%s is healthy, after %s", config.Printable(status.Name), took)
	if status.URL != "" {
		opts.Env.Inform("open it with: previewctl open " + config.Printable(status.Name) + " (" + config.Printable(status.URL) + ")")
	}
	return nil
}
