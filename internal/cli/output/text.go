package output

import (
	"fmt"
	"strings"
)

func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// List is a list for a sentence.
func List(names []string) string { return strings.Join(names, ", ") }

func ShortCommit(sha string) string { return sha[:min(len(sha), 10)] }

func OrEmpty[S ~[]E, E any](s S) []E {
	if s == nil {
		return []E{}
	}
	return s
}
