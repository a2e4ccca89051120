package preview

import (
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// The demo system's services, with a store that has an exporter, and one that has none.
const storePolicy = testfixture.DemoPolicy + "activity: {prometheus: {url: \"http://prometheus:9090\", presets: [PRESETS]}}\n"

func TestUseByStores(t *testing.T) {
	t.Parallel()
	const namespace = "preview-a"
	withExporter := Row{Namespace: namespace, Kustomize: Kustomize{Components: []string{"../../kustomize-base/data/db/exporters/postgresql"}}}
	withoutExporter := Row{Namespace: namespace}
	idle, used, none := map[string]bool{namespace: false}, map[string]bool{namespace: true}, map[string]bool{}
	for _, tt := range []struct {
		name, presets    string
		row              Row
		controller, db   map[string]bool
		isUsed, isKnown  bool
		isWithoutFolders bool
	}{
		{name: "all idle", presets: "traefik, postgresql", row: withExporter, controller: idle, db: idle, isKnown: true},
		{name: "connections", presets: "traefik, postgresql", row: withExporter, controller: idle, db: used, isUsed: true, isKnown: true},
		{name: "requests", presets: "traefik, postgresql", row: withExporter, controller: used, db: none, isUsed: true, isKnown: true},
		{name: "connections of an unknown host", presets: "traefik, postgresql", row: withExporter, db: used, isUsed: true, isKnown: true},
		{name: "an exporter without data", presets: "traefik, postgresql", row: withExporter, controller: idle, db: none},
		{name: "a controller without data", presets: "traefik, postgresql", row: withExporter, controller: none, db: idle},
		{name: "no such store", presets: "traefik, postgresql", row: withoutExporter, controller: idle, db: none, isKnown: true},
		{name: "an exporter of their own", presets: "traefik, postgresql", row: withoutExporter, controller: idle, isWithoutFolders: true},
		{name: "only stores", presets: "postgresql", row: withExporter, db: idle, isKnown: true},
		{name: "only stores, and none runs", presets: "postgresql", row: withoutExporter, db: none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			policy := testfixture.Replace(t, storePolicy, "PRESETS", tt.presets)
			tree := testfixture.DemoTree(map[string]string{config.PolicyFile: policy})
			if !tt.isWithoutFolders {
				tree.Kustomizations["kustomize-base/data/db/exporters/postgresql"] = true
			}
			cfg := testfixture.LoadTree(t, tree, nil)
			m := Measurement{Used: tt.controller, Stores: map[string]map[string]bool{"postgresql": tt.db}}
			isUsed, isKnown := m.isUsed(cfg, tt.row)
			if isUsed != tt.isUsed || isKnown != tt.isKnown {
				t.Errorf("used %t, known %t; want %t, %t", isUsed, isKnown, tt.isUsed, tt.isKnown)
			}
		})
	}
}

// A store runs with its exporter while a preset asks for it, and connections keep the environment.
func TestConnectionsKeepAnEnvironment(t *testing.T) {
	t.Parallel()
	policy := testfixture.Replace(t, storePolicy, "PRESETS", "traefik, postgresql") + "lifetime: {deleteAfterIdle: 6h}\n"
	d := newDays(t, policy, pull(1))
	tree := testfixture.DemoTree(map[string]string{config.PolicyFile: policy})
	const folder = "kustomize-base/data/postgres/exporters/postgresql"
	tree.Kustomizations[folder] = true
	d.config = testfixture.LoadTree(t, tree, nil)
	d.answer()
	if components := only(t, d.last).Kustomize.Components; !slices.Contains(components, "../../"+folder) {
		t.Fatalf("the row has no exporter: %v", components)
	}
	connections := true
	d.facts = func(f *Facts) {
		f.Activity.Stores = map[string]map[string]bool{"postgresql": {"preview-shop-pr-1": connections}}
	}
	d.pass(24 * time.Hour).want("1 awake")
	d.facts = func(*Facts) {} // the exporter has no data
	d.pass(24 * time.Hour).want("1 awake")
	connections = false
	d.facts = func(f *Facts) {
		f.Activity.Stores = map[string]map[string]bool{"postgresql": {"preview-shop-pr-1": connections}}
	}
	d.pass(6*time.Hour - time.Minute).want("1 awake").pass(2 * time.Minute).want("")
}
