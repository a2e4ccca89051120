package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/previewset/previewset/e2e/toolchain"
)

// Kubectl runs kubectl as the administrator and returns what it printed.
func (c *Cluster) Kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.tools.Path(toolchain.Kubectl), args...)
	// HOME is where kubectl caches what the API server serves.
	cmd.Env = []string{"KUBECONFIG=" + c.Kubeconfig, "PATH=" + os.Getenv("PATH"), "HOME=" + c.folder}
	cmd.Stdin = stdin
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, problems.String())
	}
	return out.String(), nil
}
