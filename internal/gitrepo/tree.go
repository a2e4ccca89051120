package gitrepo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Tree is the content of one commit as a read-only file system. Symbolic links and submodules are listed, but neither
// followed nor opened. A Tree stays valid after the branch has moved.
type Tree struct {
	// Commit is the commit's SHA.
	Commit string
	store  *memory.Storage
	root   *object.Tree
	reads  *readSet // nil if reads aren't recorded
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
	e, err := t.find("open", name, entryOnly)
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

// Stat describes a file or folder.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	e, err := t.find("stat", name, entryOnly)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Lstat equals Stat, because links aren't followed.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) { return t.Stat(name) }

// ReadLink returns an error, because links aren't followed.
func (t *Tree) ReadLink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}

// ReadDir lists a folder, sorted by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := t.find("readdir", name, listing)
	if err != nil {
		return nil, err
	}
	if !e.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("is no folder")}
	}
	entries, err := e.children()
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return entries, nil
}

// ReadFile returns the content of a regular file.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	e, err := t.find("read", name, entryOnly)
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

// Hash returns Git's hash of a file, or of a folder with everything below it.
func (t *Tree) Hash(name string) (string, error) {
	e, err := t.find("hash", name, recursive)
	if err != nil {
		return "", err
	}
	return e.hash.String(), nil
}

// find returns the entry at a path and records how it was read.
func (t *Tree) find(op, name string, depth readDepth) (*entry, error) {
	e, err := t.walkTo(op, name)
	if t.reads != nil {
		t.reads.record(name, depth, e, err)
	}
	return e, err
}

func (t *Tree) walkTo(op, name string) (*entry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	e := &entry{tree: t, path: ".", mode: filemode.Dir, hash: t.root.Hash}
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
