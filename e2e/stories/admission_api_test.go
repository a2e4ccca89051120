package stories

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/standtest"
)

// The API server's type check of the policies finds no mistake.
func TestAdmissionPoliciesFitTheirKinds(t *testing.T) {
	t.Parallel()
	policies := shared.Cluster.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	shared.Eventually(t, standtest.Patience, "the policies are checked", func(ctx context.Context) error {
		list, err := policies.List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if len(list.Items) < 17 {
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
