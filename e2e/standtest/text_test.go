package standtest

import (
	"strings"
	"testing"
)

func TestContainsNamesTheMissingParts(t *testing.T) {
	t.Parallel()
	if err := Contains("one two", "two", "one"); err != nil {
		t.Errorf("got %v", err)
	}
	err := Contains("one two", "one", "three", "four")
	if err == nil || strings.Contains(err.Error(), `"one"`) {
		t.Fatalf("got %v", err)
	}
	for _, missing := range []string{`"three"`, `"four"`} {
		if !strings.Contains(err.Error(), missing) {
			t.Errorf("%s isn't in %v", missing, err)
		}
	}
}
