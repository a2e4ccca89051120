package gitrepo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Tree is what one commit holds, as a file system to read. Symbolic links and submodules are listed, and are neither
// followed nor opened. It stays valid after the branch has moved on.
type Tree struct {
	// Commit is the commit's SHA.
	Commit string
	store  *memory.Storage
	root   *object.Tree
}

var (
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
)

func newTree(store *memory.Storage, commit plumbing.Hash) (*Tree, error) {
	c, err := object.GetCommit(store, commit)
	if err != nil {
		return nil, err
	}
	root, err := object.GetTree(store, c.TreeHash)
	if err != nil {
		return nil, err
	}
	return &Tree{Commit: commit.String(), store: store, root: root}, nil
}

// Open opens a regular file or folder.
func (t *Tree) Open(name string) (fs.File, error) {
	e, err := t.entry("open", name)
	if err != nil {
		return nil, err
	}
	if e.IsDir() {
		var entries []fs.DirEntry
		entries, err = t.ReadDir(name)
		return &openFolder{entry: e, entries: entries}, err
	}
	content, err := t.ReadFile(name)
	return &openFile{entry: e, Reader: bytes.NewReader(content)}, err
}

// Stat tells what a path leads to.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	e, err := t.entry("stat", name)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ReadDir lists a folder by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := t.entry("readdir", name)
	if err != nil {
		return nil, err
	}
	if !e.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("is no folder")}
	}
	tree, err := object.GetTree(t.store, e.hash)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	var entries []fs.DirEntry
	for _, child := range tree.Entries {
		if fs.ValidPath(child.Name) && child.Name != "." && !strings.Contains(child.Name, "/") {
			entries = append(entries, &entry{store: t.store, name: child.Name, mode: child.Mode, hash: child.Hash})
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// ReadFile returns a regular file's content.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	e, err := t.entry("read", name)
	if err != nil {
		return nil, err
	}
	if !e.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("isn't a regular file")}
	}
	content, err := readBlob(t.store, e.hash)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

func readBlob(store *memory.Storage, hash plumbing.Hash) ([]byte, error) {
	blob, err := object.GetBlob(store, hash)
	if err != nil {
		return nil, err
	}
	r, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

func (t *Tree) entry(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	e := &entry{store: t.store, name: path.Base(name), mode: filemode.Dir, hash: t.root.Hash}
	if name == "." {
		return e, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		child, err := e.child(part)
		if err != nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
		e = child
	}
	return e, nil
}

// entry is a file or folder of a tree: fs.DirEntry and fs.FileInfo in one, since a tree knows no more.
type entry struct {
	store *memory.Storage
	name  string
	mode  filemode.FileMode
	hash  plumbing.Hash
}

func (e *entry) child(name string) (*entry, error) {
	if e.mode != filemode.Dir {
		return nil, fs.ErrNotExist
	}
	tree, err := object.GetTree(e.store, e.hash)
	if err != nil {
		return nil, err
	}
	for _, c := range tree.Entries {
		if c.Name == name {
			return &entry{store: e.store, name: name, mode: c.Mode, hash: c.Hash}, nil
		}
	}
	return nil, fs.ErrNotExist
}

// Name is the last part of the path.
func (e *entry) Name() string { return e.name }

// Size is a regular file's, in bytes.
func (e *entry) Size() int64 {
	if !isRegular(e.mode) {
		return 0
	}
	size, err := e.store.EncodedObjectSize(e.hash)
	if err != nil {
		return 0
	}
	return size
}

// Mode tells files, folders, links and the rest apart.
func (e *entry) Mode() fs.FileMode {
	switch {
	case e.mode == filemode.Dir:
		return fs.ModeDir | 0o755
	case e.mode == filemode.Executable:
		return 0o755
	case isRegular(e.mode):
		return 0o644
	case e.mode == filemode.Symlink:
		return fs.ModeSymlink | 0o777
	default: // a submodule
		return fs.ModeIrregular
	}
}

// ModTime is unknown to Git.
func (e *entry) ModTime() time.Time { return time.Time{} }

// IsDir is true of folders.
func (e *entry) IsDir() bool { return e.mode == filemode.Dir }

// Sys is nothing.
func (e *entry) Sys() any { return nil }

// Type is the mode without permissions.
func (e *entry) Type() fs.FileMode { return e.Mode().Type() }

// Info is the entry itself.
func (e *entry) Info() (fs.FileInfo, error) { return e, nil }

func isRegular(m filemode.FileMode) bool {
	return m == filemode.Regular || m == filemode.Executable || m == filemode.Deprecated
}

type openFile struct {
	entry *entry
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	entry   *entry
	entries []fs.DirEntry
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFolder) Close() error               { return nil }
func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.entry.name, Err: errors.New("is a folder")}
}

func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.entries)
	} else if len(f.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.entries))
	some := f.entries[:n]
	f.entries = f.entries[n:]
	return some, nil
}
