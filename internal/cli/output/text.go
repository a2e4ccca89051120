package output

import "fmt"

// Count formats a number with its noun: 1 build, 2 builds.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// ShortCommit returns the first 10 characters of a commit hash.
func ShortCommit(sha string) string { return sha[:min(len(sha), 10)] }

// OrEmpty returns an empty slice for nil, so that JSON has a list.
func OrEmpty[S ~[]E, E any](s S) S {
	if s == nil {
		return S{}
	}
	return s
}
