package admission

import "testing"

func TestNamespaces(t *testing.T) {
	t.Parallel()
	const (
		namespace = "{kind: Namespace, metadata: {name: preview-web-pr-7, labels: {previewset.dev/preview: 'true', " +
			"pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.25}}}"
		level = "Namespace preview-web-pr-7 needs label pod-security.kubernetes.io/enforce: restricted, " +
			"and no enforce-version before v1.25; leave the labels"
	)
	wantRefused(t, []refusedChange{
		{"no mark", namespace, "'true'", "'false'", `Namespace preview-web-pr-7 needs label previewset.dev/preview: "true"; leave the labels`},
		{"another level", namespace, "restricted", "baseline", level},
		{"an old version", namespace, "v1.25", "v1.24", level},
	})
}
