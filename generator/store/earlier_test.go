package store_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
)

// TestKeysOfAnEarlierVersionAreKept reads a state of an earlier version and encodes its memory again. Each key that the
// earlier version wrote must be there, with its value.
func TestKeysOfAnEarlierVersionAreKept(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../testdata/savedstate/state.gz")
	if err != nil {
		t.Fatal(err)
	}
	state, err := store.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(state.Memory)
	if err != nil {
		t.Fatal(err)
	}
	earlier, err := os.ReadFile("../testdata/savedstate/memory.json")
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	for text, value := range map[*[]byte]*map[string]any{&earlier: &want, &encoded: &got} {
		if err := json.Unmarshal(*text, value); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, testworld.WithKeysOf(want, got)); diff != "" {
		t.Errorf("memory (-earlier +now):\n%s", diff)
	}
	if len(state.Reported) != 11 || len(state.Requested) != 1 {
		t.Errorf("%d statuses and %d requested resources, want 11 and 1", len(state.Reported), len(state.Requested))
	}
}
