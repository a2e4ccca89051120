package filetree

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestTreeReadsEachFileOnce(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a/b.yaml": {Data: []byte("1")}}
	tree := New(files)
	if content, err := tree.Read("a/b.yaml"); err != nil || string(content) != "1" {
		t.Fatalf("Read = %q, %v", content, err)
	}
	files["a/b.yaml"] = &fstest.MapFile{Data: []byte("2")}
	if content, err := tree.Read("a/b.yaml"); err != nil || string(content) != "1" {
		t.Errorf("the second Read = %q, %v, want the first content", content, err)
	}
}

func TestTreeKinds(t *testing.T) {
	t.Parallel()
	tree := New(fstest.MapFS{
		"a/b.yaml":    {Data: []byte("1")},
		"a/.git/x":    {Data: []byte("1")},
		"a/link":      {Mode: fs.ModeSymlink, Data: []byte("b.yaml")},
		"a/pipe":      {Mode: fs.ModeNamedPipe},
		"a/large":     {Data: bytes.Repeat([]byte("x"), maxFile+1)},
		"linked":      {Mode: fs.ModeSymlink, Data: []byte("a")},
		"z/empty/end": {},
	})
	want := map[string]Kind{
		".": Folder, "a": Folder, "a/b.yaml": File, "a/b.yaml/c": Absent, "a/.git": Absent, "a/link": Link, "a/pipe": Other,
		"linked/b.yaml": Link, "gone": Absent, "../a": Absent, "/a": Absent,
	}
	for name, kind := range want {
		if got := tree.Kind(name); got != kind {
			t.Errorf("Kind(%q) = %d, want %d", name, got, kind)
		}
	}
	for _, name := range []string{"a/link", "a/pipe", "a", "a/large"} {
		if content, err := tree.Read(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read(%q) = %d bytes, %v, want another error", name, len(content), err)
		}
	}
	if _, err := tree.Read("gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of a missing file: %v", err)
	}
	if diff := cmp.Diff([]string{"b.yaml", "large", "link", "pipe"}, tree.List("a")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func TestDigestDependsOnNamesAndContents(t *testing.T) {
	t.Parallel()
	digests := map[string]bool{}
	for _, files := range []fstest.MapFS{
		{"a/x": {Data: []byte("1")}},
		{"a/x": {Data: []byte("2")}},
		{"a/y": {Data: []byte("1")}},
		{"a/x": {Data: []byte("1")}, "a/y": {}},
	} {
		first, second := New(files).Digest("a"), New(files).Digest("a")
		if first != second {
			t.Errorf("two digests of %v differ", files)
		}
		digests[first] = true
	}
	if len(digests) != 4 {
		t.Errorf("4 different folders have %d digests", len(digests))
	}
}
