package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Repository is the scaffold's folder as a Git repository.
type Repository struct {
	Dir      string
	Settings Settings
}

// Push makes the folder a repository, commits all files that Git doesn't ignore, and pushes them. It returns the
// commit. It runs Git's own program, because package gitrepo needs a commit to build on and an empty remote has none.
func (r Repository) Push(ctx context.Context) (commit string, err error) {
	if err := r.open(ctx); err != nil {
		return "", err
	}
	if _, err := r.git(ctx, "add", "--all"); err != nil {
		return "", err
	}
	if changes, err := r.git(ctx, "status", "--porcelain"); err != nil {
		return "", err
	} else if changes != "" {
		if _, err := r.git(ctx, "commit", "-q", "-m", "Add preview environments"); err != nil {
			return "", err
		}
	}
	if _, err := r.git(ctx, "push", "-q", "-u", "origin", "HEAD:refs/heads/"+r.Settings.Branch); err != nil {
		return "", err
	}
	return r.git(ctx, "rev-parse", "HEAD")
}

// open makes the folder a repository with a remote.
func (r Repository) open(ctx context.Context) error {
	if _, err := r.git(ctx, "rev-parse", "--git-dir"); err != nil || !r.isTop(ctx) {
		if _, err := r.git(ctx, "init", "-q", "-b", r.Settings.Branch); err != nil {
			return err
		}
	}
	if _, err := r.git(ctx, "remote", "get-url", "origin"); err == nil {
		return nil
	}
	_, err := r.git(ctx, "remote", "add", "origin", r.Settings.RepoURL)
	return err
}

// isTop reports whether the folder is the top of its repository.
func (r Repository) isTop(ctx context.Context) bool {
	prefix, err := r.git(ctx, "rev-parse", "--show-prefix")
	return err == nil && prefix == ""
}

func (r Repository) git(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"-C", r.Dir}, args...)
	out, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // G204: fixed commands, checked address
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("git %s: %s\nthe files are written; correct the cause and run the same command again",
			args[2], strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
