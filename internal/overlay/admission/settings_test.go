package admission

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

func TestDifferences(t *testing.T) {
	t.Parallel()
	const policy = "{metadata: {name: a}, spec: {matchConditions: [{expression: 'name.startsWith(\"preview-\")'}]}}"
	for _, tt := range []struct{ name, manifest, old, changed, want string }{
		{
			"another domain", settingsManifest, "preview.test", "preview.example",
			`data.domain: is "preview.example", but previewset.yaml says "preview.test"; write`,
		},
		{"another baseline", settingsManifest, "staging", "prod", `data.baseline: is "prod", but previewset.yaml says "staging"`},
		{"one more public service", settingsManifest, " web", " web api", `data.publicServices: is "web api", but previewset.yaml says "web"`},
		{"no public service", settingsManifest, " web", " ''", `data.publicServices: is "", but previewset.yaml says "web"`},
		{
			"a line break", settingsManifest,
			"annotations: example.test/one example.dev/ ", "annotations: |-\n    example.test/one\n    example.dev/ ",
			"data.annotations: has a line break or tab, which the policies take for a part of a value; separate values by spaces",
		},
		{"another prefix", policy, "preview-", "pr-", `isn't for namespaces that start with "preview-"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s Settings
			changed := objectFrom(t, strings.Replace(tt.manifest, tt.old, tt.changed, 1))
			s.AddConfigMap("appsets/settings.yaml", objectFrom(t, settingsManifest))
			s.AddConfigMap("appsets/settings.yaml", changed)
			if tt.manifest == policy {
				s.AddPolicy(changed)
			}
			overlaytest.WantProblem(t, s.Differences(&config.Policy{
				Domain: "preview.test", NamespacePrefix: "preview-", Baseline: config.Baseline{Namespace: "staging"},
				Cloud:    map[string]config.CloudResource{"up": {Name: "acme-up-{{environment}}-x"}},
				Services: []config.Service{{Name: "web", Public: true}, {Name: "api"}},
			}), "appsets", tt.want)
		})
	}
}
