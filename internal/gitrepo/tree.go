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
	seen   *sight // nil where nobody wants to know what is read
}

var (
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
	_ fs.ReadLinkFS = (*Tree)(nil)
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
	e, err := t.look("open", name, atOnce)
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
	e, err := t.look("stat", name, atOnce)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Lstat is Stat, since no link is followed.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.Stat(name) }

// ReadLink says nothing: no link is followed.
func (t *Tree) ReadLink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}

// ReadDir lists a folder by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := t.look("readdir", name, listed)
	if err != nil {
		return nil, err
	}
	if !e.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("is no folder")}
	}
	entries, err := e.list()
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return entries, nil
}

// ReadFile returns a regular file's content.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	e, err := t.look("read", name, atOnce)
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
	e := &entry{in: t, path: ".", mode: filemode.Dir, hash: t.root.Hash}
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
	in   *Tree
	path string
	mode filemode.FileMode
	hash plumbing.Hash
}

func (e *entry) child(name string) (*entry, error) {
	if e.mode != filemode.Dir {
		return nil, fs.ErrNotExist
	}
	tree, err := object.GetTree(e.in.store, e.hash)
	if err != nil {
		return nil, err
	}
	for _, c := range tree.Entries {
		if c.Name == name {
			return e.at(c), nil
		}
	}
	return nil, fs.ErrNotExist
}

func (e *entry) at(c object.TreeEntry) *entry {
	return &entry{in: e.in, path: path.Join(e.path, c.Name), mode: c.Mode, hash: c.Hash}
}

// list is what is in a folder, by name.
func (e *entry) list() ([]fs.DirEntry, error) {
	tree, err := object.GetTree(e.in.store, e.hash)
	if err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for _, c := range tree.Entries {
		if fs.ValidPath(c.Name) && c.Name != "." && !strings.Contains(c.Name, "/") {
			entries = append(entries, e.at(c))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Name is the last part of the path.
func (e *entry) Name() string { return path.Base(e.path) }

// Size is a regular file's, in bytes.
func (e *entry) Size() int64 {
	if !isRegular(e.mode) {
		return 0
	}
	size, err := e.in.store.EncodedObjectSize(e.hash)
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

// Info is what Stat says: a listing knows names and kinds alone.
func (e *entry) Info() (fs.FileInfo, error) { return e.in.Stat(e.path) }

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
	return 0, &fs.PathError{Op: "read", Path: f.entry.path, Err: errors.New("is a folder")}
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
