package testworld

import (
	"context"
	"strings"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// SavedPolicy uses each feature that has data in the saved state.
var SavedPolicy = strings.NewReplacer(
	"services:\n", `services:
  docs: {repository: acme/docs, image: ghcr.io/acme/docs, tag: "{{ .SHA }}", public: true}
`,
	"data: [postgres]}", "data: [postgres], default: {branch: main}}",
).Replace(Policy) + `slots: on
limits: {environments: 10, deletionsAtOnce: 1}
lifetime: {expireAfter: 24h, deleteAfterIdle: 72h, maxExtension: 96h, grace: 1h, sleep: {idleAfter: 12h}}
activity: {prometheus: {url: "http://prometheus:9090", preset: ingress-nginx}}
`

const (
	savedSlots = `apiVersion: previewset.dev/v1alpha1
kind: SlotPool
slots:
  bulbasaur: {holders: [dave], purpose: redesign, until: 2026-11-25T14:00:00Z}
  ivysaur: {}
`
	savedEnvironment = `apiVersion: previewset.dev/v1alpha1
kind: Environment
owner: grace
purpose: demo
profile: full
`
)

// savedTree is the config branch at the time of saving.
func savedTree() config.Tree {
	t := Tree(1, SavedPolicy)
	t.Files["slots.yaml"] = config.File{Content: []byte(savedSlots)}
	t.Files["overlays/demo/environment.yaml"] = config.File{Content: []byte(savedEnvironment)}
	t.Files["overlays/ended/environment.yaml"] = config.File{
		Content: []byte(savedEnvironment + "lifetime: {expires: 2026-11-20T09:01:30Z}\n"),
	}
	t.Hashes["overlays/demo"], t.Hashes["overlays/ended"] = "d1", "e1"
	t.Kustomizations["kustomize-base/services/docs/run"] = true
	t.Kustomizations["kustomize-base/services/docs/link"] = true
	return t
}

// savedRepositories are the repositories at the time of saving, without acme/docs, which can't be read.
func savedRepositories() map[string]preview.Repository {
	gateway := Repository("acme/Gateway", PullRequest(1, "alice"), PullRequest(2, "bob", "preview:full"),
		PullRequest(3, "carol", "preview-with:checkout"), PullRequest(4, "dave"))
	gateway.ID, gateway.Branches["main"] = 20, SHA(500)
	shop := Repository("acme/shop",
		WithPaths(PullRequest(7, "alice"), "orders/main.go"),
		WithPaths(PullRequest(9, "erin", "preview-with:checkout"), "web/main.ts"),
		WithPaths(PullRequest(10, "heidi", "bug"), "orders/main.go"),
		WithPaths(PullRequest(11, "ivan", "bug"), "web/main.ts"),
		WithPaths(PullRequest(12, "judy", "bug"), "web/main.ts"),
		WithPaths(PullRequest(13, "frank"), "web/main.ts"))
	shop.ID, shop.Branches["main"] = 10, SHA(501)
	for i := range shop.PullRequests {
		shop.PullRequests[i].Created = Start.Add(time.Duration(i) * time.Second)
	}
	return map[string]preview.Repository{"acme/gateway": gateway, "acme/shop": shop}
}

// NewSaved is the world in which testdata/savedstate was saved.
func NewSaved() *World {
	w := New()
	w.Tree, w.Repositories, w.Now = savedTree(), savedRepositories(), Start.Add(4*time.Minute)
	w.RepositoryErrs["acme/docs"] = ErrOutage
	return w
}

// SavedActivity measures use of gateway-pr-1 only.
type SavedActivity struct{ now func() time.Time }

// Measure implements generator.Options.Activity.
func (a SavedActivity) Measure(context.Context, *config.Policy) (preview.Measurement, error) {
	used := map[string]bool{"preview-gateway-pr-1": true}
	for _, name := range []string{
		"gateway-pr-2", "shop-pr-7", "checkout", "demo", "ended", "bulbasaur", "ivysaur", "docs-pr-5",
	} {
		used["preview-"+name] = false
	}
	return preview.Measurement{At: a.now(), Window: 5 * time.Minute, Used: used}, nil
}

// AsSaved sets the options of the generator that saved the state.
func AsSaved(w *World, r *Statuses) func(*generator.Options) {
	return func(o *generator.Options) {
		o.Clock, o.Activity, o.Reporter = Skew(0), SavedActivity{w.Clock}, r
		o.EnvironmentMetrics = true
	}
}
