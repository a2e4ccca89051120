package admission

import "testing"

func TestRoutes(t *testing.T) {
	t.Parallel()
	const (
		ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: " +
			"{nginx.ingress.kubernetes.io/ssl-redirect: 'true', example.test/one: b, example.dev/two: c}}, " +
			"spec: {rules: [{host: web-pr-7.preview.test, http: {paths: [{path: /a}]}}]}}"
		route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, " +
			"spec: {hostnames: [web-pr-7.preview.test], parentRefs: [{name: a, namespace: ingress-nginx}], " +
			"rules: [{backendRefs: [{name: b, filters: [{requestMirror: {backendRef: {name: c}}}]}], " +
			"filters: [{requestMirror: {backendRef: {name: d}}}]}]}}"
		annot = ", or a value of it, that isn't allowed; remove it, or ask the platform team"
	)
	wantRefused(t, []refusedChange{
		{
			"a default backend", ingress,
			"spec: {", "spec: {defaultBackend: {}, ",
			"Ingress a has a defaultBackend, which serves every host; write a rule with path / in its place",
		},
		{
			"a snippet", ingress,
			"ssl-redirect", "server-snippet",
			"Ingress a has annotation nginx.ingress.kubernetes.io/server-snippet" + annot,
		},
		{
			"code in a value", ingress,
			"'true'", "'true; }'",
			"Ingress a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + annot,
		},
		{
			"an annotation like an allowed one", ingress,
			"example.test/one", "example.test/one-more",
			"Ingress a has annotation example.test/one-more" + annot,
		},
		{
			"code in a path", ingress,
			"path: /a", "path: '/a {'",
			`Ingress a has path "/a {", which isn't a plain path; write one that starts with /`,
		},
		{
			"a backend in another namespace", route,
			"{name: b,", "{name: b, namespace: prod,",
			"HTTPRoute a sends requests to namespace prod; only Services of its own namespace are allowed",
		},
		{
			"a mirror of a backend in another namespace", route,
			"{name: c}", "{name: c, namespace: prod}",
			"HTTPRoute a sends requests to namespace prod",
		},
		{
			"a mirror of a rule in another namespace", route,
			"{name: d}", "{name: d, namespace: prod}",
			"HTTPRoute a sends requests to namespace prod",
		},
		{
			"a Gateway in another namespace", route,
			"namespace: ingress-nginx", "namespace: prod",
			"HTTPRoute a has a parent that isn't a Gateway of ingress-nginx; name one of those in parentRefs",
		},
		{
			"a parent of another kind", route,
			"{name: a, namespace", "{name: a, kind: Service, namespace",
			"HTTPRoute a has a parent that isn't a Gateway",
		},
		{
			"an annotation of ingress-nginx on an HTTPRoute", route,
			"{name: a}, spec", "{name: a, annotations: {nginx.ingress.kubernetes.io/ssl-redirect: a}}, spec",
			"HTTPRoute a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + annot,
		},
	})
}
