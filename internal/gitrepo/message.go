package gitrepo

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubject is what Git's own tools show of a subject without cutting it, in characters.
const maxSubject = 72

// Message is a commit message. Whatever of it comes from people must not look like another part of it.
type Message struct {
	// Subject says what the commit does: imperative, one line, at most 72 characters.
	Subject string
	// Body, where there is one, says why; lines are kept as they are.
	Body string
	// Trailers are "key: value" lines at the end, in order.
	Trailers []Trailer
}

// Trailer is a line of metadata at the end of a message.
type Trailer struct{ Key, Value string }

var trailerKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func (m Message) text() (string, error) {
	if err := m.check(); err != nil {
		return "", fmt.Errorf("commit message: %w", err)
	}
	var b strings.Builder
	b.WriteString(m.Subject + "\n")
	if body := strings.Trim(m.Body, "\n"); body != "" {
		b.WriteString("\n" + body + "\n")
	}
	for i, t := range m.Trailers {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(t.Key + ": " + t.Value + "\n")
	}
	return b.String(), nil
}

func (m Message) check() error {
	n := utf8.RuneCountInString(m.Subject)
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return errors.New("the subject is empty")
	case n > maxSubject:
		return fmt.Errorf("the subject has %d characters, at most %d are allowed: %q", n, maxSubject, m.Subject)
	case !isLine(m.Subject):
		return fmt.Errorf("the subject isn't one printable line: %q", m.Subject)
	case !isLine(strings.ReplaceAll(m.Body, "\n", "")):
		return fmt.Errorf("the body has control characters: %q", m.Body)
	}
	for _, t := range m.Trailers {
		if !trailerKey.MatchString(t.Key) || strings.TrimSpace(t.Value) == "" || !isLine(t.Value) {
			return fmt.Errorf("trailer %q: %q isn't a word and one printable line", t.Key, t.Value)
		}
	}
	return nil
}

// isLine is true of text without control characters, and without those that change the direction of what follows.
func isLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsGraphic(r) && r != '\u200d' // joins emoji
	})
}
