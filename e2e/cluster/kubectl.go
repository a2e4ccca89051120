package cluster

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Kubectl runs kubectl as the administrator and returns its stdout.
func (c *Cluster) Kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	out, err := process.Output(ctx, process.Command{
		Path: c.tools.Path(toolchain.Kubectl), Args: args, Stdin: stdin, Dir: c.folder,
		Env: []string{"KUBECONFIG=" + c.Kubeconfig},
	})
	if err != nil {
		return out, fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
