package overlay

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Edited shows a repository as it would be with some files written and others, or whole folders, deleted.
func Edited(base fs.FS, write map[string][]byte, remove []string) fs.FS {
	e := &edited{base: base, write: write, remove: remove, folders: map[string]map[string]bool{}}
	for name := range write {
		for p := name; p != "."; p = path.Dir(p) {
			dir := path.Dir(p)
			if e.folders[dir] == nil {
				e.folders[dir] = map[string]bool{}
			}
			e.folders[dir][path.Base(p)] = p != name
		}
	}
	return e
}

type edited struct {
	base    fs.FS
	write   map[string][]byte
	remove  []string
	folders map[string]map[string]bool // what is written into a folder, and whether that is a folder itself
}

var (
	_ fs.ReadDirFS  = (*edited)(nil)
	_ fs.ReadFileFS = (*edited)(nil)
	_ fs.StatFS     = (*edited)(nil)
	_ fs.ReadLinkFS = (*edited)(nil)
)

func (e *edited) isRemoved(name string) bool {
	return slices.ContainsFunc(e.remove, func(r string) bool { return name == r || strings.HasPrefix(name, r+"/") })
}

// ReadFile returns what is written, else what was there.
func (e *edited) ReadFile(name string) ([]byte, error) {
	if content, ok := e.write[name]; ok {
		return content, nil
	}
	if e.isRemoved(name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return fs.ReadFile(e.base, name)
}

// Stat tells what a path leads to.
func (e *edited) Stat(name string) (fs.FileInfo, error) { return e.info(name, fs.Stat) }

// Lstat tells what a path is, be it a link.
func (e *edited) Lstat(name string) (fs.FileInfo, error) { return e.info(name, fs.Lstat) }

// ReadLink tells where a link leads.
func (e *edited) ReadLink(name string) (string, error) { return fs.ReadLink(e.base, name) }

func (e *edited) info(name string, inBase func(fs.FS, string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	if content, ok := e.write[name]; ok {
		return written{name: path.Base(name), size: len(content)}, nil
	}
	if e.folders[name] != nil {
		return written{name: path.Base(name), isDir: true}, nil
	}
	if e.isRemoved(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return inBase(e.base, name)
}

// ReadDir lists a folder by name.
func (e *edited) ReadDir(name string) ([]fs.DirEntry, error) {
	found := map[string]fs.DirEntry{}
	entries, err := fs.ReadDir(e.base, name)
	if err != nil && e.folders[name] == nil {
		return nil, err
	}
	for _, entry := range entries {
		if !e.isRemoved(path.Join(name, entry.Name())) {
			found[entry.Name()] = entry
		}
	}
	for child, isDir := range e.folders[name] {
		found[child] = fs.FileInfoToDirEntry(written{name: child, isDir: isDir, size: len(e.write[path.Join(name, child)])})
	}
	return slices.SortedFunc(maps.Values(found), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }), nil
}

// Open opens a file; folders are listed with ReadDir.
func (e *edited) Open(name string) (fs.File, error) {
	info, err := e.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return e.base.Open(name)
	}
	content, err := e.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &openWritten{Reader: bytes.NewReader(content), info: info}, nil
}

// written is a file or folder that isn't in the base.
type written struct {
	name  string
	size  int
	isDir bool
}

func (w written) Name() string       { return w.name }
func (w written) Size() int64        { return int64(w.size) }
func (w written) ModTime() time.Time { return time.Time{} }
func (w written) IsDir() bool        { return w.isDir }
func (w written) Sys() any           { return nil }

func (w written) Mode() fs.FileMode {
	if w.isDir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

type openWritten struct {
	io.Reader
	info fs.FileInfo
}

func (o *openWritten) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openWritten) Close() error               { return nil }
