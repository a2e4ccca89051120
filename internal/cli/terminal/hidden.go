package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// HasHidden reports whether a text contains invisible characters, or characters that control or reorder what a
// terminal shows, such as escape sequences and bidirectional marks. previewctl prints none of them.
func HasHidden(text string) bool { return strings.ContainsFunc(text, isHidden) }

func isHidden(r rune) bool {
	return r != '\n' && r != '\t' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// EscapeHidden replaces hidden characters with \u escapes. In a JSON string they mean the same.
func EscapeHidden(text string) string {
	var b strings.Builder
	for _, r := range text {
		if !isHidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
