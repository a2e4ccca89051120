package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newRedeployCmd(term *terminal.Process, runF func(context.Context, *requestOptions) error) *cobra.Command {
	opts := &requestOptions{Lookup: apiclient.Lookup{Env: term}, action: "redeploy"}
	opts.done = func(name string, _ time.Time, _ string) string {
		return name + " starts new Pods; wait for them: previewctl wait " + name
	}
	return newRequestCmd(&cobra.Command{
		Use:   "redeploy NAME|OWNER/REPO#NUMBER",
		Short: "Start new Pods of an environment's services",
		Long: `redeploy asks the generator to start new Pods of all services that run in an environment, with the same
commits. The row gets the time of the request as an annotation of the Pod templates, and Argo CD syncs that.
The workloads need the label previewset.dev/image-of.

Use it to pull an image with a moving tag again, which needs imagePullPolicy Always, or to read changed
Secrets and ConfigMaps again. Data stores go on running. A sleeping environment is refused: wake it. A second
request within a minute is refused too.`,
		Example: `  previewctl redeploy shop-pr-7
  previewctl redeploy acme/shop#7
  previewctl redeploy alice`,
	}, opts, runF)
}
