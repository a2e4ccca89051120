package configrepo

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

// Flags name the GitOps repository. They have the names of the generator's own flags.
type Flags struct {
	address, branch, path                 string
	tokenFile, sshKeyFile, knownHostsFile string
	// Local selects the clone in the current folder, without a push.
	Local bool

	inClone    bool   // the address is that of the clone in the current folder
	cloneToken string // in that address
}

// Add adds the flags to a command.
func (f *Flags) Add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.StringVar(&f.address, "config-repo", "",
		"set the GitOps repository's address (default: PREVIEWSET_CONFIG_REPO, else the remote of the current clone)")
	p.StringVar(&f.branch, "config-branch", "",
		"set the config branch (default: PREVIEWSET_CONFIG_BRANCH, else main)")
	p.StringVar(&f.path, "config-path", "",
		"set the repository's folder with previewset.yaml (default: PREVIEWSET_CONFIG_PATH, else the top)")
	p.StringVar(&f.tokenFile, "config-token-file", "",
		"read the repository's token from a file (default: PREVIEWSET_CONFIG_TOKEN_FILE, else the token in "+
			"PREVIEWSET_CONFIG_TOKEN, else the one in the clone's remote, else Git's credential helpers)")
	p.StringVar(&f.sshKeyFile, "config-ssh-key-file", "",
		"use an SSH key file (default: PREVIEWSET_CONFIG_SSH_KEY_FILE, else the agent and ~/.ssh)")
	p.StringVar(&f.knownHostsFile, "config-known-hosts-file", "",
		"use a known_hosts file for SSH (default: PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE, else your own)")
	p.BoolVar(&f.Local, "local", false,
		"read the newest commit of the current clone, commit to its current branch, and push nothing")
	flags.Complete(cmd, "config-branch", "main")
}

// Open finds the repository. It reads nothing from it.
func (f *Flags) Open(ctx context.Context, env *terminal.Process, opts gitrepo.Options) (*Repository, error) {
	folder := filepath.ToSlash(filepath.Clean(cmp.Or(env.FlagOrEnv(f.path, "PREVIEWSET_CONFIG_PATH"), ".")))
	if !fs.ValidPath(folder) {
		return nil, usageErrorf("--config-path %q is not a folder of the repository; use a relative path", folder)
	}
	if f.Local {
		clone, err := gitrepo.OpenCheckout(ctx, opts)
		return &Repository{branch: clone, folder: folder}, err
	}
	opts.URL = env.FlagOrEnv(f.address, "PREVIEWSET_CONFIG_REPO")
	opts.Branch = env.FlagOrEnv(f.branch, "PREVIEWSET_CONFIG_BRANCH")
	opts.SSHKeyFile = env.FlagOrEnv(f.sshKeyFile, "PREVIEWSET_CONFIG_SSH_KEY_FILE")
	opts.KnownHostsFile = env.FlagOrEnv(f.knownHostsFile, "PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE")
	opts.Token = func() (string, error) { return f.token(env) }
	if opts.URL == "" {
		var err error
		if opts.URL, f.cloneToken, err = remoteOfClone(ctx); err != nil {
			return nil, err
		}
		f.inClone = true
	}
	remote, err := gitrepo.NewRepository(opts)
	if err != nil {
		return nil, flags.UsageError{Err: err}
	}
	return &Repository{branch: remote, remote: remote, folder: folder}, nil
}

// InClone returns flags for the clone in the current folder, as --local does. ok is false where another repository is
// named. It must be called after Open.
func (f *Flags) InClone() (local Flags, ok bool) {
	local = *f
	local.Local = true
	return local, f.inClone
}

// token is called before each use, because the file may change.
func (f *Flags) token(env *terminal.Process) (string, error) {
	if file := env.FlagOrEnv(f.tokenFile, "PREVIEWSET_CONFIG_TOKEN_FILE"); file != "" {
		return flags.ReadToken(file)
	}
	return cmp.Or(strings.TrimSpace(env.Getenv("PREVIEWSET_CONFIG_TOKEN")), f.cloneToken), nil
}

func usageErrorf(format string, args ...any) error {
	return flags.UsageError{Err: fmt.Errorf(format, args...)}
}
