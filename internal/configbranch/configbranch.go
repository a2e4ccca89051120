// Package configbranch reads the config branch of the GitOps repository for the generator, repeatedly. Package
// gitrepo speaks Git and package configtree finds the files; this package keeps the last tree and adds the names of
// the generator's flags to errors.
package configbranch

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/gitrepo"
)

// Options name the config branch and the credentials for it.
type Options struct {
	// URL is https://, http://, ssh://, git@host:path or file://, without user and password.
	URL    string
	Branch string // default main
	Path   string // the configuration's folder; default is the top
	// Token is called before every read over HTTP. Nil or "" reads without credentials.
	Token func() (string, error)
	// SSHKeyFile and KnownHostsFile are both required for SSH.
	SSHKeyFile, KnownHostsFile string
	// Timeout of one read; default one minute.
	Timeout time.Duration
}

// Reader reads one config branch. It is safe for concurrent use; reads happen one after the other.
type Reader struct {
	folder  string
	branch  string
	timeout time.Duration

	mu         sync.Mutex
	repository *gitrepo.Repository
	version    gitrepo.Version
	tree       config.Tree // of version
}

// New checks the options. It doesn't contact the remote.
func New(o Options) (*Reader, error) {
	if o.Branch == "" {
		o.Branch = "main"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	o.Path = path.Clean("./" + strings.ReplaceAll(o.Path, "\\", "/"))
	if strings.HasPrefix(o.Path, "..") || path.IsAbs(o.Path) {
		return nil, fmt.Errorf("config path %q is outside of the repository", o.Path)
	}
	repository, err := gitrepo.NewRepository(gitrepo.Options{
		URL: o.URL, Branch: o.Branch, Token: o.Token, SSHKeyFile: o.SSHKeyFile, KnownHostsFile: o.KnownHostsFile,
		Unattended: true, Timeout: o.Timeout,
	})
	if err != nil {
		return nil, err
	}
	if repository.IsSSH() && (o.SSHKeyFile == "" || o.KnownHostsFile == "") {
		return nil, errors.New("SSH needs --config-ssh-key-file, and --config-known-hosts-file to verify the server")
	}
	return &Reader{folder: o.Path, branch: o.Branch, timeout: o.Timeout, repository: repository}, nil
}

// Read returns the tree of the branch's newest commit. While the branch doesn't move, it returns the same value. An
// error means that the branch can't be read now or lacks the folder. Earlier trees stay valid.
func (r *Reader) Read(ctx context.Context) (config.Tree, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if err := r.readNewer(ctx); err != nil {
		return config.Tree{}, fmt.Errorf("read config branch %s: %w", r.branch, err)
	}
	return r.tree, nil
}

// readNewer replaces the tree if the branch has moved.
func (r *Reader) readNewer(ctx context.Context) error {
	files, version, err := r.repository.ReadNewer(ctx, r.version, r.needs)
	if errors.Is(err, gitrepo.ErrNoBranch) {
		return fmt.Errorf("%w (--config-branch)", err)
	}
	if err != nil || files == nil {
		return err
	}
	tree, err := configtree.ReadCommit(files, files.Commit, r.folder)
	if errors.Is(err, configtree.ErrNoFolder) {
		return fmt.Errorf("%w; name another with --config-path", err)
	}
	if err != nil {
		return err
	}
	tree.Ancestors = version.Ancestors
	r.version, r.tree = version, tree
	return nil
}

// needs reports whether the configuration is read from a file, or from a folder's files.
func (r *Reader) needs(name string) bool {
	if r.folder != "." {
		if strings.HasPrefix(r.folder+"/", name+"/") {
			return true
		}
		below, isBelow := strings.CutPrefix(name, r.folder+"/")
		if !isBelow {
			return false
		}
		name = below
	}
	return configtree.Needs(name)
}
