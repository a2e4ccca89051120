package overlay

import (
	"testing"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// Environments with overlays of their own have the guardrails of the shared overlay, each with its own links.
func TestCheckPassesOverlaysWithDifferentLinks(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{}
	for name, lines := range map[string]string{
		"mine":   "shared: true\nservices: {products: {branch: main}}\n",
		"yours":  "shared: true\nservices: {products: {branch: main}}\n",
		"first":  "links: {products: {environment: mine}}\n",
		"second": "links: {products: {environment: yours}}\n",
	} {
		folder := "overlays/" + name + "/"
		files[folder+"environment.yaml"] = []byte("apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" + lines)
		files[folder+"kustomization.yaml"] = []byte(kustomizationHeader + "resources: [../preview, settings.yaml]\n")
		files[folder+"settings.yaml"] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {of: " + name + "}\n")
	}
	if got := checkRepo(t, New(filetree.Edited(previewset.Example, files, nil))); len(got.Problems) > 0 {
		t.Errorf("problems:\n%v", got.Problems)
	}
}
