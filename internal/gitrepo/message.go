package gitrepo

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubject is the maximum length of a subject in characters; Git's own tools cut longer ones.
const maxSubject = 72

// Message is a commit message. Each part is checked, so that text of users can't look like another part.
type Message struct {
	// Subject is one line in the imperative, of at most 72 characters.
	Subject string
	// Body is optional and gives the reason. Its lines are kept.
	Body string
	// Trailers are "key: value" lines at the end, in order.
	Trailers []Trailer
}

// Trailer is a line of metadata at the end of a message.
type Trailer struct{ Key, Value string }

var trailerKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// asText returns the message in Git's format.
func (m Message) asText() (string, error) {
	if err := m.checkParts(); err != nil {
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

func (m Message) checkParts() error {
	n := utf8.RuneCountInString(m.Subject)
	switch {
	case strings.TrimSpace(m.Subject) == "":
		return errors.New("the subject is empty")
	case n > maxSubject:
		return fmt.Errorf("the subject has %d characters, at most %d are allowed: %q", n, maxSubject, m.Subject)
	case !isPrintableLine(m.Subject):
		return fmt.Errorf("the subject isn't one printable line: %q", m.Subject)
	case !isPrintableLine(strings.ReplaceAll(m.Body, "\n", "")):
		return fmt.Errorf("the body has control characters: %q", m.Body)
	}
	for _, t := range m.Trailers {
		if !trailerKey.MatchString(t.Key) || strings.TrimSpace(t.Value) == "" || !isPrintableLine(t.Value) {
			return fmt.Errorf("trailer %q: %q isn't a word and one printable line", t.Key, t.Value)
		}
	}
	return nil
}

// isPrintableLine refuses control characters, and characters that change the direction of the following text.
func isPrintableLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsGraphic(r) && r != '\u200d' // joins emoji
	})
}
