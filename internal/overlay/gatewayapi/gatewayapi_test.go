package gatewayapi

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

const gatewayText = `{kind: Gateway, metadata: {name: previews, namespace: gateways}, spec: {listeners: [
  {name: https, hostname: "*.preview.test", allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {routes: a}}}}},
  {name: own, hostname: "own.test"}, {name: none, allowedRoutes: {namespaces: {from: None}}}]}}`

const wildcardText = `{kind: HTTPRoute, metadata: {name: w, namespace: argocd}, spec: {hostnames: ["*.preview.test"],
  parentRefs: [{name: previews, namespace: gateways}]}}`

func object(t *testing.T, text string) manifest.Object {
	t.Helper()
	o := manifest.Object{}
	if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
		t.Fatal(err)
	}
	o.Kind, o.Name = o.Text("kind"), o.Text("metadata", "name")
	return o
}

func TestProblems(t *testing.T) {
	t.Parallel()
	preview := Namespace{"preview-a", map[string]string{"routes": "a"}}
	for _, tt := range []struct {
		name, parents, hosts string
		of                   Namespace
		want                 string
	}{
		{"accepted", "{name: previews, namespace: gateways}", "a.preview.test", preview, ""},
		{"two labels below the wildcard", "{name: previews, namespace: gateways}", "a.b.preview.test", preview, ""},
		{"by its listener", "{name: previews, namespace: gateways, sectionName: https}", "a.preview.test", preview, ""},
		{"no parent", "", "a.preview.test", preview, "has no Gateway in parentRefs"},
		{
			"no label", "{name: previews, namespace: gateways}", "a.preview.test",
			Namespace{Name: "preview-a"},
			"is in namespace preview-a, of which Gateway previews accepts no routes",
		},
		{
			"another label", "{name: previews, namespace: gateways}", "a.preview.test",
			Namespace{"preview-a", map[string]string{"routes": "b"}},
			"accepts no routes",
		},
		{
			"another domain", "{name: previews, namespace: gateways}", "a.other.test", preview,
			`has host "a.other.test", which no listener of Gateway previews serves`,
		},
		{
			"the domain itself", "{name: previews, namespace: gateways}", "preview.test", preview, `has host "preview.test"`,
		},
		{
			"a domain that ends alike", "{name: previews, namespace: gateways}", "a.xpreview.test", preview,
			`has host "a.xpreview.test"`,
		},
		{
			"an unknown listener", "{name: previews, namespace: gateways, sectionName: http}", "a.preview.test", preview,
			`names listener "http"`,
		},
		{
			"a listener for its own namespace", "{name: previews, namespace: gateways, sectionName: own}", "own.test", preview,
			"accepts no routes",
		},
		{
			"the Gateway's own namespace", "{name: previews, sectionName: own}", "own.test", Namespace{Name: "gateways"}, "",
		},
		{
			"a listener for no namespace", "{name: previews, namespace: gateways, sectionName: none}", "own.test", preview,
			"accepts no routes",
		},
		{
			"a Gateway that isn't in the repository", "{name: other, namespace: gateways}", "a.preview.test", preview,
			"isn't on Gateway gateways/previews, which serves all hosts without an environment",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := &Gateways{}
			g.Add("appsets/gateway.yaml", object(t, gatewayText))
			g.Add("appsets/wildcard.yaml", object(t, wildcardText))
			route := "{kind: HTTPRoute, metadata: {name: web}, spec: {hostnames: [" + tt.hosts + "], parentRefs: [" + tt.parents + "]}}"
			var got []string
			for _, p := range g.Problems(object(t, route), tt.of) {
				got = append(got, p.Message)
				if p.Remedy == "" {
					t.Errorf("%q has no remedy", p.Message)
				}
			}
			text := strings.Join(got, "\n")
			if len(got) > 1 || !strings.Contains(text, tt.want) || (tt.want == "") != (text == "") {
				t.Errorf("problems %q, want %q", text, tt.want)
			}
		})
	}
}

func TestOnlyHTTPRoutesHaveProblems(t *testing.T) {
	t.Parallel()
	g := &Gateways{}
	if got := g.Problems(object(t, "{kind: Ingress, metadata: {name: a}}"), Namespace{}); got != nil {
		t.Errorf("problems %v", got)
	}
	route := object(t, "{kind: HTTPRoute, metadata: {name: a}, spec: {parentRefs: [{name: a}]}}")
	if got := g.Problems(route, Namespace{}); got != nil {
		t.Errorf("problems %v of a route with an unknown Gateway", got)
	}
}
