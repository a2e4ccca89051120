package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Output runs a command to its end and returns its stdout. If it fails, its stderr is in the error.
func Output(ctx context.Context, c Command) (string, error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir}, c.Env...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w\n%s", err, problems.String())
	}
	return out.String(), nil
}
