package gitrepo_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestEntriesHaveModesAndSizesOfGit(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"plain": "12345", "run.sh": "!#!/bin/sh", "link": "-> plain", "folder/file": "x"})
	tree, err := open(t, gitrepo.Options{URL: "file://" + bare}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		Mode fs.FileMode
		Size int64
	}
	got := map[string]entry{}
	entries, err := tree.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = entry{info.Mode(), info.Size()}
		if info.IsDir() != e.IsDir() || info.Mode().Type() != e.Type() || !info.ModTime().IsZero() {
			t.Errorf("%s: %v", e.Name(), info)
		}
	}
	want := map[string]entry{
		"plain": {0o644, 5}, "run.sh": {0o755, 9}, "link": {fs.ModeSymlink | 0o777, 0}, "folder": {fs.ModeDir | 0o755, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFolderIsReadInParts(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"a": "", "b": "", "c": ""})
	tree, err := open(t, gitrepo.Options{URL: "file://" + bare}).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := tree.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	folder := opened.(fs.ReadDirFile)
	for _, want := range []int{2, 1} {
		if entries, err := folder.ReadDir(2); err != nil || len(entries) != want {
			t.Errorf("%d entries, %v; want %d", len(entries), err, want)
		}
	}
	if entries, err := folder.ReadDir(2); !errors.Is(err, io.EOF) || len(entries) != 0 {
		t.Errorf("at the end: %d entries, %v", len(entries), err)
	}
	if _, err := folder.Read(make([]byte, 1)); err == nil {
		t.Error("a folder has content")
	}
}
