package overlay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Bounds on what is read of a repository: a kustomization file never needs more, and a folder with something else in
// it must not exhaust the machine.
const (
	maxFile    = 4 << 20
	maxTotal   = 256 << 20
	maxEntries = 200_000
)

// kind is what a path leads to.
type kind int

const (
	isAbsent kind = iota
	isFile
	isDir
	isLink  // a symbolic link, or something below one
	isOther // a device, a socket, a pipe
)

// tree is a read-only view of a file system without symbolic links: one is seen but never followed.
type tree struct {
	lock    sync.Mutex // of layers; nobody else is there while builds run
	fsys    fs.FS
	dirs    map[string]map[string]kind
	kinds   map[string]kind // of what is in folders that aren't listed
	files   map[string][]byte
	total   int
	entries int
}

func newTree(fsys fs.FS) *tree {
	return &tree{fsys: fsys, dirs: map[string]map[string]kind{}, kinds: map[string]kind{}, files: map[string][]byte{}}
}

// kind tells what a clean relative path leads to. It walks from the top, so that a link on the way is noticed.
func (t *tree) kind(name string) kind {
	if name == "." {
		return isDir
	}
	if !fs.ValidPath(name) {
		return isAbsent
	}
	if parent := path.Dir(name); parent != "." {
		switch k := t.kind(parent); k {
		case isDir:
		case isLink:
			return isLink
		default:
			return isAbsent
		}
	}
	if links, ok := t.fsys.(fs.ReadLinkFS); ok && t.dirs[path.Dir(name)] == nil {
		return t.kindAlone(links, name)
	}
	return t.dir(path.Dir(name))[path.Base(name)]
}

// kindAlone tells without a look at the names beside it: who looks at one environment doesn't depend on which others there
// are.
func (t *tree) kindAlone(fsys fs.ReadLinkFS, name string) kind {
	if known, ok := t.kinds[name]; ok {
		return known
	}
	info, err := fsys.Lstat(name)
	if err != nil || path.Base(name) == ".git" {
		t.kinds[name] = isAbsent
	} else {
		t.kinds[name] = kindOf(info.Mode())
	}
	return t.kinds[name]
}

// dir lists a folder once. What can't be listed is empty: who looks for something in it says that it isn't there.
func (t *tree) dir(name string) map[string]kind {
	if known, ok := t.dirs[name]; ok {
		return known
	}
	found := map[string]kind{}
	t.dirs[name] = found
	if t.entries > maxEntries {
		return found
	}
	entries, err := fs.ReadDir(t.fsys, name)
	if err != nil {
		return found
	}
	t.entries += len(entries)
	for _, e := range entries {
		if e.Name() != ".git" {
			found[e.Name()] = kindOf(e.Type())
		}
	}
	return found
}

func kindOf(m fs.FileMode) kind {
	switch {
	case m.IsRegular():
		return isFile
	case m.IsDir():
		return isDir
	case m&fs.ModeSymlink != 0:
		return isLink
	}
	return isOther
}

// list is what a folder holds, sorted.
func (t *tree) list(name string) []string {
	if t.kind(name) != isDir {
		return nil
	}
	return slices.Sorted(maps.Keys(t.dir(name)))
}

// read returns a regular file's content.
func (t *tree) read(name string) ([]byte, error) {
	if content, ok := t.files[name]; ok {
		return content, nil
	}
	switch t.kind(name) {
	case isFile:
	case isAbsent:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case isLink:
		return nil, errors.New("is a symbolic link")
	default:
		return nil, errors.New("isn't a regular file")
	}
	return t.load(name)
}

func (t *tree) load(name string) ([]byte, error) {
	info, err := fs.Stat(t.fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("is larger than %d MiB", maxFile>>20)
	}
	if t.total += int(info.Size()); t.total > maxTotal {
		return nil, fmt.Errorf("the repository's Kustomize files are larger than %d MiB together", maxTotal>>20)
	}
	content, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return nil, err
	}
	t.files[name] = content
	return content, nil
}

// walk visits a path and everything below it, parents first, each folder in order.
func (t *tree) walk(name string, visit func(name string, k kind)) {
	k := t.kind(name)
	if k == isAbsent {
		return
	}
	visit(name, k)
	if k != isDir {
		return
	}
	for _, child := range t.list(name) {
		t.walk(path.Join(name, child), visit)
	}
}

// digest is a fingerprint of everything below a folder: it differs where a name or a content differs.
func (t *tree) digest(name string) string {
	h := sha256.New()
	t.walk(name, func(p string, k kind) {
		content, err := []byte(nil), error(nil)
		if k == isFile {
			content, err = t.read(p)
		}
		_, _ = fmt.Fprintf(h, "%q %d %v %d\n", strings.TrimPrefix(p, name), k, err, len(content))
		h.Write(content)
	})
	return hex.EncodeToString(h.Sum(nil))
}
