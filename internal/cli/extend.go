package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newExtendCmd(term *terminal.Process, runF func(context.Context, *requestOptions) error) *cobra.Command {
	opts := &requestOptions{Lookup: apiclient.Lookup{Env: term}, action: "extend"}
	opts.done = func(name string, until time.Time, _ string) string {
		if until.IsZero() {
			return name + " stays; see its new expiry: previewctl why " + name
		}
		return name + " stays at least until " + flags.FormatTime(until)
	}
	cmd := newRequestCmd(&cobra.Command{
		Use:   "extend NAME|OWNER/REPO#NUMBER",
		Short: "Postpone an environment's expiry, or bring it back",
		Long: `extend asks the generator to keep an environment for a duration from now, even without activity and
after its expiry. The policy's lifetime.maxExtension is the maximum and the default. The environment may
sleep meanwhile. extend prints the end that it has then, and a note if something prevents a later one: an
extension never makes a life shorter, and it doesn't move the end of a slot's claim.

An expired environment comes back without its data, if its pull request, file or slot still exists.`,
		Example: `  previewctl extend shop-pr-7
  previewctl extend acme/shop#7
  previewctl extend shop-pr-7 --for 72h`,
	}, opts, runF)
	cmd.Flags().DurationVar(&opts.length, "for", 0,
		"keep it for a time from now, like 72h (default: lifetime.maxExtension)")
	return cmd
}
