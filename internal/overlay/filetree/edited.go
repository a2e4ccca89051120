package filetree

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

// Edited returns a view of base in which some files are written, and some files or whole folders are removed.
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
	folders map[string]map[string]bool // the names written into each folder; true is a folder
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

// ReadFile returns the written content, else the content in the base.
func (e *edited) ReadFile(name string) ([]byte, error) {
	if content, ok := e.write[name]; ok {
		return content, nil
	}
	if e.isRemoved(name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return fs.ReadFile(e.base, name)
}

// Stat describes the file that a path leads to.
func (e *edited) Stat(name string) (fs.FileInfo, error) { return e.info(name, fs.Stat) }

// Lstat describes the path itself, which can be a link.
func (e *edited) Lstat(name string) (fs.FileInfo, error) { return e.info(name, fs.Lstat) }

// ReadLink returns the target of a link in the base.
func (e *edited) ReadLink(name string) (string, error) { return fs.ReadLink(e.base, name) }

func (e *edited) info(name string, statInBase func(fs.FS, string) (fs.FileInfo, error)) (fs.FileInfo, error) {
	if content, ok := e.write[name]; ok {
		return written{name: path.Base(name), size: len(content)}, nil
	}
	if e.folders[name] != nil {
		return written{name: path.Base(name), isDir: true}, nil
	}
	if e.isRemoved(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return statInBase(e.base, name)
}

// ReadDir lists a folder, sorted by name.
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
	return slices.SortedFunc(
		maps.Values(found), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) },
	), nil
}

// Open opens a file. Use ReadDir to list a folder.
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

// written describes a file or folder that Edited adds to the base.
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
