package rowtemplate

import (
	"encoding/json"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// mark begins a mark; the letter behind it names the value. JSON text never contains this character.
const mark = '\x00'

// valuesOf returns the values that differ between similar environments, as JSON writes them. A value that contains
// others comes before them.
func valuesOf(e preview.Remembered) []string {
	r := e.Row
	values := []string{
		r.Name, r.HeadSHA, r.HeadShortSHA, r.HeadShortSHA7, r.Title, r.Branch, r.BranchSlug, r.Author, r.OwnerSlug,
		r.IssueKey, r.Number,
	}
	for i, v := range values {
		text, _ := json.Marshal(v)                              // a string never fails
		if inner := text[1 : len(text)-1]; string(inner) != v { // an equal copy would need its own memory
			values[i] = string(inner)
		}
	}
	return values
}

// replaceWord replaces a word, except where it is part of a longer word.
func replaceWord(text, word, by string) string {
	if word == "" || !strings.Contains(text, word) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			b.WriteString(text[from:])
			return b.String()
		}
		start, end := from+i, from+i+len(word)
		b.WriteString(text[from:start])
		if start > 0 && isWordByte(text[start-1]) || end < len(text) && isWordByte(text[end]) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		from = end
	}
}

// isWordByte also accepts the first byte of a mark, so that no mark is split.
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == mark
}
