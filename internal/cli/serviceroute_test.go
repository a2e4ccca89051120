package cli

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/previewset/previewset/internal/cli/scaffold"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
)

// A repository whose own route is an HTTPRoute gets HTTPRoutes for its services, also in place of the user's Ingress.
func TestAPublicServiceGetsTheRouteOfTheRepository(t *testing.T) {
	t.Parallel()
	const site = "spec: {rules: [{host: a.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: " +
		"web, port: {number: 80}}}}]}}]}\n"
	docs := []string{
		kubeService("web", aPort), deployment("web", webImage, ""), object("networking.k8s.io/v1", "Ingress", "site", site),
	}
	for _, tt := range []struct {
		name, from string
	}{{"from manifests", "all.yaml"}, {"from an image", ""}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := &serviceAddOptions{from: tt.from, service: newservice.Service{
				Name: "web", Public: true, Image: webImage, Tag: "1", Port: 8080, Probe: "/",
			}}
			if tt.from != "" {
				var err error
				input := fstest.MapFS{}
				put(input, tt.from, strings.Join(docs, "\n---\n"))
				if o.service.Source, err = source.Read(input, tt.from); err != nil {
					t.Fatal(err)
				}
			}
			edits, err := o.newService(repositoryOf(t, scaffold.Settings{Gateway: "istio"}))
			if err != nil {
				t.Fatal(err)
			}
			const folder = "kustomize-base/services/web/run/"
			route := string(edits.Write[folder+"httproute.yaml"])
			for _, text := range []string{"previewset.dev/public: web", "port: 80\n"} {
				if !strings.Contains(route, text) {
					t.Errorf("the route lacks %q:\n%s", text, route)
				}
			}
			if _, ok := edits.Write[folder+"ingress.yaml"]; ok || strings.Contains(route, "parentRefs") {
				t.Errorf("there is an Ingress too, or the route names a Gateway, which the guardrails set:\n%s", route)
			}
			baseline := string(edits.Write["overlays/staging/kustomization.yaml"])
			if !strings.Contains(baseline, `"path":"/spec/hostnames"`) || !strings.Contains(baseline, "kind: HTTPRoute") {
				t.Errorf("the baseline has no host for the route:\n%s", baseline)
			}
			if o.address != "https://<environment>.preview.example.dev" {
				t.Errorf("address %q", o.address)
			}
		})
	}
}

// A new Ingress has the class of those that the repository has.
func TestAPublicServiceGetsTheIngressClassOfTheRepository(t *testing.T) {
	t.Parallel()
	o := &serviceAddOptions{service: newservice.Service{
		Name: "web", Public: true, Image: webImage, Tag: "1", Port: 8080, Probe: "/",
	}}
	edits, err := o.newService(repositoryOf(t, scaffold.Settings{Ingress: "traefik"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(edits.Write["kustomize-base/services/web/run/ingress.yaml"]); !strings.Contains(got, "ingressClassName: traefik\n") {
		t.Errorf("the Ingress has another class:\n%s", got)
	}
}
