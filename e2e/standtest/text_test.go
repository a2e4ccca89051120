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
	if err == nil || strings.Contains(err.Error(), `"one"`) || !strings.Contains(err.Error(), `"three"`) || !strings.Contains(err.Error(), `"four"`) {
		t.Errorf("got %v", err)
	}
}
