package gitrepo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestInvalidEditPaths(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"dir/file": "x", "link": "-> dir", "dir/link": "-> file"})
	head := gittest.Git(t, bare, "rev-parse", "main")
	write := func(names ...string) gitrepo.Edits {
		e := gitrepo.Edits{Write: map[string][]byte{}}
		for _, name := range names {
			e.Write[name] = []byte("y")
		}
		return e
	}
	tests := []struct {
		name  string
		edits gitrepo.Edits
		want  string
	}{
		{"above the top", write("../x"), "no path inside"},
		{"above the top on a way round", write("a/../../x"), "no path inside"},
		{"an absolute path", write("/etc/passwd"), "no path inside"},
		{"a path that isn't clean", write("a//b"), "no path inside"},
		{"an empty path", write(""), "no path inside"},
		{"the top itself", write("."), "no path inside"},
		{"Git's own files", write(".git/config"), "Git's own"},
		{"Git's own files, deeper and disguised", write("a/.GIT. /config"), "Git's own"},
		{"Git's own files by their short name", write("GIT~1/config"), "Git's own"},
		{"a backslash", write(`a\..\..\x`), "characters"},
		{"a line break", write("a\nb"), "characters"},
		{"an escape sequence", write("a\x1b[31m"), "characters"},
		{"a change of direction", write("a\u202eb"), "characters"},
		{"through a symbolic link", write("link/x"), "symbolic link"},
		{"over a symbolic link", write("dir/link"), "symbolic link"},
		{"over a folder", write("dir"), "is a folder"},
		{"below a file", write("dir/file/x"), "is a file"},
		{"a file and something below it", write("new", "new/x"), "which is changed too"},
		{"written and deleted", gitrepo.Edits{Write: map[string][]byte{"a": nil}, Delete: []string{"a"}}, "both written and deleted"},
		{"deleted through a symbolic link", gitrepo.Edits{Delete: []string{"link/file"}}, "symbolic link"},
		{"deleted above the top", gitrepo.Edits{Delete: []string{".."}}, "no path inside"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.edits.Message.Subject = "Try"
			repo := open(t, gitrepo.Options{URL: "file://" + bare})
			_, err := repo.Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
				return tt.edits, nil
			})
			if !errors.Is(err, gitrepo.ErrPath) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
			if now := gittest.Git(t, bare, "rev-parse", "main"); now != head {
				t.Errorf("main moved to %s", now)
			}
		})
	}
}
