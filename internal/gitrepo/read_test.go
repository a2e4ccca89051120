package gitrepo_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
)

func TestTreeIsAFileSystem(t *testing.T) {
	t.Parallel()
	bare := newEmpty(t)
	importFiles(t, bare, map[string]string{
		"README.md": "hello", "run.sh": "!#!/bin/sh", "a/b/c.yaml": "c", "a.yaml": "sorted between a and a/", "a/empty": "",
	})
	tree, err := open(t, gitrepo.Options{URL: "file://" + bare}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "README.md", "run.sh", "a/b/c.yaml", "a.yaml", "a/empty"); err != nil {
		t.Error(err)
	}
	if content, err := tree.ReadFile("a/b/c.yaml"); err != nil || string(content) != "c" {
		t.Errorf("%q: %v", content, err)
	}
}

func TestTreeFollowsNoLinks(t *testing.T) {
	t.Parallel()
	bare := newEmpty(t)
	importFiles(t, bare, map[string]string{"real/file": "x", "link": "-> real", "file": "-> real/file"})
	tree, err := open(t, gitrepo.Options{URL: "file://" + bare}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := tree.ReadDir(".")
	got := map[string]fs.FileMode{}
	for _, e := range entries {
		got[e.Name()] = e.Type()
	}
	want := map[string]fs.FileMode{"real": fs.ModeDir, "link": fs.ModeSymlink, "file": fs.ModeSymlink}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	for _, name := range []string{"link/file", "file", "link", "../real/file", "/real/file"} {
		if content, err := tree.ReadFile(name); err == nil {
			t.Errorf("%s can be read: %q", name, content)
		}
	}
}

func TestEditsThatLeadAstrayAreRefused(t *testing.T) {
	t.Parallel()
	bare := newEmpty(t)
	importFiles(t, bare, map[string]string{"dir/file": "x", "link": "-> dir", "dir/link": "-> file"})
	head := git(t, bare, "rev-parse", "main")
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
			_, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
				return tt.edits, nil
			})
			if !errors.Is(err, gitrepo.ErrPath) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
			if now := git(t, bare, "rev-parse", "main"); now != head {
				t.Errorf("main moved to %s", now)
			}
		})
	}
}

func TestALinkCanBeDeleted(t *testing.T) {
	t.Parallel()
	bare := newEmpty(t)
	importFiles(t, bare, map[string]string{"dir/file": "x", "link": "-> dir"})
	_, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{Delete: []string{"link"}, Message: gitrepo.Message{Subject: "Remove link"}}, nil
	})
	if diff := cmp.Diff(map[string]string{"dir/file": "x"}, files(t, bare)); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestMessagesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	tests := []struct {
		name    string
		message gitrepo.Message
		want    string
	}{
		{"no subject", gitrepo.Message{Subject: " "}, "empty"},
		{"a long subject", gitrepo.Message{Subject: strings.Repeat("ä", 73)}, "73 characters"},
		{"two lines of subject", gitrepo.Message{Subject: "a\nb"}, "one printable line"},
		{"an escape sequence in the subject", gitrepo.Message{Subject: "a\x1b[31m"}, "one printable line"},
		{"a change of direction in the subject", gitrepo.Message{Subject: "a\u202eb"}, "one printable line"},
		{"an escape sequence in the body", gitrepo.Message{Subject: "a", Body: "x\x1b]0;y\x07"}, "control characters"},
		{"a trailer's key of two words", gitrepo.Message{Subject: "a", Trailers: []gitrepo.Trailer{{"Signed off", "x"}}}, "trailer"},
		{"a trailer of two lines", gitrepo.Message{Subject: "a", Trailers: []gitrepo.Trailer{{"Owner", "x\nSigned-off-by: y"}}}, "trailer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
				return gitrepo.Edits{Write: map[string][]byte{"a": nil}, Message: tt.message}, nil
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "https://user:hunter2@example.com/a/b", "https://hunter2@example.com/a/b", "ssh://git:hunter2@example.com/a/b", "git://example.com/a/b", "http://%zzhunter2@x",
	} {
		_, err := gitrepo.New(gitrepo.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gives %v", url, err)
		}
	}
	if _, err := gitrepo.New(gitrepo.Options{URL: "https://example.com/a/b", Branch: "a..b"}); err == nil {
		t.Error("a branch that can't be is taken")
	}
}
