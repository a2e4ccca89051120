package clusterrules_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const (
	routedWorkload = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}},
  template: {metadata: {labels: {app: web, public: "yes"}}, spec: {containers: [
    {name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}}}}`
	routedService = `{apiVersion: v1, kind: Service, metadata: {name: web},
  spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}}`
	route = `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: {rules: [{host: a.test,
  http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}}`
	gatewayRoute = `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: web}, spec: {rules: [
  {backendRefs: [{name: web, port: 80}]}]}}`
	deny  = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {}}}`
	admit = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: admit}, spec: {
  podSelector: {matchLabels: {public: "yes"}}, ingress: [{ports: [{port: http}],
  from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]}]}}`
)

func TestProblemsFindDeadRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, replacement string
		want                   string // words of the one problem for each route
	}{
		{"all is well", "", "", ""},
		{"no such Service", "kind: Service, metadata: {name: web}", "kind: Service, metadata: {name: other}", "isn't there"},
		{
			"a linked Service", "spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}",
			"spec: {type: ExternalName, externalName: web.staging.svc.cluster.local}", "is linked here",
		},
		{"no such port", "port: 80, targetPort", "port: 81, targetPort", "leads to port 80, which Service web doesn't have"},
		{"a Pod without the label", `, public: "yes"}}, spec`, "}}, spec", "no NetworkPolicy admits"},
		{"another port", "name: http, containerPort", "name: admin, containerPort", "no container of Deployment web has a port"},
		{"another namespace", "metadata.name: ingress-nginx", "metadata.name: traefik", "port 8080 of Deployment web"},
		{"another admitted port", "ports: [{port: http}]", "ports: [{port: 9090}]", "no NetworkPolicy admits"},
		{"the port by number", "ports: [{port: http}]", "ports: [{port: 8080}]", ""},
		{"the port in a range", "ports: [{port: http}]", "ports: [{port: 8000, endPort: 9000}]", ""},
		{"another protocol", "ports: [{port: http}]", "ports: [{port: http, protocol: UDP}]", "no NetworkPolicy admits"},
		{"every namespace", "{matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}", "{}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []string{route, gatewayRoute} {
				var objects []manifest.Object
				for _, text := range []string{routedWorkload, routedService, r, deny, admit} {
					objects = append(objects, parse(t, strings.Replace(text, tt.old, tt.replacement, 1)))
				}
				b := clusterrules.NewBuild(objects)
				b.IngressNamespace = "ingress-nginx"
				wantProblem(t, b.Problems(), tt.want)
			}
		})
	}
}

// wantProblem fails unless there is one problem with some words, or without words none.
func wantProblem(t *testing.T, got []clusterrules.Problem, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0, want != "" && len(got) != 1:
		t.Errorf("problems: %v", got)
	case want != "" && (!strings.Contains(got[0].String(), want) || got[0].Remedy == ""):
		t.Errorf("problem %q doesn't say %q", got[0], want)
	}
}
