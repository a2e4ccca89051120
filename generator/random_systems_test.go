package generator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
)

// pipeNetwork is a network with one listener. Its connections have no sockets: synctest's clock stops while a socket
// waits.
type pipeNetwork struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipeNetwork() *pipeNetwork {
	return &pipeNetwork{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipeNetwork) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipeNetwork) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipeNetwork) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipeNetwork) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.New("the listener is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipeNetwork) transport() *http.Transport { return &http.Transport{DialContext: p.dial} }

// simulatedGitHub is GitHub behind a network.
type simulatedGitHub struct {
	*githubtest.Server
	network *pipeNetwork
	server  *http.Server
	// open counts requests that GitHub hasn't answered yet.
	open atomic.Int64
}

func newSimulatedGitHub() *simulatedGitHub {
	h := &simulatedGitHub{Server: githubtest.New(), network: newPipeNetwork()}
	h.SetQuota(1 << 40)
	h.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.open.Add(1)
		defer h.open.Add(-1)
		h.ServeHTTP(w, r)
	})}
	go func() { _ = h.server.Serve(h.network) }()
	return h
}

// configRepository is a real bare repository with the config branch. Commits are written as objects.
type configRepository struct {
	t       testing.TB
	folder  string
	git     *git.Repository
	base    []object.TreeEntry // entries of every commit besides previewset.yaml
	commits []configCommit
}

// configCommit is a commit of the config branch. Settings are nil if the generator can't use it.
type configCommit struct {
	hash     plumbing.Hash
	settings *settings
}

const configRef = plumbing.ReferenceName("refs/heads/main")

func newConfigRepository(t testing.TB) *configRepository {
	t.Helper()
	b := &configRepository{t: t, folder: filepath.Join(t.TempDir(), "config.git")}
	var err error
	b.git, err = git.PlainInitWithOptions(b.folder, &git.PlainInitOptions{Bare: true, InitOptions: git.InitOptions{DefaultBranch: configRef}})
	b.must(err)
	file := object.TreeEntry{Name: "kustomization.yaml", Mode: filemode.Regular, Hash: b.blob("resources: []\n")}
	leaf := b.tree([]object.TreeEntry{file})
	folder := func(entries map[string]plumbing.Hash, more ...object.TreeEntry) plumbing.Hash {
		for name, hash := range entries {
			more = append(more, object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: hash})
		}
		return b.tree(more)
	}
	service := folder(map[string]plumbing.Hash{"run": leaf, "link": leaf})
	dataStore := folder(map[string]plumbing.Hash{"datasets": folder(map[string]plumbing.Hash{"empty": leaf})}, file)
	base := folder(map[string]plumbing.Hash{
		"services":   folder(map[string]plumbing.Hash{"web": service, "gateway": service, "orders": service, "mailer": service}),
		"components": folder(map[string]plumbing.Hash{"guardrails": leaf}),
		"data":       folder(map[string]plumbing.Hash{"redis": dataStore, "postgres": dataStore}),
	})
	overlays := folder(map[string]plumbing.Hash{"preview": leaf})
	b.base = []object.TreeEntry{
		{Name: "kustomize-base", Mode: filemode.Dir, Hash: base},
		{Name: "overlays", Mode: filemode.Dir, Hash: overlays},
	}
	return b
}

func (b *configRepository) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *configRepository) object(kind plumbing.ObjectType, encode func(plumbing.EncodedObject) error) plumbing.Hash {
	b.t.Helper()
	o := b.git.Storer.NewEncodedObject()
	o.SetType(kind)
	b.must(encode(o))
	hash, err := b.git.Storer.SetEncodedObject(o)
	b.must(err)
	return hash
}

func (b *configRepository) blob(text string) plumbing.Hash {
	b.t.Helper()
	return b.object(plumbing.BlobObject, func(o plumbing.EncodedObject) error {
		w, err := o.Writer()
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, text)
		return errors.Join(err, w.Close())
	})
}

func (b *configRepository) tree(entries []object.TreeEntry) plumbing.Hash {
	b.t.Helper()
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(a.Name, b.Name) })
	return b.object(plumbing.TreeObject, (&object.Tree{Entries: entries}).Encode)
}

// write adds a commit to the branch and makes it the head. An orphan has no parent.
func (b *configRepository) write(policy string, s *settings, orphan bool) {
	b.t.Helper()
	entries := slices.Clone(b.base)
	if policy == "" {
		entries = nil
	} else {
		entries = append(entries, object.TreeEntry{Name: "previewset.yaml", Mode: filemode.Regular, Hash: b.blob(policy)})
	}
	b.writeEntries(entries, s, orphan)
}

// writeEntries is write for a tree with these entries.
func (b *configRepository) writeEntries(entries []object.TreeEntry, s *settings, orphan bool) {
	b.t.Helper()
	author := object.Signature{Name: "Test", Email: "test@example.com", When: time.Now()}
	c := &object.Commit{Author: author, Committer: author, Message: "change\n", TreeHash: b.tree(entries)}
	if ref, err := b.git.Storer.Reference(configRef); err == nil && !orphan {
		c.ParentHashes = []plumbing.Hash{ref.Hash()}
	}
	hash := b.object(plumbing.CommitObject, c.Encode)
	b.commits = append(b.commits, configCommit{hash: hash, settings: s})
	b.set(hash)
}

func (b *configRepository) set(hash plumbing.Hash) {
	b.t.Helper()
	b.must(b.git.Storer.SetReference(plumbing.NewHashReference(configRef, hash)))
}

func (b *configRepository) remove() { b.t.Helper(); b.must(b.git.Storer.RemoveReference(configRef)) }

// disk keeps the saved state, unless it is full.
type disk struct {
	store.File
	full atomic.Bool
}

func (d *disk) Save(ctx context.Context, content []byte) error {
	if d.full.Load() {
		return errors.New("the disk is full")
	}
	return d.File.Save(ctx, content)
}

// process is one run of the generator with its two listeners, built as in cmd/preview-generator.
type process struct {
	private, public *http.Client
	stop            func()
}

const pollInterval = 5 * time.Minute

// startProcess starts the generator with the saved state on the disk.
func startProcess(
	t testing.TB, h *simulatedGitHub, b *configRepository, d *disk, cluster generator.Cluster, secrets [3]*secret.File,
	u *usage, jump *atomic.Int64,
) *process {
	t.Helper()
	transport := h.network.transport()
	client, err := github.New(
		github.Options{BaseURL: "http://api.github.example", Transport: transport, Token: func() (string, error) { return "gh-t0ken", nil }},
	)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := configbranch.New(configbranch.Options{URL: "file://" + b.folder})
	if err != nil {
		t.Fatal(err)
	}
	g := generator.New(generator.Options{
		ConfigBranch: reader, GitHub: client, Quota: client, Cluster: cluster, Store: d, Interval: pollInterval, Activity: u,
		Now: func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }, Clock: offsetClock{u, jump},
		Token: secrets[0], APIToken: secrets[1], WebhookSecret: secrets[2], ConfigRepository: "acme/previews",
		Logger: slog.New(slog.DiscardHandler),
	})
	private, public := newPipeNetwork(), newPipeNetwork()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = g.Run(ctx) })
	running.Go(func() { _ = g.Serve(ctx, private, public) })
	p := &process{private: &http.Client{Transport: private.transport()}, public: &http.Client{Transport: public.transport()}}
	p.stop = func() {
		p.private.CloseIdleConnections()
		p.public.CloseIdleConnections()
		cancel()
		running.Wait()
		transport.CloseIdleConnections()
	}
	return p
}

// sendRequest sends a request over the network and reads the whole response.
func sendRequest(t testing.TB, c *http.Client, method, path, body string, header map[string]string) testworld.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://generator"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"Content-Type": "application/json", "Accept-Encoding": "gzip"}
	maps.Copy(all, header)
	for k, v := range all {
		r.Header.Set(k, v)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return testworld.ReadResponse(t, resp)
}

// damageState removes, cuts or overwrites the saved state.
func damageState(t testing.TB, file string, how int) {
	t.Helper()
	content, _ := os.ReadFile(file) // the file may not exist
	var err error
	switch how {
	case 0:
		err = os.Remove(file)
	case 1:
		err = os.WriteFile(file, content[:len(content)/2], 0o600)
	default:
		err = os.WriteFile(file, []byte(fmt.Sprintf("garbage %d", len(content))), 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}
