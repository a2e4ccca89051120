package configrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

var errNoRepository = errors.New("no GitOps repository is named: set --config-repo or PREVIEWSET_CONFIG_REPO to its address, or go to a clone of it")

// remoteOfClone is the address that the clone around the current folder pushes to.
func remoteOfClone(ctx context.Context) (string, error) {
	top, err := GitOutput(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", flags.UsageError{Err: errNoRepository}
	}
	current, _ := GitOutput(ctx, "symbolic-ref", "--quiet", "--short", "HEAD") // without one, origin will do
	name, _ := GitOutput(ctx, "config", "--get", "branch."+current+".remote")
	address, err := GitOutput(ctx, "remote", "get-url", "--push", cmp.Or(name, "origin"))
	if err != nil {
		return "", flags.UsageError{Err: fmt.Errorf("the clone in %s has no remote %s: add one with git remote add, name the repository with --config-repo, or commit to the clone with --local", top, cmp.Or(name, "origin"))}
	}
	return addressOf(top, address), nil
}

func GitOutput(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // G204: fixed commands, and names from Git itself
	return strings.TrimSuffix(string(out), "\n"), err
}

// addressOf is Git's address of a remote as package gitrepo takes it: paths become file://, and a user name or password,
// which some put there, is left to the credential helpers.
func addressOf(top, address string) string {
	if u, err := url.Parse(address); err == nil && u.Scheme != "" && u.Host != "" {
		if u.Scheme != "ssh" {
			u.User = nil
		}
		return u.String()
	}
	if before, _, ok := strings.Cut(address, ":"); ok && !strings.Contains(before, "/") {
		return address // git@host:path, or file:///path
	}
	if !filepath.IsAbs(address) {
		address = filepath.Join(top, address)
	}
	return "file://" + filepath.ToSlash(address)
}

// CallerLogin is the GitHub login of who runs the command, as far as anybody said it. Git knows names and addresses only.
func CallerLogin(ctx context.Context, env *terminal.Process) string {
	if owner := env.Getenv("PREVIEWSET_OWNER"); owner != "" {
		return owner
	}
	name, _ := GitOutput(ctx, "config", "--get", "github.user") // without git, or that, nobody is known
	return name
}
