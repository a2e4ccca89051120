package systems

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// A Deployment fits into its quota. The quota refuses the Pod of its next commit, as `previewctl check` says.
func TestQuotaRefusesTheNextCommit(t *testing.T) {
	t.Parallel()
	e := environment{name: "rollout", namespace: "rollout"}
	kubectl(t, "", "create", "namespace", e.namespace)
	t.Cleanup(func() { e.remove(t) })
	objects := strings.Join(overlaytest.BlockedUpdate(), "\n---\n")
	kubectl(t, objects, "apply", "--namespace="+e.namespace, "--filename=-")
	if _, err := e.waitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	kubectl(t, strings.ReplaceAll(objects, "web:1", "web:2"), "apply", "--namespace="+e.namespace, "--filename=-")
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		list, err := stand.Client.CoreV1().Events(e.namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedCreate"})
		if err != nil {
			return err
		}
		for _, v := range list.Items {
			if strings.Contains(v.Message, "exceeded quota: guardrails") {
				return nil
			}
		}
		return fmt.Errorf("no Pod is refused; %d events", len(list.Items))
	})
	if err != nil {
		t.Error(err)
	}
}
