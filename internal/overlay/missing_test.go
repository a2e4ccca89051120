package overlay

import (
	"strings"
	"testing"
)

// TestGuideOfSecrets has the example with the right names.
func TestCheckFindsMissingReferences(t *testing.T) {
	t.Parallel()
	const secrets = "kustomize-base/services/orders/secrets/"
	for name, changes := range map[string]map[string][2]string{
		"Secret orders-paid": {secrets + "kustomization.yaml": {
			"                        name: orders-payment\n", "                        name: orders-paid\n",
		}},
		"ConfigMap orders-migration": {"kustomize-base/services/orders/run/deployment.yaml": {
			"            name: orders-migrations\n", "            name: orders-migration\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := New(exampleWithSecrets(t, changes)).Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Message, "needs "+name+", which nothing") ||
				!strings.Contains(report.Problems[0].Message, "Deployment orders: spec.template.spec.") {
				t.Errorf("problems: %v", report.Problems)
			}
		})
	}
}

// The Secrets of a service can follow in another commit.
func TestCheckServiceReturnsMissingReferencesAlone(t *testing.T) {
	t.Parallel()
	const dir = "kustomize-base/services/orders/run/deployment.yaml"
	r := New(exampleWithSecrets(t, map[string][2]string{dir: {
		"            - --port=9898\n", "            - --port=9898\n          envFrom: [{secretRef: {name: later}}]\n",
	}}))
	problems, missing := r.CheckService("orders")
	if len(problems) > 0 || len(missing) != 1 || !strings.Contains(missing.Error(), "needs Secret later") {
		t.Errorf("problems: %v; missing: %v", problems, missing)
	}
}

// A missing Secret for images is a warning, and a missing key a problem.
func TestCheckFindsMissingKeysAndPullSecrets(t *testing.T) {
	t.Parallel()
	const file = "kustomize-base/services/orders/run/deployment.yaml"
	r := New(exampleWithSecrets(t, map[string][2]string{file: {
		"            - --port=9898\n          env:\n", "            - --port=9898\n          env:\n" +
			"            - {name: A, valueFrom: {configMapKeyRef: {name: environment, key: hosst}}}\n",
	}}))
	problems, missing := r.CheckService("orders")
	if len(problems) > 0 || len(missing) != 1 || !strings.Contains(missing.Error(), `needs key "hosst" of ConfigMap environment`) {
		t.Errorf("problems: %v; missing: %v", problems, missing)
	}
	r = New(exampleWithSecrets(t, map[string][2]string{file: {
		"      containers:\n", "      imagePullSecrets: [{name: images}]\n      containers:\n",
	}}))
	report, err := r.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, w := range report.Warnings {
		if strings.Contains(w, "makes Secret images") {
			found = append(found, w)
		}
	}
	if len(report.Problems) > 0 || len(found) != 1 {
		t.Errorf("problems: %v; warnings: %q", report.Problems, report.Warnings)
	}
}
