package filetree

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestEdited(t *testing.T) {
	t.Parallel()
	base := fstest.MapFS{
		"kept/a":    {Data: []byte("old")},
		"kept/b":    {Data: []byte("old")},
		"removed/a": {Data: []byte("old")},
	}
	fsys := Edited(base, map[string][]byte{"kept/a": []byte("new"), "added/deep/c": []byte("new")}, []string{"removed", "kept/b"})
	contents := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		contents[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"kept/a": "new", "added/deep/c": "new"}, contents); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range []string{"removed/a", "kept/b"} {
		if _, err := fs.ReadFile(fsys, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q): %v, want fs.ErrNotExist", name, err)
		}
		if _, err := fs.Stat(fsys, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Stat(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
	if info, err := fs.Stat(fsys, "added/deep"); err != nil || !info.IsDir() {
		t.Errorf("Stat of a new folder: %v, %v", info, err)
	}
}
