package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newSleepCmd(term *terminal.Process, runF func(context.Context, *requestOptions) error) *cobra.Command {
	opts := &requestOptions{Lookup: apiclient.Lookup{Env: term}, action: "sleep"}
	opts.done = func(name string, _ time.Time, _ string) string {
		return name + " falls asleep; a visit, a push or previewctl wake " + name + " wakes it"
	}
	return newRequestCmd(&cobra.Command{
		Use:   "sleep NAME|OWNER/REPO#NUMBER",
		Short: "Put an environment to sleep now",
		Long: `sleep asks the generator to put an environment to sleep. Its Pods and public routes are removed; its
volumes, Secrets and ConfigMaps stay. A visit to one of its addresses in a browser, a push, or previewctl
wake wakes it.

Without activity in previewset.yaml the generator doesn't know whether an environment is idle. After it was
woken, only another previewctl sleep puts it to sleep again.`,
		Example: `  previewctl sleep shop-pr-7
  previewctl sleep acme/shop#7
  previewctl sleep alice`,
	}, opts, runF)
}
