package preview

import (
	"slices"
	"time"
)

// moment formats a time for messages.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// because appends a cause to a sentence.
func because(cause string) string {
	if cause == "" {
		return ""
	}
	return ": " + cause
}

// short returns a commit for messages.
func short(sha string) string { return sha[:min(7, len(sha))] }

// sortedSet sorts texts and removes repeated ones.
func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
