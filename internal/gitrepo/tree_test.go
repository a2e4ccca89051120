package gitrepo_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestTreeIsAFileSystem(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{
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
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"real/file": "x", "link": "-> real", "file": "-> real/file"})
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
