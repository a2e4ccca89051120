package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// runProgram runs a program of the user in the folder and returns its output. The error contains its standard error.
func runProgram(
	ctx context.Context, folder string, environ []string, stdin []byte, program string, args ...string,
) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // git or the configured program for signing
	cmd.Dir, cmd.Env, cmd.Stdin = folder, environ, bytes.NewReader(stdin)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return out.Bytes(), fmt.Errorf("%s %s: %w", program, args[0], err)
	}
	return out.Bytes(), nil
}

// workingTreeError replaces git's errors about a missing git program and a folder outside of all repositories. Git has no
// exit code of its own for the second one. In another language than English its text stays.
func workingTreeError(folder string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("git isn't installed, but a working tree needs it")
	case strings.Contains(err.Error(), "not a git repository"):
		return fmt.Errorf("%q isn't in a clone of a Git repository", folder)
	}
	return err
}

// lookupEnv returns the last value of a variable, as a process would see it.
func lookupEnv(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if k, v, _ := strings.Cut(e, "="); k == name {
			value = v
		}
	}
	return value
}
