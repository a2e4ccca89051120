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

// pipes is a network of one listener. Its connections have no sockets, so that synctest's clock can go on while they idle.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipes() *pipes { return &pipes{connections: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.New("nobody listens")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) transport() *http.Transport { return &http.Transport{DialContext: p.dial} }

// hub is the simulated GitHub behind a network.
type hub struct {
	*githubtest.Server
	network *pipes
	server  *http.Server
	// open counts requests that aren't answered yet.
	open atomic.Int64
}

func newHub() *hub {
	h := &hub{Server: githubtest.New(), network: newPipes()}
	h.SetQuota(1 << 40)
	h.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.open.Add(1)
		defer h.open.Add(-1)
		h.ServeHTTP(w, r)
	})}
	go func() { _ = h.server.Serve(h.network) }()
	return h
}

// branch is the config branch: a real bare repository, to which commits are written as objects.
type branch struct {
	t       testing.TB
	folder  string
	git     *git.Repository
	base    []object.TreeEntry // what every commit has besides previewset.yaml
	commits []commit
}

// commit is one of the branch's. Settings are nil where the service can't use it.
type commit struct {
	hash     plumbing.Hash
	settings *settings
}

const configRef = plumbing.ReferenceName("refs/heads/main")

func newBranch(t testing.TB) *branch {
	t.Helper()
	b := &branch{t: t, folder: filepath.Join(t.TempDir(), "config.git")}
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
	b.base = []object.TreeEntry{{Name: "kustomize-base", Mode: filemode.Dir, Hash: base}, {Name: "overlays", Mode: filemode.Dir, Hash: overlays}}
	return b
}

func (b *branch) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *branch) object(kind plumbing.ObjectType, encode func(plumbing.EncodedObject) error) plumbing.Hash {
	b.t.Helper()
	o := b.git.Storer.NewEncodedObject()
	o.SetType(kind)
	b.must(encode(o))
	hash, err := b.git.Storer.SetEncodedObject(o)
	b.must(err)
	return hash
}

func (b *branch) blob(text string) plumbing.Hash {
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

func (b *branch) tree(entries []object.TreeEntry) plumbing.Hash {
	b.t.Helper()
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(a.Name, b.Name) })
	return b.object(plumbing.TreeObject, (&object.Tree{Entries: entries}).Encode)
}

// write adds a commit, on top of the branch or of nothing, and makes it the head.
func (b *branch) write(policy string, s *settings, orphan bool) {
	b.t.Helper()
	entries := slices.Clone(b.base)
	if policy == "" {
		entries = nil
	} else {
		entries = append(entries, object.TreeEntry{Name: "previewset.yaml", Mode: filemode.Regular, Hash: b.blob(policy)})
	}
	who := object.Signature{Name: "Test", Email: "test@example.com", When: time.Now()}
	c := &object.Commit{Author: who, Committer: who, Message: "change\n", TreeHash: b.tree(entries)}
	if ref, err := b.git.Storer.Reference(configRef); err == nil && !orphan {
		c.ParentHashes = []plumbing.Hash{ref.Hash()}
	}
	hash := b.object(plumbing.CommitObject, c.Encode)
	b.commits = append(b.commits, commit{hash: hash, settings: s})
	b.set(hash)
}

func (b *branch) set(hash plumbing.Hash) {
	b.t.Helper()
	b.must(b.git.Storer.SetReference(plumbing.NewHashReference(configRef, hash)))
}

func (b *branch) remove() { b.t.Helper(); b.must(b.git.Storer.RemoveReference(configRef)) }

// disk keeps memory, unless it is full.
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

// process is one run of the service with its two listeners, put together as cmd does it.
type process struct {
	private, public *http.Client
	stop            func()
}

const pollInterval = 5 * time.Minute

// startProcess starts the service on the memory that is there.
func startProcess(t testing.TB, h *hub, b *branch, d *disk, cluster generator.Cluster, secrets [3]*secret.File, u *usage, jump *atomic.Int64) *process {
	t.Helper()
	wire := h.network.transport()
	client, err := github.New(github.Options{BaseURL: "http://api.github.example", Transport: wire, Token: func() (string, error) { return "gh-t0ken", nil }})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := configbranch.New(configbranch.Options{URL: "file://" + b.folder})
	if err != nil {
		t.Fatal(err)
	}
	g := generator.New(generator.Options{
		ConfigBranch: reader, GitHub: client, Quota: client, Cluster: cluster, Store: d, Interval: pollInterval, Activity: u,
		Now: func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }, Clock: jumping{u, jump},
		Token: secrets[0], APIToken: secrets[1], WebhookSecret: secrets[2], ConfigRepository: "acme/previews", Logger: slog.New(slog.DiscardHandler),
	})
	private, public := newPipes(), newPipes()
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
		wire.CloseIdleConnections()
	}
	return p
}

// over sends a request over the network and reads the whole answer.
func over(t testing.TB, c *http.Client, method, path, body string, header map[string]string) testworld.Response {
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
	return testworld.ReadResponse(t, resp)
}

// spoil leaves something in the file that isn't memory.
func spoil(t testing.TB, file string, how int) {
	t.Helper()
	content, _ := os.ReadFile(file) // it may be lost already
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
