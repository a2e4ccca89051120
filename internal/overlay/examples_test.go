package overlay

import "testing"

func TestFoldersWithoutOwnContentAreBuiltOnce(t *testing.T) {
	t.Parallel()
	got := checkShop(t, map[string]string{
		"overlays/web-pr-8/environment.yaml": "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" +
			"owner: alice\npullRequest: acme/web#8\n",
		"overlays/web-pr-8/kustomization.yaml": "resources: [../preview]\n",
		"overlays/web-pr-9/environment.yaml":   "apiVersion: previewset.dev/v1alpha1\nkind: Environment\npullRequest: acme/web#9\n",
	})
	if len(got.Problems) > 0 || got.Builds != 9 {
		t.Errorf("%d builds, want 9; problems: %v", got.Builds, got.Problems)
	}
}
