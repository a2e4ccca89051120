package stories

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/argocd"
)

// A user adds previews to Argo CD's UI as the guide says. All that Argo CD installed stays, also if it was installed with
// kubectl apply --server-side.
func TestArgoCDKeepsItsOwnSettings(t *testing.T) {
	t.Parallel()
	w := shared
	if err := w.ArgoCD.ApplyServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	pods, settings := w.serverPods(t), w.settings(t)
	folder := filepath.Join(w.Repository(), "appsets", "argocd-ui")
	apply := []string{"apply", "--server-side", "--field-manager=previewset", "--kustomize", folder}
	if _, err := w.Cluster.Kubectl(t.Context(), nil, apply...); err != nil {
		t.Fatal(err)
	}
	got := w.serverPods(t)
	script := got.Volumes[slices.IndexFunc(got.Volumes, func(v corev1.Volume) bool { return v.Name == "previewset" })].ConfigMap
	got.Volumes = slices.DeleteFunc(got.Volumes, func(v corev1.Volume) bool { return v.Name == "previewset" })
	mounts := &got.Containers[0].VolumeMounts
	*mounts = slices.DeleteFunc(*mounts, func(m corev1.VolumeMount) bool { return m.Name == "previewset" })
	if diff := cmp.Diff(pods, got); diff != "" {
		t.Errorf("Argo CD's own part of the Pods (-before +after):\n%s", diff)
	}
	content, err := w.Cluster.Client.CoreV1().ConfigMaps(argocd.Namespace).Get(t.Context(), script.Name, metav1.GetOptions{})
	if err != nil || !strings.Contains(content.Data["extension-previewset.js"], "extensionsAPI") {
		t.Errorf("the script's ConfigMap %s: %v", script.Name, err)
	}
	for name, after := range w.settings(t) {
		before := settings[name]
		if diff := cmp.Diff(before.Labels, after.Labels); diff != "" {
			t.Errorf("labels of %s (-before +after):\n%s", name, diff)
		}
		for key, value := range before.Data {
			if after.Data[key] != value {
				t.Errorf("%s lost its key %s", name, key)
			}
		}
		if len(after.Data) != len(before.Data)+1 {
			t.Errorf("%s has the keys %q", name, after.Data)
		}
	}
}

func (w *world) serverPods(t *testing.T) corev1.PodSpec {
	t.Helper()
	d, err := w.Cluster.Client.AppsV1().Deployments(argocd.Namespace).Get(t.Context(), argocd.Server, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template.Spec
}

// settings returns the ConfigMaps that the extension adds a key to.
func (w *world) settings(t *testing.T) map[string]*corev1.ConfigMap {
	t.Helper()
	found := map[string]*corev1.ConfigMap{}
	for _, name := range []string{"argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm"} {
		m, err := w.Cluster.Client.CoreV1().ConfigMaps(argocd.Namespace).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found[name] = m
	}
	return found
}
