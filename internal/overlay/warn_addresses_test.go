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
			"stringData: {own: \"http://db:5432\", url: \"postgres://a:secret@db.shop:5432/app\", mail: \"mail.shop:25\", " +
			"other: \"mail.test:25\"}\n",
		"kustomize-base/services/api/run/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" +
			"resources: [api.yaml, settings.yaml]\n",
	})
	found := slices.DeleteFunc(got.Warnings, func(w string) bool { return !strings.Contains(w, "leaves the preview") })
	if len(found) != 2 || len(got.Problems) > 0 {
		t.Fatalf("warnings %q, problems %v", found, got.Problems)
	}
	for _, text := range []string{"Secret settings", ".url", "db.shop:5432", "namespace shop", "write db:5432"} {
		if !strings.Contains(found[1], text) {
			t.Errorf("warning %q lacks %q", found[1], text)
		}
	}
	if !strings.Contains(found[0], "mail.shop:25") { // db is a store, so the other address tells that shop is a namespace
		t.Errorf("warning %q lacks mail.shop:25", found[0])
	}
	if strings.Contains(found[1], "secret@") {
		t.Errorf("warning %q has a password", found[1])
	}
}
