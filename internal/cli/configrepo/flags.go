package configrepo

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

// Flags say where the GitOps repository is, with the names that the service's own flags have.
type Flags struct {
	address, branch, path                 string
	tokenFile, sshKeyFile, knownHostsFile string
	Local                                 bool
	InClone                               bool // nothing else says where the repository is
}

func (o *Flags) Add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.address, "config-repo", "", "address of the GitOps repository (or PREVIEWSET_CONFIG_REPO; default: the remote of the clone that you are in)")
	f.StringVar(&o.branch, "config-branch", "", "its branch that is in force (or PREVIEWSET_CONFIG_BRANCH; default main)")
	f.StringVar(&o.path, "config-path", "", "folder in it that holds previewset.yaml (or PREVIEWSET_CONFIG_PATH; default its top)")
	f.StringVar(&o.tokenFile, "config-token-file", "", "file with a token for it (or PREVIEWSET_CONFIG_TOKEN_FILE, or the token itself in PREVIEWSET_CONFIG_TOKEN; default: Git's credential helpers)")
	f.StringVar(&o.sshKeyFile, "config-ssh-key-file", "", "SSH key for it (or PREVIEWSET_CONFIG_SSH_KEY_FILE; default: your agent and ~/.ssh)")
	f.StringVar(&o.knownHostsFile, "config-known-hosts-file", "", "known_hosts file for SSH (or PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE; default: your own)")
	f.BoolVar(&o.Local, "local", false, "use the clone that you are in: read its newest commit, commit to its current branch, push nothing")
	flags.Complete(cmd, "config-branch", func(string) []string { return []string{"main"} })
}

// Open finds the repository. Nothing is read from it yet.
func (o *Flags) Open(ctx context.Context, env *terminal.Process, as gitrepo.Options) (*Repository, error) {
	folder := filepath.ToSlash(filepath.Clean(cmp.Or(env.FlagOrEnv(o.path, "PREVIEWSET_CONFIG_PATH"), ".")))
	if !fs.ValidPath(folder) {
		return nil, flags.UsageError{Err: fmt.Errorf("--config-path %q is not a folder inside of the repository", folder)}
	}
	if o.Local {
		clone, err := gitrepo.OpenCheckout(ctx, as)
		return &Repository{branch: clone, folder: folder}, err
	}
	as.URL, as.Branch = env.FlagOrEnv(o.address, "PREVIEWSET_CONFIG_REPO"), env.FlagOrEnv(o.branch, "PREVIEWSET_CONFIG_BRANCH")
	as.SSHKeyFile, as.KnownHostsFile = env.FlagOrEnv(o.sshKeyFile, "PREVIEWSET_CONFIG_SSH_KEY_FILE"), env.FlagOrEnv(o.knownHostsFile, "PREVIEWSET_CONFIG_KNOWN_HOSTS_FILE")
	as.Token = o.token(env)
	if as.URL == "" {
		var err error
		if as.URL, err = remoteOfClone(ctx); err != nil {
			return nil, err
		}
		o.InClone = true
	}
	remote, err := gitrepo.NewRepository(as)
	if err != nil {
		return nil, flags.UsageError{Err: err}
	}
	return &Repository{branch: remote, remote: remote, folder: folder}, nil
}

// token reads the token when it is needed, so that a file may change meanwhile.
func (o *Flags) token(env *terminal.Process) func() (string, error) {
	return func() (string, error) {
		file := env.FlagOrEnv(o.tokenFile, "PREVIEWSET_CONFIG_TOKEN_FILE")
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
