package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Repository is the folder that init wrote, as a Git repository.
type Repository struct {
	Dir      string
	Settings Settings
}

// Push makes the folder a repository and pushes all of it, but for what .gitignore keeps. It runs Git's own program: an
// empty remote has no commit yet that package gitrepo could build on.
func (o Repository) Push(ctx context.Context) error {
	if _, err := o.git(ctx, "rev-parse", "--git-dir"); err != nil || !o.isTop(ctx) {
		if _, err := o.git(ctx, "init", "-q", "-b", o.Settings.Branch); err != nil {
			return err
		}
	}
	if _, err := o.git(ctx, "remote", "get-url", "origin"); err != nil {
		if _, err := o.git(ctx, "remote", "add", "origin", o.Settings.RepoURL); err != nil {
			return err
		}
	}
	if _, err := o.git(ctx, "add", "--all"); err != nil {
		return err
	}
	if changes, err := o.git(ctx, "status", "--porcelain"); err != nil {
		return err
	} else if changes != "" {
		if _, err := o.git(ctx, "commit", "-q", "-m", "Add preview environments"); err != nil {
			return err
		}
	}
	_, err := o.git(ctx, "push", "-q", "-u", "origin", "HEAD:refs/heads/"+o.Settings.Branch)
	return err
}

// isTop is false of a folder inside of another repository.
func (o Repository) isTop(ctx context.Context) bool {
	prefix, err := o.git(ctx, "rev-parse", "--show-prefix")
	return err == nil && prefix == ""
}

func (o Repository) git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", o.Dir}, args...)...).Output() //nolint:gosec // G204: fixed commands; the address was checked
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("git %s: %s\nmend that and run the same command again; the files are written", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
