package attack

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// faults is the namespace in which faults are tried. No admission policy holds it.
const faults = "faults"

// The API server refuses each object, or each Pod, that `previewctl check` refuses by the rules of the cluster. The unit
// tests of clusterrules read the same table.
func TestTheAPIServerRefusesEachFault(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		overlaytest.FaultNamespace, overlaytest.FaultQuota, overlaytest.FaultLimits,
		"{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}",
	} {
		if err := api.create(t.Context(), faults, text); err != nil {
			t.Fatal(err)
		}
	}
	api.startQuota(t)
	for _, f := range overlaytest.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			wantRefused(t, api.tryStrictly(t, f.Allowed))
			wantRefused(t, api.tryPod(t, f.Allowed))
			forbidden := standtest.ReplaceOnce(t, f.Allowed, f.Old, f.New)
			if f.OnlyPods {
				wantRefused(t, api.tryPod(t, forbidden), f.Says...)
				return
			}
			wantRefused(t, api.tryStrictly(t, forbidden), f.Says...)
		})
	}
}

// startQuota does what the controller of ResourceQuotas does: without usage in its status, a quota refuses everything.
func (s *server) startQuota(t *testing.T) {
	t.Helper()
	quotas := s.Client.CoreV1().ResourceQuotas(faults)
	quota, err := quotas.Get(t.Context(), "guardrails", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{}
	for name := range quota.Spec.Hard {
		quota.Status.Used[name] = resource.Quantity{}
	}
	if _, err = quotas.UpdateStatus(t.Context(), quota, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	pod := overlaytest.Faults()[0].Allowed
	eventually(t, func() error { return s.tryPod(t, pod) })
}

// tryStrictly asks the API server whether it would create an object, as Argo CD does with the sync option Validate=true.
func (s *server) tryStrictly(t *testing.T, text string) error {
	t.Helper()
	return s.createWith(t.Context(), faults, text, metav1.CreateOptions{
		DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict,
	})
}

// tryPod asks the API server whether it would create a Pod of a workload, as the workload's controller does. It succeeds
// for an object without Pods.
func (s *server) tryPod(t *testing.T, text string) error {
	t.Helper()
	o, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	fields := []string{"spec", "template"}
	if o.GetKind() == "CronJob" {
		fields = []string{"spec", "jobTemplate", "spec", "template"}
	}
	template, ok, err := unstructured.NestedMap(o.Object, fields...)
	if err != nil || !ok {
		return err
	}
	content, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err = json.Unmarshal(content, &pod); err != nil {
		t.Fatal(err)
	}
	pod.GenerateName = "a-"
	_, err = s.Client.CoreV1().Pods(faults).Create(t.Context(), &pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}
