package standtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Contains returns an error that names the parts which the text lacks.
func Contains(text string, parts ...string) error {
	var problems []error
	for _, part := range parts {
		if !strings.Contains(text, part) {
			problems = append(problems, fmt.Errorf("%q isn't in %q", part, text))
		}
	}
	return errors.Join(problems...)
}

// ReplaceOnce replaces a part of a text. The test fails unless the text has the part exactly once.
func ReplaceOnce(t testing.TB, text, part, replacement string) string {
	t.Helper()
	if n := strings.Count(text, part); n != 1 {
		t.Fatalf("the text has %q %d times, not once:\n%s", part, n, text)
	}
	return strings.Replace(text, part, replacement, 1)
}
