package preview

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// files are environment files by environment.
func files(pairs ...string) map[string]string {
	f := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		f[config.OverlaysFolder+"/"+pairs[i]+"/"+config.EnvironmentFile] = testfixture.EnvironmentYAML(pairs[i+1])
	}
	return f
}

// leadsTo is the namespace that a service's name leads to in an environment.
func leadsTo(s *Snapshot, name, service string) string {
	for _, r := range s.Rows {
		if r.Name == name {
			for _, c := range r.Contents() {
				if c.Service == service {
					return c.Namespace
				}
			}
		}
	}
	return "not live"
}

// letsIn is the patch by which an environment lets others in.
func letsIn(s *Snapshot, name string) string {
	for _, r := range s.Rows {
		for _, p := range r.Kustomize.Patches {
			if r.Name == name && p.Target.Name == "allow-links" {
				return p.Patch
			}
		}
	}
	return ""
}

// Environment files of the cases below.
const (
	runsProducts = "services: {products: {branch: main}}\n"
	linker       = "services: {gateway: {branch: main}}\nlinks: {products: {environment: alice}}\n"
)

var linksCases = []struct {
	name       string
	files      map[string]string
	to, reason string
}{
	{"to a shared one", files("alice", runsProducts+"shared: true\n", "jakub", linker), "preview-alice", ""},
	{
		"to one that isn't shared", files("alice", runsProducts, "jakub", linker), "staging",
		"service products leads to the baseline: environment alice is not shared; its owner shares it with previewctl set alice --shared",
	},
	{"to one that isn't there", files("jakub", linker), "staging", "service products leads to the baseline: environment alice is not live"},
	{
		"to one that is held", files("alice", "shared: true\n", "jakub", linker), "staging",
		"service products leads to the baseline: environment alice is not live",
	},
	{
		"to one that doesn't run it",
		files("alice", "services: {mailer: {branch: x}, orders: {branch: main}}\nshared: true\n", "jakub", linker), "staging", "is not live",
	},
	{
		"by way of another",
		files("alice", "profile: checkout\nshared: true\nlinks: {products: {environment: bob}}\n", "bob", runsProducts+"shared: true\n",
			"jakub", linker),
		"preview-bob", "",
	},
	{
		"through another environment with a link that leads nowhere",
		files("alice", "profile: checkout\nshared: true\nlinks: {products: {environment: bob}}\n", "jakub", linker),
		"staging", "service products leads to the baseline: environment bob is not live",
	},
	{
		"to a pull request's",
		files("shop-pr-7", "pullRequest: acme/shop#7\nshared: true\n", "jakub",
			"services: {gateway: {branch: main}}\nlinks: {products: {pullRequest: acme/shop#7}}\n"),
		"preview-shop-pr-7", "",
	},
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range linksCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := resolve(testfixture.LoadTree(t, testfixture.DemoTree(tt.files), nil), factsOf(pull(7, changing("products/a"))))
			if got := leadsTo(s, "jakub", "products"); got != tt.to {
				t.Errorf("leads to %q, want %q: %s", got, tt.to, strings.Join(reasons(s), "\n"))
			}
			i := slices.IndexFunc(s.Decisions, func(d Decision) bool { return d.Environment == "jakub" })
			if got := s.Decisions[i].Reason; tt.reason != "" && !strings.Contains(got, tt.reason) || tt.reason == "" &&
				strings.Contains(got, "baseline") {
				t.Errorf("reason is %q, want %q in it", got, tt.reason)
			}
			leading := `{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"preview-jakub"}}}`
			if strings.Contains(tt.name, "another") {
				leading = strings.Replace(leading, "jakub", "alice", 1) + "," + leading
			}
			target, _ := strings.CutPrefix(tt.to, "preview-")
			want := ""
			if target != tt.to {
				want = `[{"op":"add","path":"/spec/podSelector","value":{"matchExpressions":` +
					`[{"key":"app.kubernetes.io/name","operator":"In","values":["products"]}]}},` +
					`{"op":"add","path":"/spec/ingress/0/from","value":[` + leading + `]}]`
			}
			if diff := cmp.Diff(want, letsIn(s, target)); diff != "" {
				t.Errorf("namespaces with ingress (-want +got):\n%s", diff)
			}
			again := Resolve(testfixture.LoadTree(t, testfixture.DemoTree(tt.files), nil), factsOf(pull(7, changing("products/a"))),
				restarted(t, s.Memory), noon)
			if diff := cmp.Diff(s.Rows, again.Rows); diff != "" {
				t.Errorf("the next answer (-before +after):\n%s", diff)
			}
		})
	}
}

func TestLinkCycleIsHeld(t *testing.T) {
	t.Parallel()
	circle := files(
		"alice", "profile: checkout\nshared: true\nlinks: {products: {environment: bob}}\n",
		"bob", "profile: checkout\nshared: true\nlinks: {products: {environment: alice}}\n",
		"jakub", "profile: checkout\nshared: true\nlinks: {products: {environment: alice}}\n",
		"me", "profile: checkout\nlinks: {products: {environment: me}}\n",
	)
	s := resolve(testfixture.LoadTree(t, testfixture.DemoTree(circle), nil), factsOf())
	want := []string{
		"alice: held by link: its links of service products lead in a circle: alice → bob → alice",
		"bob: held by link: its links of service products lead in a circle: bob → alice → bob",
		"jakub: held by link: its links of service products lead in a circle: jakub → alice → bob → alice",
		"me: held by link: its links of service products lead in a circle: me → me",
	}
	if diff := cmp.Diff(want, reasons(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

// A thousand environments, each linked to the next, are answered in a time that people don't notice.
func BenchmarkResolveLinked(b *testing.B) {
	all := map[string]string{}
	for i := range 1000 {
		all[fmt.Sprintf("overlays/e%d/environment.yaml",
			i)] = testfixture.EnvironmentYAML(fmt.Sprintf("profile: checkout\nshared: true\nlinks: {products: {environment: e%d}}\n", i+1000-i%10))
	}
	c := testfixture.LoadTree(b, testfixture.DemoTree(all), nil)
	m := resolve(c, factsOf()).Memory
	b.ResetTimer()
	for range b.N {
		Resolve(c, factsOf(), m, noon.Add(time.Minute))
	}
}

func TestHandover(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(files("jakub", "profile: checkout\nhandover: [orders, products]\n")), nil)
	s := resolve(c, factsOf())
	row := only(t, s)
	labelled := []string{`select(.metadata.labels["previewset.dev/image-of"] == "orders") | .spec`}
	want := []IgnoreDifference{
		{Group: "apps", Kind: "Deployment", Name: "orders", JSONPointers: []string{"/spec"}},
		{Group: "apps", Kind: "Deployment", JSONPointers: []string{}, JQPathExpressions: labelled},
		{Group: "apps", Kind: "StatefulSet", Name: "orders", JSONPointers: []string{"/spec"}},
		{Group: "apps", Kind: "StatefulSet", JSONPointers: []string{}, JQPathExpressions: labelled},
	}
	if diff := cmp.Diff(want, row.IgnoreDifferences); diff != "" {
		t.Errorf("ignored differences (-want +got):\n%s", diff)
	}
	if !slices.Equal(row.SyncOptions, []string{"RespectIgnoreDifferences=true"}) {
		t.Errorf("sync options: %q", row.SyncOptions)
	}
	if d := decision(t, s); !strings.HasSuffix(d.Reason, "; service products can't be handed over: it doesn't run here") {
		t.Errorf("reason: %q", d.Reason)
	}
	back := Resolve(later(t, c, files("jakub", "profile: checkout\n"), false), factsOf(), restarted(t, s.Memory), noon)
	if row := only(t, back); len(row.IgnoreDifferences)+len(row.SyncOptions) > 0 {
		t.Errorf("taken back: %v, %v", row.IgnoreDifferences, row.SyncOptions)
	}
}
