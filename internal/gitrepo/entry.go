package gitrepo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// entry is a file or folder of a tree. It is both fs.DirEntry and fs.FileInfo, because a tree has no
// further information about it.
type entry struct {
	tree *Tree
	path string
	mode filemode.FileMode
	hash plumbing.Hash
}

func (e *entry) child(name string) (*entry, error) {
	if e.mode != filemode.Dir {
		return nil, fs.ErrNotExist
	}
	folder, err := object.GetTree(e.tree.store, e.hash)
	if err != nil {
		return nil, err
	}
	for _, c := range folder.Entries {
		if c.Name == name && isListed(name) {
			return e.entryOf(c), nil
		}
	}
	return nil, fs.ErrNotExist
}

func (e *entry) entryOf(c object.TreeEntry) *entry {
	return &entry{tree: e.tree, path: path.Join(e.path, c.Name), mode: c.Mode, hash: c.Hash}
}

// children returns the entries of a folder, sorted by name.
func (e *entry) children() ([]fs.DirEntry, error) {
	folder, err := object.GetTree(e.tree.store, e.hash)
	if err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for _, c := range folder.Entries {
		if isListed(c.Name) {
			entries = append(entries, e.entryOf(c))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Name returns the last part of the path.
func (e *entry) Name() string { return path.Base(e.path) }

// Size returns the size in bytes; 0 unless it is a regular file. A file that wasn't fetched, because it is too large or
// not needed, has the largest size.
func (e *entry) Size() int64 {
	if !isRegular(e.mode) {
		return 0
	}
	size, err := e.tree.store.EncodedObjectSize(e.hash)
	if err != nil {
		return math.MaxInt64
	}
	return size
}

// Mode maps Git's modes to those of package fs.
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

// ModTime returns the zero time, because Git doesn't store it.
func (e *entry) ModTime() time.Time { return time.Time{} }

// IsDir reports whether it is a folder.
func (e *entry) IsDir() bool { return e.mode == filemode.Dir }

// Sys returns nil.
func (e *entry) Sys() any { return nil }

// Type returns Mode without permissions.
func (e *entry) Type() fs.FileMode { return e.Mode().Type() }

// Info records a read of the entry itself, because a listing covers only names and types.
func (e *entry) Info() (fs.FileInfo, error) { return e.tree.Stat(e.path) }

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
	first := f.entries[:n]
	f.entries = f.entries[n:]
	return first, nil
}
