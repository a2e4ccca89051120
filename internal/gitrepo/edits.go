package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Edits are what a change makes of a tree. Paths are slash-separated and relative to the top.
type Edits struct {
	// Write holds whole files by path. A file that exists stays executable if it was.
	Write map[string][]byte
	// Delete are files or whole folders; what isn't there needs no deleting.
	Delete []string
	// Message of the commit.
	Message Message
}

// paths are all that are touched, sorted.
func (e Edits) paths() []string {
	return slices.Sorted(maps.Keys(e.contents()))
}

// contents maps every path to what shall be there; nil is nothing.
func (e Edits) contents() map[string]*[]byte {
	all := map[string]*[]byte{}
	for _, name := range e.Delete {
		all[name] = nil
	}
	for name, content := range e.Write {
		all[name] = &content
	}
	return all
}

// check refuses paths that lead out of the tree, into Git's own files, or that contradict each other.
func (e Edits) check() error {
	var all []error
	for _, name := range e.Delete {
		if _, ok := e.Write[name]; ok {
			all = append(all, pathError(name, "is both written and deleted"))
		}
	}
	names := e.paths()
	for _, name := range names {
		if why := unfit(name); why != "" {
			all = append(all, pathError(name, why))
		}
		if i, _ := slices.BinarySearch(names, name+"/"); i < len(names) && strings.HasPrefix(names[i], name+"/") {
			all = append(all, pathError(name, "is a folder of "+fmt.Sprintf("%q", names[i])+", which is changed too"))
		}
	}
	return errors.Join(all...)
}

func pathError(name, why string) error { return fmt.Errorf("%q %w: it %s", name, ErrPath, why) }

// unfit says why a path can't be one of a file in a repository.
func unfit(name string) string {
	if name == "." || !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return "is no path inside of the repository"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return "has characters that no file name should have"
	}
	for part := range strings.SplitSeq(strings.ToLower(name), "/") {
		if p := strings.TrimRight(part, ". "); p == ".git" || p == "git~1" || p == "" {
			return "leads into Git's own files"
		}
	}
	return ""
}

// node is a folder of edits.
type node map[string]any // string → node, *[]byte to write, or nil to delete

func newNode(contents map[string]*[]byte) node {
	root := node{}
	for name, content := range contents {
		at := root
		parts := strings.Split(name, "/")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(node)
			if !ok {
				next = node{}
				at[part] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = content
	}
	return root
}

// builder writes the objects that differ from the tree that it starts from.
type builder struct {
	store *memory.Storage
	added []plumbing.Hash
}

// build returns the tree with the edits in it. Only the folders on the way to an edit are read and written.
func (b *builder) build(root plumbing.Hash, e Edits) (plumbing.Hash, error) {
	if err := e.check(); err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err := b.folder("", root, newNode(e.contents()))
	if err != nil || !hash.IsZero() {
		return hash, err
	}
	return b.add(&object.Tree{}, root) // an empty repository is a legal one
}

// folder returns the edited folder, or zero if nothing is left in it.
func (b *builder) folder(at string, hash plumbing.Hash, edits node) (plumbing.Hash, error) {
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
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		if err := b.edit(at+name, name, entries, edits[name]); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	if len(entries) == 0 {
		return plumbing.ZeroHash, nil
	}
	tree := &object.Tree{Entries: slices.Collect(maps.Values(entries))}
	sort.Sort(object.TreeEntrySorter(tree.Entries))
	return b.add(tree, hash)
}

// edit does one edit in a folder's entries.
func (b *builder) edit(at, name string, entries map[string]object.TreeEntry, what any) error {
	old, exists := entries[name]
	switch what := what.(type) {
	case node:
		if exists && old.Mode != filemode.Dir {
			return pathError(at, "is "+kindName(old.Mode)+", not a folder")
		}
		hash, err := b.folder(at+"/", old.Hash, what)
		if err != nil {
			return err
		}
		if delete(entries, name); !hash.IsZero() {
			entries[name] = object.TreeEntry{Name: name, Mode: filemode.Dir, Hash: hash}
		}
		return nil
	case *[]byte:
		if what == nil {
			delete(entries, name)
			return nil
		}
		if exists && !isRegular(old.Mode) {
			return pathError(at, "is "+kindName(old.Mode)+", not a regular file")
		}
		return b.write(name, entries, *what)
	}
	return nil
}

func (b *builder) write(name string, entries map[string]object.TreeEntry, content []byte) error {
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
	hash, err := b.keep(o, old.Hash)
	entries[name] = object.TreeEntry{Name: name, Mode: mode, Hash: hash}
	return err
}

func kindName(m filemode.FileMode) string {
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

// encoder is a tree or commit.
type encoder interface {
	Encode(o plumbing.EncodedObject) error
}

// add stores a tree or commit that takes the place of old.
func (b *builder) add(e encoder, old plumbing.Hash) (plumbing.Hash, error) {
	o := b.store.NewEncodedObject()
	if err := e.Encode(o); err != nil {
		return plumbing.ZeroHash, err
	}
	return b.keep(o, old)
}

// keep stores an object and remembers it as one to send. That the store has an object doesn't say that the remote has
// it: it may be of a push that was refused. What stays in its place is the remote's.
func (b *builder) keep(o plumbing.EncodedObject, old plumbing.Hash) (plumbing.Hash, error) {
	if o.Hash() == old {
		return old, nil
	}
	if !slices.Contains(b.added, o.Hash()) {
		b.added = append(b.added, o.Hash())
	}
	return b.store.SetEncodedObject(o)
}
