package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
)

// repoOptions say where the GitOps repository is, with the names that the service's own flags have.
type repoOptions struct {
	address, branch, path                 string
	tokenFile, sshKeyFile, knownHostsFile string
	local                                 bool
	inClone                               bool // nothing else says where the repository is
}

func (o *repoOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.address, "config-repo", "", "address of the GitOps repository (or PREVIEWSET_CONFIG_REPO; default: the remote of the clone that you are in)")
	f.StringVar(&o.branch, "config-branch", "", "its branch that is in force (or PREVIEWSET_CONFIG_BRANCH; default main)")
	f.StringVar(&o.path, "config-path", "", "folder in it that holds previewset.yaml (or PREVIEWSET_CONFIG_PATH; default its top)")
	f.StringVar(&o.tokenFile, "config-token-file", "", "file with a token for it (or PREVIEWSET_CONFIG_TOKEN_FILE, or the token itself in PREVIEWSET_CONFIG_TOKEN; default: Git's credential helpers)")
	f.StringVar(&o.sshKeyFile, "config-ssh-key-file", "", "SSH key for it (or PREVIEWSET_CONFIG_SSH_KEY_FILE; default: your agent and ~/.ssh)")
	f.StringVar(&o.knownHostsFile, "config-known-hosts-file", "", "known_hosts file for SSH (or PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE; default: your own)")
	f.BoolVar(&o.local, "local", false, "use the clone that you are in: read its newest commit, commit to its current branch, push nothing")
	complete(cmd, "config-branch", func(string) []string { return []string{exampleBranch} })
}

// branch is the config branch, on a remote or in a working tree.
type branch interface {
	Read(ctx context.Context) (*gitrepo.Tree, error)
	DryRun(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
	Update(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
}

// configRepo is the GitOps repository that a command works on.
type configRepo struct {
	branch
	remote *gitrepo.Repository // nil with --local
	folder string              // that holds previewset.yaml, "." for the top
}

// open finds the repository. Nothing is read from it yet.
func (o *repoOptions) open(ctx context.Context, env *process, as gitrepo.Options) (*configRepo, error) {
	folder := filepath.ToSlash(filepath.Clean(cmp.Or(env.or(o.path, "PREVIEWSET_CONFIG_PATH"), ".")))
	if !fs.ValidPath(folder) {
		return nil, usageError{fmt.Errorf("--config-path %q is not a folder inside of the repository", folder)}
	}
	if o.local {
		clone, err := gitrepo.OpenCheckout(ctx, as)
		return &configRepo{branch: clone, folder: folder}, err
	}
	as.URL, as.Branch = env.or(o.address, "PREVIEWSET_CONFIG_REPO"), env.or(o.branch, "PREVIEWSET_CONFIG_BRANCH")
	as.SSHKeyFile, as.KnownHostsFile = env.or(o.sshKeyFile, "PREVIEWSET_CONFIG_SSH_KEY_FILE"), env.or(o.knownHostsFile, "PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE")
	as.Token = o.token(env)
	if as.URL == "" {
		var err error
		if as.URL, err = remoteOfClone(ctx); err != nil {
			return nil, err
		}
		o.inClone = true
	}
	remote, err := gitrepo.NewRepository(as)
	if err != nil {
		return nil, usageError{err}
	}
	return &configRepo{branch: remote, remote: remote, folder: folder}, nil
}

// token reads the token when it is needed, so that a file may change meanwhile.
func (o *repoOptions) token(env *process) func() (string, error) {
	return func() (string, error) {
		file := env.or(o.tokenFile, "PREVIEWSET_CONFIG_TOKEN_FILE")
		if file == "" {
			return strings.TrimSpace(env.Getenv("PREVIEWSET_CONFIG_TOKEN")), nil
		}
		content, err := os.ReadFile(file) //nolint:gosec // G304: the file that a person names
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		token := strings.TrimSpace(string(content))
		if token == "" || strings.ContainsAny(token, " \t\r\n") {
			return "", fmt.Errorf("read the token: %s doesn't hold exactly one token", file)
		}
		return token, nil
	}
}

var errNoRepository = errors.New("no GitOps repository is named: set --config-repo or PREVIEWSET_CONFIG_REPO to its address, or go to a clone of it")

// remoteOfClone is the address that the clone around the current folder pushes to.
func remoteOfClone(ctx context.Context) (string, error) {
	top, err := gitSays(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return "", usageError{errNoRepository}
	}
	current, _ := gitSays(ctx, "symbolic-ref", "--quiet", "--short", "HEAD") // without one, origin will do
	name, _ := gitSays(ctx, "config", "--get", "branch."+current+".remote")
	address, err := gitSays(ctx, "remote", "get-url", "--push", cmp.Or(name, "origin"))
	if err != nil {
		return "", usageError{fmt.Errorf("the clone in %s has no remote %s: add one with git remote add, name the repository with --config-repo, or commit to the clone with --local", top, cmp.Or(name, "origin"))}
	}
	return addressOf(top, address), nil
}

func gitSays(ctx context.Context, args ...string) (string, error) {
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

// sub is the part of a tree that previewctl works on.
func (r *configRepo) sub(tree fs.FS) (fs.FS, error) {
	if r.folder == "." {
		return tree, nil
	}
	return fs.Sub(tree, r.folder)
}

// read returns the newest state of the repository.
func (r *configRepo) read(ctx context.Context) (fs.FS, error) {
	tree, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	return r.sub(tree)
}
