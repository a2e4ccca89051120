// Package configbranch reads the config branch of the GitOps repository: one commit at a time, shallow, one branch, in
// memory. It knows Git and where the files are; what they mean is package preview's business.
//
// go-git is used because it needs no git program beside the service and no working tree on a disk (file:// is the
// exception: that transport runs git-upload-pack).
package configbranch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/previewset/previewset/internal/preview"
)

// Options say where the config branch is and how to get at it.
type Options struct {
	// URL is https://, http://, ssh://, git@host:path or file://; without user and password.
	URL    string
	Branch string // default main
	Path   string // the configuration's folder; default the top
	// Token is asked before every read over HTTP; nil or "" reads without.
	Token func() (string, error)
	// SSHKeyFile and KnownHostsFile are for SSH; both are needed there.
	SSHKeyFile, KnownHostsFile string
	// Timeout of one read; default one minute.
	Timeout time.Duration
}

// Reader reads one config branch. It is safe for concurrent use; reads happen one after the other.
type Reader struct {
	opts     Options
	endpoint *transport.Endpoint
	mu       sync.Mutex
	last     preview.Tree
}

// New checks the options. It reads nothing yet.
func New(o Options) (*Reader, error) {
	if o.Branch == "" {
		o.Branch = "main"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	o.Path = path.Clean("./" + strings.ReplaceAll(o.Path, "\\", "/"))
	if strings.HasPrefix(o.Path, "..") || path.IsAbs(o.Path) {
		return nil, fmt.Errorf("config path %q leads out of the repository", o.Path)
	}
	endpoint, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if endpoint.Protocol == "ssh" && (o.SSHKeyFile == "" || o.KnownHostsFile == "") {
		return nil, errors.New("SSH needs --config-ssh-key-file, and --config-known-hosts-file so that the server can be told from an impostor")
	}
	return &Reader{opts: o, endpoint: endpoint}, nil
}

// parseURL takes an address apart as go-git does. What is wrong with it isn't shown: it may hold a password.
func parseURL(raw string) (*transport.Endpoint, error) {
	if raw == "" {
		return nil, errors.New("no config repository is given")
	}
	e, err := transport.NewEndpoint(raw)
	if err != nil {
		return nil, errors.New("the config repository's address is no URL; write https://, ssh://, git@host:path or file://")
	}
	if e.Password != "" || strings.Contains(e.User, ":") || (e.User != "" && e.Protocol != "ssh") {
		return nil, errors.New("the config repository's address holds user or password; give a token file instead")
	}
	return e, nil
}

// Read returns the tree of the branch's newest commit; the same value as before while the branch didn't move. An error
// means that the branch is unreachable or holds no such tree, and says nothing about what it held before.
func (r *Reader) Read(ctx context.Context) (preview.Tree, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	t, err := r.read(ctx)
	if err != nil {
		return preview.Tree{}, fmt.Errorf("read config branch %s: %w", r.opts.Branch, err)
	}
	r.last = t
	return t, nil
}

func (r *Reader) read(ctx context.Context) (preview.Tree, error) {
	auth, err := r.auth()
	if err != nil {
		return preview.Tree{}, err
	}
	head, err := r.head(ctx, auth)
	if err != nil {
		return preview.Tree{}, err
	}
	if head.String() == r.last.Commit {
		return r.last, nil
	}
	repo, commit, err := r.fetch(ctx, auth, 1)
	if err != nil {
		return preview.Tree{}, err
	}
	ancestors, known := r.ancestors(repo, commit)
	if !known && len(commit.ParentHashes) > 0 { // more than one commit since the last read: only history can tell
		if older, deep, failed := r.fetch(ctx, auth, maxAncestors); failed == nil && deep.Hash == commit.Hash { // else it stays unknown
			ancestors, _ = r.ancestors(older, deep)
		}
	}
	t, err := readTree(commit, r.opts.Path)
	t.Ancestors = ancestors
	return t, err
}

// maxAncestors bounds how far back it is looked whether a commit follows from the one before.
const maxAncestors = 500

// ancestors are commits that a commit comes after, as far as they were fetched, and what was known of the one read last.
// known is false where that isn't among them.
func (r *Reader) ancestors(repo *git.Repository, c *object.Commit) (found []string, known bool) {
	seen := map[plumbing.Hash]bool{}
	queue := slices.Clone(c.ParentHashes)
	for len(queue) > 0 && len(found) < maxAncestors {
		hash := queue[0]
		queue = queue[1:]
		if seen[hash] {
			continue
		}
		seen[hash] = true
		found = append(found, hash.String())
		if hash.String() == r.last.Commit {
			known = true
			continue
		}
		if parent, err := repo.CommitObject(hash); err == nil { // else it is beyond what was fetched
			queue = append(queue, parent.ParentHashes...)
		}
	}
	if known {
		found = append(found, r.last.Ancestors[:min(len(r.last.Ancestors), maxAncestors)]...)
	}
	return found, known
}

// head asks the remote where the branch is.
func (r *Reader) head(ctx context.Context, auth transport.AuthMethod) (plumbing.Hash, error) {
	remote := git.NewRemote(memory.NewStorage(), &config.RemoteConfig{Name: "origin", URLs: []string{r.opts.URL}})
	refs, err := remote.ListContext(ctx, &git.ListOptions{Auth: auth})
	if err != nil {
		return plumbing.ZeroHash, explain(err)
	}
	want := plumbing.NewBranchReferenceName(r.opts.Branch)
	for _, ref := range refs {
		if ref.Name() == want {
			return ref.Hash(), nil
		}
	}
	return plumbing.ZeroHash, errors.New("there is no such branch; push it, or name another with --config-branch")
}

func (r *Reader) fetch(ctx context.Context, auth transport.AuthMethod, depth int) (*git.Repository, *object.Commit, error) {
	repo, err := git.CloneContext(ctx, memory.NewStorage(), nil, &git.CloneOptions{
		URL: r.opts.URL, Auth: auth, ReferenceName: plumbing.NewBranchReferenceName(r.opts.Branch),
		SingleBranch: true, Depth: depth, NoCheckout: true, Tags: git.NoTags,
	})
	if err != nil {
		return nil, nil, explain(err)
	}
	head, err := repo.Head()
	if err != nil {
		return nil, nil, err
	}
	commit, err := repo.CommitObject(head.Hash())
	return repo, commit, err
}

func (r *Reader) auth() (transport.AuthMethod, error) {
	switch r.endpoint.Protocol {
	case "http", "https":
		return r.basicAuth()
	case "ssh":
		return r.sshAuth()
	}
	return nil, nil
}

// basicAuth sends the token the way that GitHub, GitLab and Gitea take it.
func (r *Reader) basicAuth() (transport.AuthMethod, error) {
	if r.opts.Token == nil {
		return nil, nil
	}
	token, err := r.opts.Token()
	if err != nil || token == "" {
		return nil, err
	}
	return &http.BasicAuth{Username: "x-access-token", Password: token}, nil
}

func (r *Reader) sshAuth() (transport.AuthMethod, error) {
	key, err := ssh.NewPublicKeysFromFile(cmp.Or(r.endpoint.User, "git"), r.opts.SSHKeyFile, "")
	if err != nil {
		return nil, fmt.Errorf("SSH key %s: %w", r.opts.SSHKeyFile, err)
	}
	known, err := ssh.NewKnownHostsCallback(r.opts.KnownHostsFile)
	if err != nil {
		return nil, fmt.Errorf("known hosts %s: %w", r.opts.KnownHostsFile, err)
	}
	key.HostKeyCallback = known
	return key, nil
}

// explain says what to do about the errors of go-git that a person can mend.
func explain(err error) error {
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w; check that the token or key may read the repository", err)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w; check the address, and that the token or key may read it", err)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%w; push what previewctl init wrote", err)
	}
	return err
}
