package gitrepo_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// A push sends the new blob, the changed trees and the commit, and nothing that the server has.
func TestPushSendsOnlyMissingObjects(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, map[string]string{"README.md": "hello\n", "a/b/old": "x", "other/file": "y"})
	objects := func() int {
		return strings.Count(gittest.Git(t, bare, "cat-file", "--batch-all-objects", "--batch-check"), "\n")
	}
	before := objects()
	server := gittest.Serve(t, bare)
	if _, err := open(t, gitrepo.Options{URL: server.Address()}).Update(t.Context(), writes("a/b/new", "z")); err != nil {
		t.Fatal(err)
	}
	const blob, trees, commit = 1, 3, 1 // the trees of the top, a and a/b
	if got := objects() - before; got != blob+trees+commit {
		t.Errorf("%d objects were sent, want %d", got, blob+trees+commit)
	}
	gittest.Git(t, bare, "fsck", "--strict")
}
