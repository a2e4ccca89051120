package testworld

import (
	"strings"
	"testing"
)

// Source is a line of /readyz?verbose.
type Source struct {
	OK   bool
	Text string
}

// Source returns the line of /readyz?verbose that begins with a source's name. It fails the test unless there is
// exactly one.
func (s *Service) Source(t testing.TB, name string) Source {
	t.Helper()
	var found []Source
	verbose := s.Get(t, "/readyz?verbose").Body
	for line := range strings.Lines(verbose) {
		mark, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if strings.HasPrefix(text, name) {
			found = append(found, Source{mark == "[+]", text})
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d lines about %s:\n%s", len(found), name, verbose)
	}
	return found[0]
}

// Fails reports whether the source has a problem whose text contains a word.
func (s Source) Fails(word string) bool { return !s.OK && strings.Contains(s.Text, word) }
