package gitrepo

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// editFolder has the edits in a folder and below it, by the first part of their paths.
type editFolder struct {
	folders map[string]*editFolder
	files   map[string]fileEdit
}

func newEditFolder(edits map[string]fileEdit) *editFolder {
	root := &editFolder{}
	for name, edit := range edits {
		at := root
		parts := strings.Split(name, "/")
		for _, part := range parts[:len(parts)-1] {
			at = at.subfolder(part)
		}
		if at.files == nil {
			at.files = map[string]fileEdit{}
		}
		at.files[parts[len(parts)-1]] = edit
	}
	return root
}

// subfolder returns a folder directly below f, and creates it if necessary.
func (f *editFolder) subfolder(name string) *editFolder {
	if f.folders == nil {
		f.folders = map[string]*editFolder{}
	}
	if f.folders[name] == nil {
		f.folders[name] = &editFolder{}
	}
	return f.folders[name]
}

// treeBuilder writes the objects of a new tree that differ from an existing one.
type treeBuilder struct {
	store *memory.Storage
	added []plumbing.Hash
}

// apply returns the tree with the edits in it. It reads and writes only the folders on the way to an edit.
func (b *treeBuilder) apply(root plumbing.Hash, e Edits) (plumbing.Hash, error) {
	if err := e.checkPaths(); err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err := b.editedFolder("", root, newEditFolder(e.newContents()))
	if err != nil || !hash.IsZero() {
		return hash, err
	}
	return b.addObject(&object.Tree{}, root) // the tree of an empty repository
}

// editedFolder returns the folder with its edits, or zero if it became empty.
func (b *treeBuilder) editedFolder(at string, hash plumbing.Hash, edits *editFolder) (plumbing.Hash, error) {
	entries := map[string]object.TreeEntry{}
	if !hash.IsZero() {
		tree, err := object.GetTree(b.store, hash)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		for _, e := range tree.Entries {
			entries[e.Name] = e
		}
	}
	for _, name := range slices.Sorted(maps.Keys(edits.folders)) {
		if err := b.editSubfolder(at+name, name, entries, edits.folders[name]); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(edits.files)) {
		if err := b.editFile(at+name, name, entries, edits.files[name]); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	tree := &object.Tree{Entries: slices.Collect(maps.Values(entries))}
	sort.Sort(object.TreeEntrySorter(tree.Entries))
	return b.addObject(tree, hash)
}

// editSubfolder applies edits to a folder among a folder's entries.
func (b *treeBuilder) editSubfolder(
	at, name string, entries map[string]object.TreeEntry, edits *editFolder,
) error {
	old, exists := entries[name]
	if exists && old.Mode != filemode.Dir {
		return pathError(at, "is "+kindOf(old.Mode)+", not a folder")
	}
	hash, err := b.editedFolder(at+"/", old.Hash, edits)
	if err != nil {
		return err
	}
	if delete(entries, name); !hash.IsZero() {
		entries[name] = object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: hash}
	}
	return nil
}

// editFile writes or deletes one of a folder's entries.
func (b *treeBuilder) editFile(at, name string, entries map[string]object.TreeEntry, edit fileEdit) error {
	if edit.isDeletion {
		delete(entries, name)
		return nil
	}
	if old, exists := entries[name]; exists && !isRegular(old.Mode) {
		return pathError(at, "is "+kindOf(old.Mode)+", not a regular file")
	}
	return b.writeFile(name, entries, edit.content)
}

func (b *treeBuilder) writeFile(name string, entries map[string]object.TreeEntry, content []byte) error {
	old := entries[name]
	mode := filemode.Regular
	if old.Mode == filemode.Executable {
		mode = filemode.Executable
	}
	o := b.store.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	if err != nil {
		return err
	}
	if _, err = w.Write(content); err == nil {
		err = w.Close()
	}
	if err != nil {
		return err
	}
	hash, err := b.storeObject(o, old.Hash)
	entries[name] = object.TreeEntry{Name: name, Mode: mode, Hash: hash}
	return err
}

func kindOf(m filemode.FileMode) string {
	switch m {
	case filemode.Dir:
		return "a folder"
	case filemode.Symlink:
		return "a symbolic link"
	case filemode.Submodule:
		return "a submodule"
	default:
		return "a file"
	}
}

// encodable is a tree or commit.
type encodable interface {
	Encode(o plumbing.EncodedObject) error
}

// addObject stores a tree or commit that replaces old.
func (b *treeBuilder) addObject(e encodable, old plumbing.Hash) (plumbing.Hash, error) {
	o := b.store.NewEncodedObject()
	if err := e.Encode(o); err != nil {
		return plumbing.ZeroHash, err
	}
	return b.storeObject(o, old)
}

// storeObject stores an object and marks it for the push, unless it equals old, which the remote has. Other objects
// in the store may be missing at the remote, because they belong to a refused push.
func (b *treeBuilder) storeObject(o plumbing.EncodedObject, old plumbing.Hash) (plumbing.Hash, error) {
	if o.Hash() == old {
		return old, nil
	}
	if !slices.Contains(b.added, o.Hash()) {
		b.added = append(b.added, o.Hash())
	}
	return b.store.SetEncodedObject(o)
}
