package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// HasHidden says whether a text holds what doesn't show, or what reorders or steers what shows: controls, bidi marks, zero
// widths. Nothing that previewctl prints may: a title must not write on the terminal that it is listed on.
func HasHidden(text string) bool { return strings.ContainsFunc(text, isHidden) }

func isHidden(r rune) bool {
	return r != '\n' && r != '\t' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// EscapeHidden is the same JSON with everything hidden in its strings written as \u escapes: equal to a program, plain to a
// person.
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
