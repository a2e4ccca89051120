package testworld

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

var ErrOutage = errors.New("GitHub answers 500")

// counts are the reads since the last call: of the config branch, of acme/shop and of acme/gateway.
func (w *World) TakeReads() [3]int {
	defer w.lock()()
	n := [3]int{w.ConfigReads, w.RepositoryReads["acme/shop"], w.RepositoryReads["acme/gateway"]}
	w.ConfigReads = 0
	clear(w.RepositoryReads)
	return n
}

const Policy = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  web: {repository: acme/shop, paths: ["web/**"], image: ghcr.io/acme/web, tag: "{{ .SHA }}", public: true, calls: [gateway]}
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway, tag: "{{ .SHA }}", public: true, calls: [orders], data: [redis]}
  orders: {repository: acme/shop, paths: ["orders/**"], image: ghcr.io/acme/orders, tag: "{{ .SHA }}", data: [postgres]}
profiles:
  changed: {run: changed}
  full: {run: all}
pullRequests: {issueKey: "[A-Z]+-[0-9]+"}
`

var Start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// world is what the service reads, in place of Git, GitHub and the cluster: its small interfaces, by hand.
type World struct {
	mu             sync.Mutex
	Tree           config.Tree
	ConfigErr      error
	Repositories   map[string]preview.Repository
	RepositoryErrs map[string]error
	Taken          map[string]string
	ClusterErr     error
	Plugins        []preview.Plugin
	// live is what the Applications that there are tell.
	Recovered  preview.Recovered
	RecoverErr error
	// refreshed are the ApplicationSets that were told to ask again.
	Refreshed       []string
	RefreshErr      error
	Now             time.Time
	RepositoryReads map[string]int           // reads by repository
	Blocked         map[string]chan struct{} // repositories that can't be read before it is closed
	ConfigReads     int                      // reads of the config branch
}

func New() *World {
	return &World{
		Tree: Tree(1, Policy), Now: Start, RepositoryErrs: map[string]error{}, RepositoryReads: map[string]int{},
		Repositories: map[string]preview.Repository{
			"acme/gateway": Repository("acme/Gateway", PullRequest(1, "alice"), PullRequest(2, "bob", "preview:full")),
			"acme/shop":    Repository("acme/shop", WithPaths(PullRequest(7, "alice", "Preview"), "orders/main.go"), PullRequest(8, "carol", "bug")),
		},
	}
}

func (w *World) Read(context.Context) (config.Tree, error) {
	defer w.lock()()
	w.ConfigReads++
	return w.Tree, w.ConfigErr
}

func (w *World) Repository(ctx context.Context, name string, _ preview.Wants) (preview.Repository, error) {
	if hang := w.blocked(name); hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
		}
	}
	defer w.lock()()
	w.RepositoryReads[name]++
	r := w.Repositories[name]
	r.ReadAt = w.Now
	return r, w.RepositoryErrs[name]
}

// Only is of no consequence to a world that remembers nothing.
func (*World) Only([]string) {}

func (w *World) lock() (unlock func()) { w.mu.Lock(); return w.mu.Unlock }

func (w *World) Clock() time.Time { defer w.lock()(); return w.Now }

func (w *World) blocked(name string) chan struct{} { defer w.lock()(); return w.Blocked[name] }

// reads are how often the config branch and acme/shop were read.
func (w *World) Reads() (branches, shop int) {
	defer w.lock()()
	return w.ConfigReads, w.RepositoryReads["acme/shop"]
}

// set changes the world.
func (w *World) Change(change func()) { defer w.lock()(); change() }

// AdvanceClock moves the time of the world.
func (w *World) AdvanceClock(d time.Duration) { w.Change(func() { w.Now = w.Now.Add(d) }) }
