package flags

import (
	"testing"
)

func TestIsGitName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"main": true, "feature/#12-a": true, "v1.2": true, "äöü": true,
		"": false, "-x": false, "/x": false, "x/": false, "a..b": false, "a b": false, "a\nb": false, "$(id)": false, "`id`": false,
		"a~1": false, "x.lock": false, "a@{1}": false, "a\u202eb": false, ".x": false,
	} {
		if got := IsGitName(name); got != want {
			t.Errorf("isGitName(%q) = %v", name, got)
		}
	}
}
