package testworld

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare reports a difference between two values.
func Compare(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// WithKeysOf returns the decoded JSON value got without the map keys that want lacks, at any depth. A test uses it
// where a later version may add keys.
func WithKeysOf(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return selectKeys(w, g)
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			kept := make([]any, len(g))
			for i := range g {
				kept[i] = WithKeysOf(w[i], g[i])
			}
			return kept
		}
	}
	return got
}

func selectKeys(want, got map[string]any) map[string]any {
	kept := map[string]any{}
	for key := range want {
		if value, ok := got[key]; ok {
			kept[key] = WithKeysOf(want[key], value)
		}
	}
	return kept
}
