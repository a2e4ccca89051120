package configrepo

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSubject(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxSubject+1)
	if got := Subject("Create environment a"); got != "Create environment a" {
		t.Errorf("a short text becomes %q", got)
	}
	if got := Subject(long, "Create environment a"); got != "Create environment a" {
		t.Errorf("the second text isn't used: %q", got)
	}
	if got := Subject(long); utf8.RuneCountInString(got) != maxSubject {
		t.Errorf("a long text becomes %q", got)
	}
}
