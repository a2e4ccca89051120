package configrepo

import (
	"cmp"
	"context"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/internal/cli/terminal"
)

// remoteOfClone returns the push address of the clone around the current folder, and the token in it.
func remoteOfClone(ctx context.Context) (address, token string, err error) {
	top, err := gitOutput(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", "", usageErrorf("no GitOps repository is named: set --config-repo or PREVIEWSET_CONFIG_REPO " +
			"to its address, or change to a clone of it")
	}
	current, _ := gitOutput(ctx, "symbolic-ref", "--quiet", "--short", "HEAD") // a detached HEAD uses origin
	name, _ := gitOutput(ctx, "config", "--get", "branch."+current+".remote")
	name = cmp.Or(name, "origin")
	address, err = gitOutput(ctx, "remote", "get-url", "--push", name)
	if err != nil {
		return "", "", usageErrorf("the clone in %s has no remote %s: add one with git remote add, "+
			"name the repository with --config-repo, or use --local", top, name)
	}
	return addressOf(top, address), tokenOf(address), nil
}

// tokenOf returns the password in an HTTP address, or "". CI systems put tokens there. GitHub also accepts a token as
// the user name.
func tokenOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	if password, ok := u.User.Password(); ok && password != "x-oauth-basic" { //nolint:gosec // G101: a constant word
		return password
	}
	user := u.User.Username()
	if strings.HasPrefix(user, "gh") && strings.Contains(user, "_") || strings.HasPrefix(user, "github_pat_") {
		return user
	}
	return ""
}

func gitOutput(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // G204: fixed commands
	return strings.TrimSuffix(string(out), "\n"), err
}

// addressOf converts a remote's address for package gitrepo: a path becomes a file:// URL, and HTTP loses its user
// and password, because tokenOf or Git's credential helpers supply them.
func addressOf(top, address string) string {
	if u, err := url.Parse(address); err == nil && u.Scheme != "" && u.Host != "" {
		if u.Scheme != "ssh" {
			u.User = nil
		}
		return u.String()
	}
	if before, _, ok := strings.Cut(address, ":"); ok && !strings.Contains(before, "/") {
		return address // git@host:path or file:///path
	}
	if !filepath.IsAbs(address) {
		address = filepath.Join(top, address)
	}
	return "file://" + filepath.ToSlash(address)
}

// CallerLogin returns the GitHub login of the user from PREVIEWSET_OWNER or Git's github.user, or "".
func CallerLogin(ctx context.Context, env *terminal.Process) string {
	if owner := env.Getenv("PREVIEWSET_OWNER"); owner != "" {
		return owner
	}
	name, _ := gitOutput(ctx, "config", "--get", "github.user") // fails if Git or the key is missing
	return name
}
