package terminal

import (
	"regexp"
	"strings"
)

// Truncate shortens a text to a number of characters.
func Truncate(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@~-]+$`)

// ShellQuote quotes a text so that a shell takes it as one word.
func ShellQuote(s string) string {
	if plainWord.MatchString(s) && !strings.HasPrefix(s, "~") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
