package config_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
)

func TestNameProblems(t *testing.T) {
	t.Parallel()
	c := &config.Config{Policy: &config.Policy{
		NamespacePrefix: "preview-", ProtectedNamespaces: []string{"preview-prod*"}, Baseline: config.Baseline{Namespace: "preview-base"},
		Services: config.Services{{Name: "gateway"}},
	}}
	for name, want := range map[string]string{
		"jakub": "", "gateway": "", "preview": "reserved by PreviewSet", "x-pr-1": "belong to pull requests",
		"gateway-x": "could take that service's host", "Jakub": "DNS label", strings.Repeat("a", 41): "at most 40",
		"prod-eu": `its namespace would be preview-prod-eu, which "preview-prod*" protects`, "base": `which "preview-base" protects`,
	} {
		if got := c.NameOrNamespaceProblem(name); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("NameOrNamespaceProblem(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNearestNames(t *testing.T) {
	t.Parallel()
	names := []string{"orders", "gateway", "jakub"}
	for word, want := range map[string]string{"gatewy": "gateway", "JAKOB": "jakub", "products": "", "": ""} {
		if got := config.Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
