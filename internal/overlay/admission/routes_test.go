package admission

import "testing"

// The objects that the changes are made in.
const (
	ingressOfRoute = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: " +
		"{nginx.ingress.kubernetes.io/ssl-redirect: 'true', example.test/one: b, example.dev/two: c}}, " +
		"spec: {rules: [{host: web-pr-7.preview.test, http: {paths: [{path: /a}]}}]}}"
	httpRoute = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, " +
		"spec: {hostnames: [web-pr-7.preview.test], parentRefs: [{name: a, namespace: ingress-nginx}], " +
		"rules: [{backendRefs: [{name: b, filters: [{requestMirror: {backendRef: {name: c}}}]}], " +
		"filters: [{requestMirror: {backendRef: {name: d}}}]}]}}"
	refusedAnnotationValue = ", or a value of it, that isn't allowed; remove it, or ask the platform team"
)

// routeChanges are the fields of routes that the policies refuse.
var routeChanges = []refusedChange{
	{
		"a default backend", ingressOfRoute,
		"spec: {", "spec: {defaultBackend: {}, ",
		"Ingress a has a defaultBackend, which serves every host; write a rule with path / in its place",
	},
	{
		"a snippet", ingressOfRoute,
		"ssl-redirect", "server-snippet",
		"Ingress a has annotation nginx.ingress.kubernetes.io/server-snippet" + refusedAnnotationValue,
	},
	{
		"code in a value", ingressOfRoute,
		"'true'", "'true; }'",
		"Ingress a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + refusedAnnotationValue,
	},
	{
		"an annotation like an allowed one", ingressOfRoute,
		"example.test/one", "example.test/one-more",
		"Ingress a has annotation example.test/one-more" + refusedAnnotationValue,
	},
	{
		"code in a path", ingressOfRoute,
		"path: /a", "path: '/a {'",
		`Ingress a has path "/a {", which isn't a plain path; write one that starts with /`,
	},
	{
		"a backend in another namespace", httpRoute,
		"{name: b,", "{name: b, namespace: prod,",
		"HTTPRoute a sends requests to namespace prod; only Services of its own namespace are allowed",
	},
	{
		"a mirror of a backend in another namespace", httpRoute,
		"{name: c}", "{name: c, namespace: prod}",
		"HTTPRoute a sends requests to namespace prod",
	},
	{
		"a mirror of a rule in another namespace", httpRoute,
		"{name: d}", "{name: d, namespace: prod}",
		"HTTPRoute a sends requests to namespace prod",
	},
	{
		"a Gateway in another namespace", httpRoute,
		"namespace: ingress-nginx", "namespace: prod",
		"HTTPRoute a has a parent that isn't a Gateway of ingress-nginx; name one of those in parentRefs",
	},
	{
		"a parent of another kind", httpRoute,
		"{name: a, namespace", "{name: a, kind: Service, namespace",
		"HTTPRoute a has a parent that isn't a Gateway",
	},
	{
		"an annotation of ingress-nginx on an HTTPRoute", httpRoute,
		"{name: a}, spec", "{name: a, annotations: {nginx.ingress.kubernetes.io/ssl-redirect: a}}, spec",
		"HTTPRoute a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + refusedAnnotationValue,
	},
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	wantRefused(t, routeChanges)
}
