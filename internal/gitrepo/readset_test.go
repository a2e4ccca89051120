package gitrepo_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// treeReads are reads of a tree with the files dir/file and other/file.
var treeReads = map[string]func(*gitrepo.Tree) error{
	"a file":           func(tree *gitrepo.Tree) error { _, err := tree.ReadFile("dir/file"); return err },
	"a file's state":   func(tree *gitrepo.Tree) error { _, err := tree.Stat("dir/file"); return err },
	"an open file":     func(tree *gitrepo.Tree) error { _, err := fs.ReadFile(struct{ fs.FS }{tree}, "dir/file"); return err },
	"a folder":         func(tree *gitrepo.Tree) error { _, err := tree.ReadDir("dir"); return err },
	"a folder's state": func(tree *gitrepo.Tree) error { _, err := tree.Stat("dir"); return err },
	"an open folder":   func(tree *gitrepo.Tree) error { _, err := fs.ReadDir(struct{ fs.FS }{tree}, "dir"); return err },
	"a folder's hash":  func(tree *gitrepo.Tree) error { _, err := tree.Hash("dir"); return err },
	"a missing file": func(tree *gitrepo.Tree) error {
		if _, err := tree.Stat("dir/new"); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("error %w, want fs.ErrNotExist", err)
		}
		return nil
	},
	"a listed file": func(tree *gitrepo.Tree) error {
		entries, err := tree.ReadDir("dir")
		if err == nil {
			_, err = entries[0].Info()
		}
		return err
	},
	"nothing": func(*gitrepo.Tree) error { return nil },
}

func TestChangeIsAppliedAgainOnlyIfItsReadsDiffer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		theirs string // file that another user writes meanwhile
		again  []string
	}{
		{"other/file", nil},
		{"dir/file", []string{"a file", "a file's state", "an open file", "a folder's hash", "a listed file"}},
		{"dir/new", []string{"a folder", "an open folder", "a folder's hash", "a listed file", "a missing file"}},
	}
	for _, tt := range tests {
		for name, read := range treeReads {
			t.Run(tt.theirs+" changes after a read of "+name, func(t *testing.T) {
				t.Parallel()
				bare := gittest.NewEmpty(t)
				gittest.Import(t, bare, map[string]string{"dir/file": "x", "other/file": "x"})
				calls, want := 0, 1
				if slices.Contains(tt.again, name) {
					want = 2
				}
				repo := open(t, gitrepo.Options{URL: "file://" + bare})
				_, err := repo.Update(t.Context(), func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
					if calls++; calls == 1 {
						if err := read(tree); err != nil {
							return gitrepo.Edits{}, err
						}
						gittest.Commit(t, bare, map[string]string{tt.theirs: "theirs"})
					}
					return gitrepo.Edits{Write: map[string][]byte{"ours": nil}, Message: gitrepo.Message{Subject: "Write ours"}}, nil
				})
				if err != nil || calls != want {
					t.Errorf("%d calls, want %d: %v", calls, want, err)
				}
				if got := gittest.Files(t, bare); got[tt.theirs] != "theirs" || len(got) < 3 {
					t.Errorf("main holds %v", got)
				}
			})
		}
	}
}
