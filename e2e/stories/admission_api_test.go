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

// The API server refuses each forbidden object in a preview's namespace, also an administrator's. It allows the same
// object without the forbidden part.
func TestAdmissionHoldsTheNamespacesOfPreviews(t *testing.T) {
	t.Parallel()
	w := shared
	w.serveHTTPRoutes(t)
	w.makePreviewNamespace(t, "preview-direct", defaultDeny)
	for _, a := range attempts() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, w.try(t, "preview-direct", a.allowed))
			wantRefused(t, w.try(t, "preview-direct", standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden)), a.refused...)
		})
	}
	t.Run("other namespaces have no such rules", func(t *testing.T) {
		t.Parallel()
		var forbidden []string
		for _, a := range attempts() {
			if a.allowed != previewNamespace {
				forbidden = append(forbidden, standtest.ReplaceOnce(t, a.allowed, a.old, a.forbidden))
			}
		}
		all := strings.ReplaceAll(strings.Join(forbidden, "\n---\n"), "namespace: preview-direct", "namespace: default")
		wantRefused(t, w.try(t, "default", all))
	})
	t.Run("only the service has the wildcard route of the Gateway API", func(t *testing.T) {
		t.Parallel()
		wildcard := w.installs(t, "generator/httproute.yaml")
		wantRefused(t, w.try(t, argocd.Namespace, wildcard))
		stolen := standtest.ReplaceOnce(t, wildcard, "namespace: argocd", "namespace: preview-direct")
		wantRefused(t, w.try(t, "preview-direct", stolen), "HTTPRoute preview-generator-wildcard", `"*.preview.example.dev"`)
	})
	t.Run("workloads without default-deny", func(t *testing.T) {
		t.Parallel()
		w.makePreviewNamespace(t, "preview-open", otherPolicy)
		for _, manifest := range workloads() {
			wantRefused(t, w.try(t, "preview-open", manifest), "previewset-no-workload-without-networkpolicy-default-deny")
		}
	})
	t.Run("a restricted Namespace stays restricted", func(t *testing.T) {
		t.Parallel()
		label := func(labels ...string) error {
			args := append([]string{"label", "namespace", "preview-direct", "--overwrite", "--dry-run=server"}, labels...)
			_, err := w.Cluster.Kubectl(t.Context(), nil, args...)
			return err
		}
		const enforce = "pod-security.kubernetes.io/enforce"
		wantRefused(t, label("team=shop"))
		wantRefused(t, label("previewset.dev/preview-"), "Namespace preview-direct", "previewset.dev/preview")
		wantRefused(t, label(enforce+"-"), "Namespace preview-direct", enforce)
		wantRefused(t, label(enforce+"=privileged"), "Namespace preview-direct", enforce)
		wantRefused(t, label(enforce+"-version=v1.0"), "Namespace preview-direct", enforce)
	})
}

// The API server's type check of the policies finds no mistake.
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

// try has the API server check an object as if it was applied.
func (a admissionTester) try(t *testing.T, namespace, manifest string) error {
	t.Helper()
	_, err := a.stand.Cluster.Kubectl(t.Context(), strings.NewReader(manifest),
		"apply", "--server-side", "--force-conflicts", "--dry-run=server", "--namespace="+namespace, "--filename=-")
	return err
}

// otherPolicy is a NetworkPolicy that denies nothing by default.
const otherPolicy = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a},
  spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: 8080}]}]}}`

// makePreviewNamespace creates a namespace like a preview's, with one NetworkPolicy, and deletes it after the story.
func (a admissionTester) makePreviewNamespace(t *testing.T, name, policy string) {
	t.Helper()
	namespaces := a.stand.Cluster.Client.CoreV1().Namespaces()
	labels := map[string]string{"previewset.dev/preview": "true", "pod-security.kubernetes.io/enforce": "restricted"}
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := namespaces.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := namespaces.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	if _, err := a.stand.Cluster.Kubectl(t.Context(), strings.NewReader(policy), "create", "--namespace="+name, "--filename=-"); err != nil {
		t.Fatal(err)
	}
}

// serveHTTPRoutes makes the API server serve HTTPRoutes. Their definition allows every specification.
func (a admissionTester) serveHTTPRoutes(t *testing.T) {
	t.Helper()
	if _, err := a.stand.Cluster.Kubectl(t.Context(), strings.NewReader(httpRoutes), "create", "--filename=-"); err != nil {
		t.Fatal(err)
	}
	a.stand.Eventually(t, standtest.Patience, "HTTPRoutes are served", func(ctx context.Context) error {
		_, err := a.stand.Cluster.Kubectl(ctx, nil, "get", "httproutes")
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
