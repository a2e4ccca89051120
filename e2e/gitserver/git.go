package gitserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
)

// git runs git without the configuration of the user and the machine.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	return gitFrom(ctx, nil, folder, args...)
}

func gitFrom(ctx context.Context, stdin io.Reader, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdin = folder, stdin
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Tester", "GIT_AUTHOR_EMAIL=tester@example.dev",
		"GIT_COMMITTER_NAME=Tester", "GIT_COMMITTER_EMAIL=tester@example.dev",
	}
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// Write returns a change that writes one file and creates its folders.
func Write(name, content string) func(*os.Root) error {
	return func(tree *os.Root) error {
		if err := tree.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		return tree.WriteFile(name, []byte(content), 0o644)
	}
}

// Remove returns a change that removes a file or folder.
func Remove(name string) func(*os.Root) error {
	return func(tree *os.Root) error { return tree.RemoveAll(name) }
}

// Copy returns a change that copies a folder of the machine over the tree.
func Copy(folder string) func(*os.Root) error {
	return func(tree *os.Root) error { return os.CopyFS(tree.Name(), os.DirFS(folder)) }
}

// All returns one change that makes several changes.
func All(changes ...func(*os.Root) error) func(*os.Root) error {
	return func(tree *os.Root) error {
		for _, change := range changes {
			if err := change(tree); err != nil {
				return err
			}
		}
		return nil
	}
}
