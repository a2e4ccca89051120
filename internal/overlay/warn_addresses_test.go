package overlay

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckWarnsOfAddressesInOtherNamespaces(t *testing.T) {
	t.Parallel()
	got := checkShop(t, map[string]string{
		"kustomize-base/services/api/run/settings.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: settings}\n" +
			"stringData: {own: \"http://db:5432\", url: \"postgres://a:secret@db.shop:5432/app\"}\n",
		"kustomize-base/services/api/run/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" +
			"resources: [api.yaml, settings.yaml]\n",
	})
	found := slices.DeleteFunc(got.Warnings, func(w string) bool { return !strings.Contains(w, "leaves the preview") })
	if len(found) != 1 || len(got.Problems) > 0 {
		t.Fatalf("warnings %q, problems %v", found, got.Problems)
	}
	for _, text := range []string{"Secret settings", ".url", "db.shop:5432", "namespace shop", "write db:5432"} {
		if !strings.Contains(found[0], text) {
			t.Errorf("warning %q lacks %q", found[0], text)
		}
	}
	if strings.Contains(found[0], "secret@") {
		t.Errorf("warning %q has a password", found[0])
	}
}
