// Package testworld is the world around the generator in tests of generator and its subpackages: a config branch, GitHub,
// a cluster, and a service that reads them. It is hand-written and has no rules of its own.
package testworld

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// ErrOutage is the error of a failed read.
var ErrOutage = errors.New("GitHub answers 500")

// Policy is the default policy.
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

// Start is the time of a new world.
var Start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// World is everything that the generator reads. It implements the config branch and GitHub; Cluster implements the
// cluster. The fields are changed by tests, while a service runs only in Change.
type World struct {
	mu             sync.Mutex
	Tree           config.Tree
	ConfigErr      error
	Repositories   map[string]preview.Repository
	RepositoryErrs map[string]error
	Taken          map[string]string
	ClusterErr     error
	Plugins        []preview.Plugin
	// Recovered is the result of the recovery from Applications.
	Recovered  preview.Recovered
	RecoverErr error
	// Refreshed are the ApplicationSets that were refreshed.
	Refreshed       []string
	RefreshErr      error
	Now             time.Time
	RepositoryReads map[string]int           // by repository
	Blocked         map[string]chan struct{} // reads of a repository wait until its channel is closed
	ConfigReads     int
}

// New returns a world with three live environments: AllNames.
func New() *World {
	return &World{
		Tree: Tree(1, Policy), Now: Start, RepositoryErrs: map[string]error{}, RepositoryReads: map[string]int{},
		Repositories: map[string]preview.Repository{
			"acme/gateway": Repository("acme/Gateway", PullRequest(1, "alice"), PullRequest(2, "bob", "preview:full")),
			"acme/shop": Repository(
				"acme/shop", WithPaths(PullRequest(7, "alice", "Preview"), "orders/main.go"), PullRequest(8, "carol", "bug"),
			),
		},
	}
}

// Read implements sources.ConfigBranch.
func (w *World) Read(context.Context) (config.Tree, error) {
	defer w.lock()()
	w.ConfigReads++
	return w.Tree, w.ConfigErr
}

// Repository implements sources.GitHub.
func (w *World) Repository(ctx context.Context, name string, _ preview.Wants) (preview.Repository, error) {
	if blocked := w.blocked(name); blocked != nil {
		select {
		case <-blocked:
		case <-ctx.Done():
		}
	}
	defer w.lock()()
	w.RepositoryReads[name]++
	r := w.Repositories[name]
	r.ReadAt = w.Now
	return r, w.RepositoryErrs[name]
}

// Only implements sources.GitHub. A world has no cache.
func (*World) Only([]string) {}

func (w *World) lock() (unlock func()) { w.mu.Lock(); return w.mu.Unlock }

// Clock returns the time of the world.
func (w *World) Clock() time.Time { defer w.lock()(); return w.Now }

func (w *World) blocked(name string) chan struct{} { defer w.lock()(); return w.Blocked[name] }

// Change changes the world while a service runs.
func (w *World) Change(change func()) { defer w.lock()(); change() }

// AdvanceClock moves the time of the world.
func (w *World) AdvanceClock(d time.Duration) { w.Change(func() { w.Now = w.Now.Add(d) }) }

// FailRepositories lets reads of acme/shop and acme/gateway fail with ErrOutage.
func (w *World) FailRepositories() {
	w.Change(func() { w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = ErrOutage, ErrOutage })
}
