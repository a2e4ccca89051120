package stories

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/standtest"
)

// attempt is an object that is allowed, and one change by which it isn't any more.
type attempt struct{ name, allowed, old, forbidden, refused string }

const (
	service = `{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {a.example/b: c}}, spec: {type: ClusterIP, selector: {a: b}, ports: [{port: 80}]}}`
	link    = `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: ExternalName, externalName: web.staging.svc.cluster.local}}`
	ingress = `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/proxy-body-size: "8m"}},
  spec: {tls: [{hosts: [web-direct.preview.example.dev]}], rules: [{host: direct.preview.example.dev,
    http: {paths: [{path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}}`
	route = `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: web, annotations: {previewset.dev/a: b}},
  spec: {hostnames: [direct.preview.example.dev], parentRefs: [{kind: Gateway, name: a, namespace: ingress-nginx}], rules: [{
    backendRefs: [{name: web, namespace: preview-direct, port: 80, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: mine}}}]}],
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy}}}]}]}}`
	denied = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: default-deny, annotations: {argocd.argoproj.io/sync-options: Prune=false}},
  spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}`
	leaving = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, policyTypes: [Egress], egress: [
  {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: staging}}, podSelector: {matchLabels: {app.kubernetes.io/name: web}}}], ports: [{port: 8080}]}]}}`
	resolving = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, policyTypes: [Egress], egress: [
  {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53}]}]}}`
	entering = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, policyTypes: [Ingress], ingress: [
  {from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}, {podSelector: {}}], ports: [{port: http}]}]}}`
	podTemplate = `{metadata: {labels: {a: b}}, spec: {automountServiceAccountToken: false, restartPolicy: RESTART, containers: [{name: a, image: a}],
  volumes: [{name: a, projected: {sources: [{configMap: {name: a}}]}}]}}`
	secret = `{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {kubernetes.io/service-account.name: default}}, type: example.dev/any}`
	claim  = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, annotations: {argocd.argoproj.io/tracking-id: "preview-direct:/a"}, labels: {app.kubernetes.io/instance: preview-direct}},
  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`
	// No story has an environment of that name: of a namespace that is going everything is allowed.
	namespace = `{apiVersion: v1, kind: Namespace, metadata: {name: preview-nobodys, labels: {previewset.dev/preview: "true", pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.31}}}`
)

func attempts() []attempt {
	const (
		opens     = "opens more to the preview's Pods than guardrails and links do"
		opened    = "opens the preview's Pods to more than guardrails do"
		isNot     = "isn't the one of guardrails any more"
		mounts    = "mounts a service account's token; remove that volume"
		gives     = "gives its Pods a service account's token; write automountServiceAccountToken: false"
		labels    = "Namespace preview-nobodys needs label pod-security.kubernetes.io/enforce: restricted"
		annotated = "or a value of it, that isn't allowed"
		elsewhere = " is in namespace \"preview-direct\", not preview-b"
	)
	all := []attempt{
		{"a Service of type LoadBalancer", service, "ClusterIP", "LoadBalancer", "Service web is of type LoadBalancer; make it ClusterIP"},
		{"a Service of type NodePort", service, "ClusterIP", "NodePort", "Service web is of type NodePort"},
		{"external IPs", service, "selector:", "externalIPs: [192.0.2.1], selector:", "Service web has externalIPs; remove them"},
		{"another controller's name", service, "a.example/b", "external-dns.alpha.kubernetes.io/hostname", "which reaches beyond its namespace"},
		{"a link to another namespace", link, "staging", "prod", `Service web leads to "web.prod.svc.cluster.local"; only`},
		{"a link out of the cluster", link, "web.staging.svc.cluster.local", "metadata.google.internal", `leads to "metadata.google.internal"`},
		{"a link to an address", link, "web.staging.svc.cluster.local", "169.254.169.254", `leads to "169.254.169.254"`},
		{"a link to a name that only begins like one", link, "cluster.local", "cluster.local.evil.test", `leads to "web.staging.svc.cluster.local.evil.test"`},
		{"a link to a Pod's name", link, "web.staging", "db-0.db.staging", `leads to "db-0.db.staging.svc.cluster.local"`},

		{"another environment's host", ingress, "host: direct.", "host: victim.", `Ingress web has host "victim.preview.example.dev", which isn't one of direct; label it`},
		{"a host that may be another environment's", ingress, "host: direct.", "host: b-direct.", `has host "b-direct.preview.example.dev"`},
		{"the host of a service that isn't public", ingress, "host: direct.", "host: orders-direct.", `has host "orders-direct.preview.example.dev"`},
		{"the service's own host", ingress, "host: direct.", "host: generator.", `has host "generator.preview.example.dev"`},
		{"a host below its own", ingress, "host: direct.", "host: a.direct.", `has host "a.direct.preview.example.dev"`},
		{"a host of another domain", ingress, "host: direct.preview.example.dev", "host: www.acme.example", `has host "www.acme.example"`},
		{"every host", ingress, "host: direct.preview.example.dev", "host: '*.preview.example.dev'", `has host "*.preview.example.dev"`},
		{"no host", ingress, "host: direct.preview.example.dev,", "", `Ingress web has host ""`},
		{"no hosts of a certificate", ingress, "hosts: [web-direct.preview.example.dev]", "secretName: a", `Ingress web has host ""`},
		{"a certificate's host", ingress, "web-direct.", "victim.", `has host "victim.preview.example.dev"`},
		{"a default backend", ingress, "spec: {tls", "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}, tls", "Ingress web has a defaultBackend, which serves every host"},
		{"a snippet", ingress, "proxy-body-size", "configuration-snippet", annotated},
		{"authentication elsewhere", ingress, "proxy-body-size", "auth-url", annotated},
		{"another name", ingress, "proxy-body-size", "server-alias", annotated},
		{"another controller's snippet", ingress, "nginx.ingress.kubernetes.io/proxy-body-size", "haproxy.org/backend-config-snippet", annotated},
		{"another controller's middleware", ingress, "nginx.ingress.kubernetes.io/proxy-body-size", "traefik.ingress.kubernetes.io/router.middlewares", annotated},
		{"a DNS record", ingress, "nginx.ingress.kubernetes.io/proxy-body-size", "external-dns.alpha.kubernetes.io/hostname", annotated},
		{"code in a harmless annotation", ingress, `"8m"`, `"8m; } location / { return 200; "`, annotated},
		{"code in a path", ingress, "path: /a,", "path: '/a { return 200; }',", `has path "/a { return 200; }", which isn't a plain path`},

		{"a route of another environment's host", route, "hostnames: [direct.", "hostnames: [victim.", `HTTPRoute web has host "victim.preview.example.dev", which isn't one of direct`},
		{"a route of a second host", route, "hostnames: [", "hostnames: ['*.preview.example.dev', ", `has host "*.preview.example.dev"`},
		{"a route of no host", route, "hostnames: [direct.preview.example.dev], ", "", `HTTPRoute web has host ""`},
		{"a route to another namespace", route, "name: web, namespace: preview-direct", "name: web, namespace: prod", "HTTPRoute web sends requests to namespace prod"},
		{"a route that copies requests", route, "{name: copy}", "{name: copy, namespace: prod}", "sends requests to namespace prod"},
		{"a backend that copies requests", route, "{name: mine}", "{name: mine, namespace: prod}", "sends requests to namespace prod"},
		{"a Gateway elsewhere", route, "namespace: ingress-nginx", "namespace: prod", "has a parent that isn't a Gateway of ingress-nginx"},
		{"a parent of another kind", route, "kind: Gateway", "kind: Service", "has a parent that isn't a Gateway"},
		{"an annotation of a route", route, "previewset.dev/a", "external-dns.alpha.kubernetes.io/target", annotated},

		{"a way out to all", leaving, "to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: staging}}, podSelector: {matchLabels: {app.kubernetes.io/name: web}}}], ", "", opens},
		{"a way out to a namespace", leaving, "name: staging", "name: prod", opens},
		{"a way out to all namespaces", leaving, "{matchLabels: {kubernetes.io/metadata.name: staging}}", "{}", opens},
		{"a way out to whoever has a label", leaving, "kubernetes.io/metadata.name: staging", "team: payments", opens},
		{"a way out by an expression", leaving, "staging}}", "staging}, matchExpressions: [{key: a, operator: DoesNotExist}]}", opens},
		{"a way out to all Pods", leaving, ", podSelector: {matchLabels: {app.kubernetes.io/name: web}}", "", opens},
		{"a way out to all ports", leaving, ", ports: [{port: 8080}]", "", opens},
		{"a way out to any port", leaving, "{port: 8080}", "{protocol: TCP}", opens},
		{"a way out to a range of ports", leaving, "port: 8080", "port: 1, endPort: 65535", opens},
		{"a way out to private addresses", leaving, "to: [{", "to: [{ipBlock: {cidr: 10.0.0.0/8}}, {", opens},
		{"a way out to a cloud's metadata", leaving, "to: [{", "to: [{ipBlock: {cidr: 169.254.169.254/32}}, {", opens},
		{"a way out to all addresses", leaving, "to: [{", "to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {", opens},
		{"a way out to half of them", leaving, "to: [{", "to: [{ipBlock: {cidr: 0.0.0.0/1}}, {", opens},
		{"a way out to all of IPv6", leaving, "to: [{", "to: [{ipBlock: {cidr: '::/0'}}, {", opens},
		{"a way to more than DNS", resolving, "port: 53", "port: 443", opens},
		{"a way in for all", entering, "from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}, {podSelector: {}}], ", "", opened},
		{"a way in from a namespace", entering, "name: ingress-nginx", "name: prod", opened},
		{"a way in from all namespaces", entering, "{matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}", "{}", opened},
		{"a way in for addresses", entering, "{podSelector: {}}", "{ipBlock: {cidr: 0.0.0.0/0}}", opened},
		{"a way in to all ports", entering, ", ports: [{port: http}]", "", opened},
		{"default-deny of some Pods", denied, "podSelector: {}", "podSelector: {matchLabels: {a: b}}", isNot},
		{"default-deny in one direction", denied, "[Ingress, Egress]", "[Ingress]", isNot},
		{"default-deny with a rule", denied, "podSelector: {}", "podSelector: {}, egress: [{to: [{podSelector: {}}]}]", isNot},
		{"default-deny that can be pruned", denied, "Prune=false", "Prune=true", isNot},

		{"a Secret with a token", secret, "example.dev/any", "kubernetes.io/service-account-token", "Secret a asks for a token of a service account"},
		{"an object of another preview's Application", claim, "preview-direct:/a", "preview-b:/a", "PersistentVolumeClaim a" + elsewhere},
		{"an object labelled as another preview's", claim, "instance: preview-direct", "instance: preview-b", "PersistentVolumeClaim a" + elsewhere},

		{"a Namespace that policies don't find", namespace, `previewset.dev/preview: "true", `, "", `Namespace preview-nobodys needs label previewset.dev/preview: "true"`},
		{"a Namespace that isn't restricted", namespace, "enforce: restricted", "enforce: baseline", labels},
		{"a Namespace without a level", namespace, "pod-security.kubernetes.io/enforce: restricted, ", "", labels},
		{"a Namespace of an old version", namespace, "v1.31", "v1.18", labels},
	}
	for kind, manifest := range workloads() {
		all = append(all,
			attempt{kind + " with a token", manifest, "automountServiceAccountToken: false, ", "", kind + " a " + gives},
			attempt{kind + " that asks for a token", manifest, "automountServiceAccountToken: false", "automountServiceAccountToken: true", kind + " a " + gives},
			attempt{kind + " that mounts a token", manifest, "configMap: {name: a}", "serviceAccountToken: {path: a}", kind + " a " + mounts})
	}
	return all
}

// workloads are the kinds of objects with a Pod template.
func workloads() map[string]string {
	always := strings.Replace(podTemplate, "RESTART", "Always", 1)
	never := strings.Replace(podTemplate, "RESTART", "Never", 1)
	return map[string]string{
		"Deployment":  fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}, template: %s}}", always),
		"StatefulSet": fmt.Sprintf("{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {serviceName: a, selector: {matchLabels: {a: b}}, template: %s}}", always),
		"Job":         fmt.Sprintf("{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: %s}}", never),
		"CronJob":     fmt.Sprintf("{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: '@daily', jobTemplate: {spec: {template: %s}}}}", never),
	}
}

// Each thing that nobody may have in a preview's namespace is refused by the API server with what to do, an administrator's too;
// and what differs from it in nothing but that is allowed.
func TestAdmissionHoldsTheNamespacesOfPreviews(t *testing.T) {
	t.Parallel()
	w := shared
	w.serveHTTPRoutes(t)
	w.makePreviewNamespace(t, "preview-direct", denied)
	for _, a := range attempts() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, w.try(t, "preview-direct", a.allowed), "")
			wantRefused(t, w.try(t, "preview-direct", standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden)), a.refused)
		})
	}
	t.Run("other namespaces are nobody's business", func(t *testing.T) {
		t.Parallel()
		var forbidden []string
		for _, a := range attempts() {
			if a.allowed != namespace {
				forbidden = append(forbidden, standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden))
			}
		}
		wantRefused(t, w.try(t, "default", strings.ReplaceAll(strings.Join(forbidden, "\n---\n"), "namespace: preview-direct", "namespace: default")), "")
	})
	t.Run("the wildcard route of the Gateway API is the service's own", func(t *testing.T) {
		t.Parallel()
		wildcard := w.installs(t, "generator/httproute.yaml")
		wantRefused(t, w.try(t, argocd.Namespace, wildcard), "")
		stolen := standtest.ReplaceOnce(t, wildcard, "namespace: argocd", "namespace: preview-direct")
		wantRefused(t, w.try(t, "preview-direct", stolen), `HTTPRoute preview-generator-wildcard has host "*.preview.example.dev", which isn't one of direct`)
	})
	t.Run("workloads without default-deny", func(t *testing.T) {
		t.Parallel()
		w.makePreviewNamespace(t, "preview-open", leaving)
		for _, manifest := range workloads() {
			wantRefused(t, w.try(t, "preview-open", manifest), "previewset-no-workload-without-networkpolicy-default-deny")
		}
	})
	t.Run("a Namespace that is restricted stays so", func(t *testing.T) {
		t.Parallel()
		label := func(labels ...string) error {
			_, err := w.Cluster.Kubectl(t.Context(), nil, append([]string{"label", "namespace", "preview-direct", "--overwrite", "--dry-run=server"}, labels...)...)
			return err
		}
		const refused = "Namespace preview-direct needs label pod-security.kubernetes.io/enforce: restricted"
		wantRefused(t, label("team=shop"), "")
		wantRefused(t, label("previewset.dev/preview-"), `Namespace preview-direct needs label previewset.dev/preview: "true"`)
		wantRefused(t, label("pod-security.kubernetes.io/enforce-"), refused)
		wantRefused(t, label("pod-security.kubernetes.io/enforce=privileged"), refused)
		wantRefused(t, label("pod-security.kubernetes.io/enforce-version=v1.0"), refused)
	})
}

// The API server finds nothing in the policies that no object could have.
func TestAdmissionPoliciesFitTheirKinds(t *testing.T) {
	t.Parallel()
	policies := shared.Cluster.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	shared.Eventually(t, standtest.Patience, "the policies are checked", func(ctx context.Context) error {
		list, err := policies.List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if len(list.Items) < 10 {
			return fmt.Errorf("there are %d policies", len(list.Items))
		}
		for i := range list.Items {
			p := &list.Items[i]
			if p.Status.ObservedGeneration != p.Generation || p.Status.TypeChecking == nil {
				return fmt.Errorf("%s isn't checked yet", p.Name)
			}
			for _, warning := range p.Status.TypeChecking.ExpressionWarnings {
				t.Errorf("%s: %s: %s", p.Name, warning.FieldRef, warning.Warning)
			}
		}
		return nil
	})
}

func (w *world) try(t *testing.T, namespace, manifest string) error {
	t.Helper()
	_, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(manifest), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--namespace="+namespace, "--filename=-")
	return err
}

// makePreviewNamespace makes a namespace as a preview's, with one NetworkPolicy, and deletes it when the story is over.
func (w *world) makePreviewNamespace(t *testing.T, name, policy string) {
	t.Helper()
	namespaces := w.Cluster.Client.CoreV1().Namespaces()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"previewset.dev/preview": "true", "pod-security.kubernetes.io/enforce": "restricted"}}}
	if _, err := namespaces.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := namespaces.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(policy), "create", "--namespace="+name, "--filename=-"); err != nil {
		t.Fatal(err)
	}
}

// serveHTTPRoutes makes the API server serve HTTPRoutes, with a definition that allows everything.
func (w *world) serveHTTPRoutes(t *testing.T) {
	t.Helper()
	if _, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(httpRoutes), "create", "--filename=-"); err != nil {
		t.Fatal(err)
	}
	w.Eventually(t, standtest.Patience, "HTTPRoutes are served", func(ctx context.Context) error {
		_, err := w.Cluster.Kubectl(ctx, nil, "get", "httproutes")
		return err
	})
}

const httpRoutes = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: httproutes.gateway.networking.k8s.io
  annotations: {api-approved.kubernetes.io: https://github.com/kubernetes-sigs/gateway-api/pull/3328}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: HTTPRoute, listKind: HTTPRouteList, plural: httproutes, singular: httproute}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
`
