package overlay

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

func TestCheckWarns(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(overlaytest.Shop(nil), "previewset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const ready = `tag: "{{ .SHA }}", ready: {check: image, app: github-actions}`
	tests := []struct {
		name, old, replacement string
		want                   []string // words of the warnings
	}{
		{"the shop", "", "", []string{"activity: isn't configured", "services: web, api: without `ready`"}},
		{"the example's domain", "domain: preview.test", "domain: preview.example.dev", []string{"domain: is still", "activity", "ready"}},
		{"a check of each image", `tag: "{{ .SHA }}"`, ready, []string{"activity"}},
		{"tags of branches", `tag: "{{ .SHA }}"`, `tag: "{{ .Branch }}"`, []string{"activity"}},
		{"short commits", `tag: "{{ .SHA }}"`, `tag: "v-{{ .ShortSHA }}"`, []string{"activity", "ready"}},
		{
			"activity", "domain:", "activity: {prometheus: {url: 'http://prometheus:9090', preset: ingress-nginx}}\ndomain:",
			[]string{"ready"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.ReplaceAll(string(content), tt.old, tt.replacement)
			if tt.old == "" {
				changed = string(content)
			}
			cfg, err := New(overlaytest.Shop(map[string]string{"previewset.yaml": changed})).Config()
			if err != nil {
				t.Fatal(err)
			}
			got := warnings(cfg.Policy)
			if len(got) != len(tt.want) {
				t.Fatalf("warnings: %q", got)
			}
			for i, words := range tt.want {
				if !strings.Contains(got[i], words) {
					t.Errorf("warning %q doesn't say %q", got[i], words)
				}
			}
		})
	}
}
