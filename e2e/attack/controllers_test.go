package attack

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/standtest"
)

// Kubernetes' scheduler and controllers bind a claim to a volume. Argo CD's update keeps what they wrote.
func TestAdmissionLetsControllersBindClaims(t *testing.T) {
	t.Parallel()
	const namespace = "preview-controllers"
	makeNamespace(t, namespace, guardrails()...)
	if err := api.create(t.Context(), namespace, claim); err != nil {
		t.Fatal(err)
	}
	written := standtest.ReplaceOnce(t, claim, "spec: {", "spec: {storageClassName: standard, ")
	for _, step := range []struct{ account, old, added string }{
		{scheduler, "annotations: {", "volume.kubernetes.io/selected-node: node-1, "},
		{volumeBinder, "annotations: {", "volume.kubernetes.io/storage-provisioner: test.previewset.dev, "},
		{volumeBinder, "annotations: {", "volume.beta.kubernetes.io/storage-provisioner: test.previewset.dev, "},
		{volumeBinder, "annotations: {", "pv.kubernetes.io/bound-by-controller: 'yes', "},
		{volumeBinder, "annotations: {", "pv.kubernetes.io/bind-completed: 'yes', "},
		{volumeBinder, "storageClassName: standard, ", "volumeName: pv-1, "},
		{volumeProtection, "metadata: {", "finalizers: [kubernetes.io/pvc-protection], "},
	} {
		next := standtest.ReplaceOnce(t, written, step.old, step.old+step.added)
		if !strings.Contains(step.added, "pvc-protection") { // the API server adds this one to each claim
			wantRefused(t, api.tryApply(t.Context(), namespace, next), "PersistentVolumeClaim a")
		}
		if err := api.as(t, step.account).update(t.Context(), namespace, next); err != nil {
			t.Errorf("%s writes %q: %v", step.account, step.added, err)
		}
		wantRefused(t, api.tryApply(t.Context(), namespace, next))
		written = next
	}
	moved := standtest.ReplaceOnce(t, written, "selected-node: node-1", "selected-node: node-2")
	wantRefused(t, api.tryApply(t.Context(), namespace, moved), "volume.kubernetes.io/selected-node")
	if err := api.as(t, scheduler).update(t.Context(), namespace, moved); err != nil {
		t.Error(err)
	}
}

// Controllers may write annotations of routes, but no host. The settings name controllers that aren't Kubernetes' own.
func TestAdmissionLetsControllersAnnotateRoutes(t *testing.T) {
	t.Parallel()
	const (
		namespace = "preview-annotated"
		published = "field.cattle.io/publicEndpoints: a, "
	)
	makeNamespace(t, namespace, guardrails()...)
	for kind, text := range map[string]string{"Ingress web": ingress, "HTTPRoute web": route} {
		own := strings.ReplaceAll(text, "direct.preview.example.dev", "annotated.preview.example.dev")
		own = strings.ReplaceAll(own, "namespace: "+direct, "namespace: "+namespace)
		if err := api.create(t.Context(), namespace, own); err != nil {
			t.Fatal(err)
		}
		annotated := standtest.ReplaceOnce(t, own, "annotations: {", "annotations: {"+published)
		stolen := strings.ReplaceAll(annotated, "annotated.preview", "victim.preview")
		wantRefused(t, api.tryApply(t.Context(), namespace, annotated), kind, "field.cattle.io/publicEndpoints")
		for _, account := range []string{rancher, "system:serviceaccount:kube-system:service-controller"} {
			wantRefused(t, api.as(t, account).tryApply(t.Context(), namespace, annotated))
			wantRefused(t, api.as(t, account).tryApply(t.Context(), namespace, stolen), kind, "victim.preview.example.dev")
		}
		for _, account := range []string{
			"system:serviceaccount:cattle-system:other", "system:serviceaccount:kube-system:argocd-manager",
		} {
			wantRefused(t, api.as(t, account).tryApply(t.Context(), namespace, annotated), kind, "publicEndpoints")
		}
		if err := api.as(t, rancher).apply(t.Context(), namespace, annotated); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, api.tryApply(t.Context(), namespace, annotated))
		changed := standtest.ReplaceOnce(t, annotated, "publicEndpoints: a", "publicEndpoints: b")
		wantRefused(t, api.tryApply(t.Context(), namespace, changed), kind, "field.cattle.io/publicEndpoints")
	}
}
