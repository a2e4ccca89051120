package gittest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// RawEntry is one entry of a tree that Git's own programs may refuse to write, such as a folder named "..".
type RawEntry struct {
	Mode, Name, Hash string
}

// RawTree writes a tree without any check of its entries, and returns its hash.
func RawTree(tb testing.TB, bare string, entries ...RawEntry) string {
	tb.Helper()
	var b strings.Builder
	for _, e := range entries {
		hash, err := hex.DecodeString(e.Hash)
		if err != nil {
			tb.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s\x00%s", e.Mode, e.Name, hash)
	}
	return GitWith(tb, bare, Environ(), b.String(), "hash-object", "-t", "tree", "-w", "--literally", "--stdin")
}

// CommitTree adds a commit with the tree on top of main. It returns the commit's SHA.
func CommitTree(tb testing.TB, bare, tree string) string {
	tb.Helper()
	sha := Git(tb, bare, "commit-tree", "-m", "Change files", "-p", "refs/heads/main", tree)
	Git(tb, bare, "update-ref", "refs/heads/main", sha)
	return sha
}

// ReplaceEntry commits a tree in which the entry at a path is another one; a Hash of "" removes it. It makes trees
// that Git refuses to put into an index.
func ReplaceEntry(tb testing.TB, bare, path string, e RawEntry) string {
	tb.Helper()
	return CommitTree(tb, bare, replaced(tb, bare, "main:", strings.Split(path, "/"), e))
}

// replaced returns a tree with an entry replaced or added below it.
func replaced(tb testing.TB, bare, at string, path []string, e RawEntry) string {
	tb.Helper()
	var entries []RawEntry
	for line := range strings.SplitSeq(GitWith(tb, bare, Environ(), "", "ls-tree", "-z", at), "\x00") {
		head, name, found := strings.Cut(line, "\t")
		fields := strings.Fields(head)
		switch {
		case !found || name == path[0] && len(path) == 1:
		case name == path[0]:
			entries = append(entries, RawEntry{"40000", name, replaced(tb, bare, fields[2], path[1:], e)})
		default:
			entries = append(entries, RawEntry{strings.TrimPrefix(fields[0], "0"), name, fields[2]})
		}
	}
	if len(path) == 1 && e.Hash != "" {
		entries = append(entries, e)
	}
	return RawTree(tb, bare, entries...)
}
