package overlay

import (
	"io/fs"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/preview"
)

// What the admission policies refuse, check refuses with their words: an object that is allowed, and one change by which it
// isn't. That the API server says the same is the business of e2e/stories.
func TestCheckFindsWhatAdmissionRefuses(t *testing.T) {
	t.Parallel()
	const (
		service = "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {a.example/b: c}}, spec: {type: ClusterIP, selector: {a: b}}}"
		link    = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, externalName: a.staging.svc.cluster.local}}"
		ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/ssl-redirect: 'true', example.test/one: b, example.dev/two: c}}, " +
			"spec: {tls: [{hosts: [web-web-pr-7.preview.test]}], rules: [{host: web-pr-7.preview.test, http: {paths: [{path: /a}]}}]}}"
		route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [web-pr-7.preview.test], " +
			"parentRefs: [{name: a, namespace: ingress-nginx}], rules: [{backendRefs: [{name: b, filters: [{requestMirror: {backendRef: {name: c}}}]}], filters: [{requestMirror: {backendRef: {name: d}}}]}]}}"
		leaving = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, egress: [{to: [{podSelector: {}}, " +
			"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: staging}}, podSelector: {matchLabels: {a: b}}}], ports: [{port: 53}]}, " +
			"{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: '::/0', except: [fc00::/7]}}, {ipBlock: {cidr: 169.254.20.10/32}}]}]}}"
		entering = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}, " +
			"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}], ports: [{port: http}]}]}}"
		job    = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {automountServiceAccountToken: false, volumes: [{projected: {sources: [{configMap: {}}]}}]}}}}}}"
		secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: example.test/any}"

		opens  = "NetworkPolicy a opens more to the preview's Pods than guardrails and links do; remove that rule of egress"
		opened = "NetworkPolicy a opens the preview's Pods to more than guardrails do; remove that rule of ingress"
		elsew  = "only <service>.staging.svc.cluster.local and <service>.preview-<environment>.svc.cluster.local are allowed"
		annot  = ", or a value of it, that isn't allowed; remove it, or ask the platform team"
	)
	for _, tt := range []struct{ name, object, old, refused, want string }{
		{"a type", service, "ClusterIP", "NodePort", "Service a is of type NodePort; make it ClusterIP: what is public has an Ingress or HTTPRoute"},
		{"addresses", service, "selector", "externalIPs: [192.0.2.1], selector", "Service a has externalIPs; remove them"},
		{"a name elsewhere", service, "a.example/b", "external-dns.alpha.kubernetes.io/hostname", "Service a has annotation external-dns.alpha.kubernetes.io/hostname, which reaches beyond its namespace; remove it"},
		{"another namespace", link, "a.staging", "a.prod", `Service a leads to "a.prod.svc.cluster.local"; ` + elsew},
		{"another domain", link, "cluster.local", "cluster.local.test", elsew},
		{"no host", ingress, "host: web-pr-7.preview.test,", "", `Ingress a has host "", which isn't one of web-pr-7`},
		{"every host of the domain", ingress, "host: web-pr-7.preview.test", "host: '*.preview.test'", `Ingress a has host "*.preview.test", which isn't one of web-pr-7`},
		{"every host of the domain by a route", route, "[web-pr-7.preview.test]", "['*.preview.test']", `HTTPRoute a has host "*.preview.test", which isn't one of web-pr-7`},
		{"no host of a certificate", ingress, "hosts: [web-web-pr-7.preview.test]", "secretName: a", `Ingress a has host "", which isn't one of web-pr-7`},
		{"the host of a service that isn't public", ingress, "web-web-pr-7", "api-web-pr-7", `Ingress a has host "api-web-pr-7.preview.test", which isn't one of web-pr-7`},
		{"a default backend", ingress, "spec: {", "spec: {defaultBackend: {}, ", "Ingress a has a defaultBackend, which serves every host; write a rule with path / in its place"},
		{"a snippet", ingress, "ssl-redirect", "server-snippet", "Ingress a has annotation nginx.ingress.kubernetes.io/server-snippet" + annot},
		{"code in a value", ingress, "'true'", "'true; }'", "Ingress a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + annot},
		{"an annotation like an allowed one", ingress, "example.test/one", "example.test/one-more", "Ingress a has annotation example.test/one-more" + annot},
		{"code in a path", ingress, "path: /a", "path: '/a {'", `Ingress a has path "/a {", which isn't a plain path; write one that starts with /`},
		{"no hostnames", route, "hostnames: [web-pr-7.preview.test], ", "", `HTTPRoute a has host "", which isn't one of web-pr-7`},
		{"a backend elsewhere", route, "{name: b,", "{name: b, namespace: prod,", "HTTPRoute a sends requests to namespace prod; only Services of its own namespace are allowed"},
		{"a copy of a backend's", route, "{name: c}", "{name: c, namespace: prod}", "HTTPRoute a sends requests to namespace prod"},
		{"a copy elsewhere", route, "{name: d}", "{name: d, namespace: prod}", "HTTPRoute a sends requests to namespace prod"},
		{"a Gateway elsewhere", route, "namespace: ingress-nginx", "namespace: prod", "HTTPRoute a has a parent that isn't a Gateway of ingress-nginx; name one of those in parentRefs"},
		{"another parent", route, "{name: a, namespace", "{name: a, kind: Service, namespace", "HTTPRoute a has a parent that isn't a Gateway"},
		{"a route's annotation", route, "{name: a}, spec", "{name: a, annotations: {nginx.ingress.kubernetes.io/ssl-redirect: a}}, spec", "HTTPRoute a has annotation nginx.ingress.kubernetes.io/ssl-redirect" + annot},
		{"a way out to all", leaving, "egress: [", "egress: [{}, ", opens},
		{"a way out to a namespace", leaving, "name: staging", "name: prod", opens},
		{"a way out to more than DNS", leaving, "name: staging}}, podSelector: {matchLabels: {a: b}}}], ports: [{port: 53}", "name: kube-system}}, podSelector: {matchLabels: {a: b}}}], ports: [{port: 54}", opens},
		{"a way out to a label", leaving, "kubernetes.io/metadata.name: staging", "team: a", opens},
		{"a way out by an expression", leaving, "staging}}", "staging}, matchExpressions: [{key: a, operator: Exists}]}", opens},
		{"a way out to all Pods", leaving, ", podSelector: {matchLabels: {a: b}}", "", opens},
		{"a way out to all ports", leaving, ", ports: [{port: 53}]", "", opens},
		{"a way out to a range of ports", leaving, "{port: 53}", "{port: 53, endPort: 54}", opens},
		{"a way out to private addresses", leaving, "169.254.20.10/32", "169.254.0.0/16", opens},
		{"a way out to all of IPv4", leaving, ", except: [10.0.0.0/8]", "", opens},
		{"a way out to all of IPv6", leaving, "fc00::/7", "fe80::/10", opens},
		{"a way in for all", entering, "ingress: [", "ingress: [{}, ", opened},
		{"a way in from a namespace", entering, "ingress-nginx", "prod", opened},
		{"a way in from addresses", entering, "from: [{podSelector: {}}", "from: [{ipBlock: {cidr: 0.0.0.0/0}}", opened},
		{"a way in to all ports", entering, ", ports: [{port: http}]", "", opened},
		{"Pods with a token", job, "automountServiceAccountToken: false, ", "", "CronJob a gives its Pods a service account's token; write automountServiceAccountToken: false into its Pod template"},
		{"a mounted token", job, "configMap", "serviceAccountToken", "CronJob a mounts a service account's token; remove that volume"},
		{"a token", secret, "example.test/any", "kubernetes.io/service-account-token", "Secret a asks for a token of a service account; previews have none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if n := strings.Count(tt.object, tt.old); n != 1 {
				t.Fatalf("%q is there %d times", tt.old, n)
			}
			if got := problemsOf(t, tt.object); len(got) > 0 {
				t.Errorf("the allowed one: %v", got)
			}
			wantProblem(t, problemsOf(t, strings.Replace(tt.object, tt.old, tt.refused, 1)), tt.want)
		})
	}
}

// problemsOf are those of an object in an environment of the shop.
func problemsOf(t *testing.T, manifest string) preview.Problems {
	t.Helper()
	r := shop(t, nil)
	admission, policy := r.projects().admission, config(t, r).Policy
	admission.prefix = policy.NamespacePrefix
	v := verdict{objects: []object{
		objectFrom(t, manifest),
		objectFrom(t, "{kind: NetworkPolicy, metadata: {name: default-deny, annotations: {argocd.argoproj.io/sync-options: Prune=false}}, spec: {policyTypes: [Ingress, Egress]}}"),
	}}
	v.assertAdmitted(&admission)
	v.assertHosts(policy, preview.Row{Name: "web-pr-7"})
	return v.problems
}

func objectFrom(t *testing.T, manifest string) object {
	t.Helper()
	var o object
	if err := yaml.Unmarshal([]byte(manifest), &o.fields); err != nil {
		t.Fatal(err)
	}
	o.kind, o.name, o.namespace = o.text("kind"), o.text("metadata", "name"), "preview-web-pr-7"
	return o
}

func TestCheckFindsOverlaysThatUndoGuardrails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, patch, want string }{
		{"no default-deny", `{patch: '{"$patch": delete, apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: default-deny}}'}`, "NetworkPolicy default-deny is missing"},
		{"another default-deny", `{target: {kind: NetworkPolicy}, patch: '[{"op": "replace", "path": "/spec/policyTypes", "value": ["Ingress"]}]'}`, "NetworkPolicy default-deny isn't the one of guardrails any more; leave it as it is there"},
		{"one that is pruned", `{target: {kind: NetworkPolicy}, patch: '[{"op": "remove", "path": "/metadata/annotations"}]'}`, "NetworkPolicy default-deny isn't the one of guardrails any more"},
		{"less Pod Security", `{target: {kind: Namespace}, patch: '[{"op": "replace", "path": "/metadata/labels/pod-security.kubernetes.io~1enforce", "value": "baseline"}]'}`, "Namespace preview-web-pr-7 needs label pod-security.kubernetes.io/enforce: restricted, and no enforce-version before v1.25; leave"},
		{"old Pod Security", `{target: {kind: Namespace}, patch: '[{"op": "add", "path": "/metadata/labels/pod-security.kubernetes.io~1enforce-version", "value": "v1.24"}]'}`, "needs label pod-security.kubernetes.io/enforce: restricted"},
		{"no mark", `{target: {kind: Namespace}, patch: '[{"op": "remove", "path": "/metadata/labels/previewset.dev~1preview"}]'}`, `Namespace preview-web-pr-7 needs label previewset.dev/preview: "true"; leave the labels`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checked(t, shop(t, map[string]string{"overlays/web-pr-7/kustomization.yaml": "resources: [../preview]\npatches:\n- " + tt.patch}))
			wantProblem(t, got.Problems, "overlays/web-pr-7/kustomization.yaml", tt.want)
		})
	}
}

func TestCheckComparesThePoliciesWithTheConfiguration(t *testing.T) {
	t.Parallel()
	const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: previewset-admission}\ndata: {domain: preview.test, publicServices: web, baseline: staging, ingress: a}\n"
	const policy = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: a}\nspec: {matchConditions: [{expression: 'name.startsWith(\"preview-\")'}]}\n"
	for _, tt := range []struct{ name, content, old, other, want string }{
		{"the domain", settings, "preview.test", "preview.example", `data.domain: is "preview.example", but previewset.yaml says "preview.test"; write that here too`},
		{"the baseline", settings, "staging", "prod", `data.baseline: is "prod", but previewset.yaml says "staging"`},
		{"a public service more", settings, "web", "web api", `data.publicServices: is "web api", but previewset.yaml says "web"`},
		{"a public service less", settings, "web", "''", `data.publicServices: is "", but previewset.yaml says "web"`},
		{"the prefix", policy, "preview-", "pr-", `doesn't look for namespaces that start with "preview-"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := shop(t, map[string]string{"appsets/zz.yaml": strings.Replace(tt.content, tt.old, tt.other, 1)})
			admission := r.projects().admission
			got := admission.differences(config(t, r).Policy)
			wantProblem(t, got, "appsets", tt.want)
		})
	}
}

// Every policy of the example is in force, denies, fails closed, and looks for its parameter in previews alone.
func TestAdmissionPoliciesDeny(t *testing.T) {
	t.Parallel()
	bound := map[string]bool{}
	policies := map[string]object{}
	for _, o := range admissionObjects(t) {
		switch o.text("kind") {
		case "ValidatingAdmissionPolicy":
			policies[o.text("metadata", "name")] = o
			if got := o.text("spec", "failurePolicy"); got != "Fail" {
				t.Errorf("%s: failurePolicy is %q", o.text("metadata", "name"), got)
			}
		case "ValidatingAdmissionPolicyBinding":
			name := o.text("spec", "policyName")
			bound[name] = true
			if got := texts(o.at("spec", "validationActions")); len(got) != 1 || got[0] != "Deny" {
				t.Errorf("%s: validationActions are %q", name, got)
			}
			labels := o.under("spec", "matchResources", "namespaceSelector", "matchLabels")
			if o.at("spec", "paramRef") != nil && labels.text("previewset.dev/preview") != "true" {
				t.Errorf("%s: a missing parameter would deny everything in the cluster", name)
			}
		}
	}
	for name := range policies {
		if !bound[name] {
			t.Errorf("%s has no binding", name)
		}
	}
	if len(policies) != 10 {
		t.Errorf("there are %d policies, want 10", len(policies))
	}
}

func admissionObjects(t *testing.T) []object {
	t.Helper()
	files, err := fs.Glob(previewset.Example, "appsets/admission/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []object
	for _, file := range files {
		content, err := fs.ReadFile(previewset.Example, file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			found = append(found, objectFrom(t, document))
		}
	}
	return found
}
