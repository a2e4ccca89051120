package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

func TestPluginsAreFoundAtAnyDepth(t *testing.T) {
	t.Parallel()
	const plugin = `{"plugin":{"configMapRef":{"name":"preview-generator"},` +
		`"input":{"parameters":{"repository":["acme/shop"]}},"requeueAfterSeconds":60}}`
	parameters := map[string]any{"repository": []any{"acme/shop"}}
	one := []preview.Plugin{{ApplicationSet: "s", ConfigMap: "preview-generator", Parameters: parameters}}
	for name, tt := range map[string]struct {
		generators string
		want       []preview.Plugin
	}{
		"alone":            {`[` + plugin + `]`, one},
		"in a matrix":      {`[{"matrix":{"generators":[{"list":{"elements":[]}},` + plugin + `]}}]`, one},
		"in a merge":       {`[{"merge":{"mergeKeys":["name"],"generators":[` + plugin + `,{"list":{"elements":[]}}]}}]`, one},
		"in both":          {`[{"merge":{"generators":[{"matrix":{"generators":[` + plugin + `]}}]}}]`, one},
		"twice":            {`[` + plugin + `,` + plugin + `]`, append(one, one...)},
		"an empty plugin":  {`[{"plugin":{}}]`, []preview.Plugin{{ApplicationSet: "s"}}},
		"null":             {`[{"plugin":null}]`, nil},
		"other generators": {`[{"list":{"elements":[{"plugin":{}}]}},{"git":{"repoURL":"x"}}]`, nil},
		"none":             {`[]`, nil},
		"another type":     {`{"a":1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSet(t, "s", tt.generators)
			if diff := cmp.Diff(tt.want, pluginsOf(&s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
