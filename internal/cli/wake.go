package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newWakeCmd(term *terminal.Process, runF func(context.Context, *requestOptions) error) *cobra.Command {
	opts := &requestOptions{Lookup: apiclient.Lookup{Env: term}, action: "wake"}
	opts.done = func(name string, until time.Time, note string) string {
		wait := "previewctl wait " + name
		switch {
		case !until.IsZero():
			return name + " is held awake until " + flags.FormatTime(until) + "; if it was asleep, wait for it: " + wait
		case opts.length > 0:
			return name + " is held awake for that time; if it was asleep, wait for it: " + wait
		case note != "":
			return name + " is asked to wake; follow it: " + wait
		}
		return name + " wakes; wait for it: " + wait
	}
	cmd := newRequestCmd(&cobra.Command{
		Use:   "wake NAME|OWNER/REPO#NUMBER",
		Short: "Wake a sleeping environment, or hold one awake",
		Long: `wake asks the generator to wake an environment. Its workloads get their replicas and data back. When
all of them are healthy, its addresses lead to it again. A visit in a browser and a push wake an environment
too.

With --for, the environment also stays awake for that time from now, even without activity. The policy's
lifetime.sleep.maxAwake is the maximum, or lifetime.maxExtension without it. More is refused.

If limits.awake is reached, the environment waits: a note says why, and its position in the queue.`,
		Example: `  previewctl wake shop-pr-7
  previewctl wake acme/shop#7
  previewctl wake shop-pr-7 --for 2h`,
	}, opts, runF)
	cmd.Flags().DurationVar(&opts.length, "for", 0, "hold it awake for a duration from now, like 90m or 8h")
	return cmd
}
