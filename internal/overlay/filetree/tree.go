// Package filetree reads the files of a repository: within limits, each file once, and without symbolic links.
//
// It knows paths, folders and bytes. It doesn't know YAML, Kustomize or Git.
package filetree

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

// Limits on the content that is read from one repository, so that no repository exhausts the machine's memory.
const (
	maxFile    = 4 << 20
	maxTotal   = 256 << 20
	maxEntries = 200_000
)

// Kind says what a path leads to.
type Kind int

// The kinds of paths. Link is a symbolic link or a path below one; Other is a device, a socket or a pipe.
const (
	Absent Kind = iota
	File
	Folder
	Link
	Other
)

// Tree is a read-only view of a file system. It shows symbolic links but never follows one. It reads each file and
// folder once, so it shows one state of each. Goroutines can share it.
type Tree struct {
	fsys    fs.FS
	lock    sync.Mutex // guards the fields below
	folders map[string]map[string]Kind
	kinds   map[string]Kind // kinds of paths in folders that weren't listed
	files   map[string][]byte
	total   int // bytes read
	entries int // folder entries read
}

// New returns a view of fsys. Pass os.Root.FS(), so that no file outside of the folder can be reached.
func New(fsys fs.FS) *Tree {
	return &Tree{fsys: fsys, folders: map[string]map[string]Kind{}, kinds: map[string]Kind{}, files: map[string][]byte{}}
}

// Kind returns the kind of a path, which must be clean and relative.
func (t *Tree) Kind(name string) Kind {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.kindOf(name)
}

// kindOf starts at the top folder, so that it notices a link on the way.
func (t *Tree) kindOf(name string) Kind {
	if name == "." {
		return Folder
	}
	if !fs.ValidPath(name) {
		return Absent
	}
	if parent := path.Dir(name); parent != "." {
		switch k := t.kindOf(parent); k {
		case Folder:
		case Link:
			return Link
		default:
			return Absent
		}
	}
	if links, ok := t.fsys.(fs.ReadLinkFS); ok && t.folders[path.Dir(name)] == nil {
		return t.statKind(links, name)
	}
	return t.listFolder(path.Dir(name))[path.Base(name)]
}

// statKind finds a path's kind without listing its folder: a folder can hold thousands of environments.
func (t *Tree) statKind(fsys fs.ReadLinkFS, name string) Kind {
	if known, ok := t.kinds[name]; ok {
		return known
	}
	info, err := fsys.Lstat(name)
	if err != nil || path.Base(name) == ".git" {
		t.kinds[name] = Absent
	} else {
		t.kinds[name] = kindOfMode(info.Mode())
	}
	return t.kinds[name]
}

// listFolder lists a folder once. A folder that can't be listed counts as empty: its files are then reported as
// missing.
func (t *Tree) listFolder(name string) map[string]Kind {
	if known, ok := t.folders[name]; ok {
		return known
	}
	found := map[string]Kind{}
	t.folders[name] = found
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
			found[e.Name()] = kindOfMode(e.Type())
		}
	}
	return found
}

func kindOfMode(m fs.FileMode) Kind {
	switch {
	case m.IsRegular():
		return File
	case m.IsDir():
		return Folder
	case m&fs.ModeSymlink != 0:
		return Link
	}
	return Other
}

// List returns the names in a folder, sorted. It returns none where the path isn't a folder.
func (t *Tree) List(name string) []string {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.kindOf(name) != Folder {
		return nil
	}
	return slices.Sorted(maps.Keys(t.listFolder(name)))
}

// Read returns a regular file's content. Its error is fs.ErrNotExist where the path is absent.
func (t *Tree) Read(name string) ([]byte, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if content, ok := t.files[name]; ok {
		return content, nil
	}
	switch t.kindOf(name) {
	case File:
	case Absent:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case Link:
		return nil, errors.New("is a symbolic link")
	default:
		return nil, errors.New("isn't a regular file")
	}
	return t.load(name)
}

func (t *Tree) load(name string) ([]byte, error) {
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

// Walk visits a path and everything below it: parents first, names in order.
func (t *Tree) Walk(name string, visit func(name string, k Kind)) {
	k := t.Kind(name)
	if k == Absent {
		return
	}
	visit(name, k)
	if k != Folder {
		return
	}
	for _, child := range t.List(name) {
		t.Walk(path.Join(name, child), visit)
	}
}

// Digest returns a fingerprint of a folder. Two folders with different names or contents have different fingerprints.
func (t *Tree) Digest(name string) string {
	h := sha256.New()
	t.Walk(name, func(p string, k Kind) {
		content, err := []byte(nil), error(nil)
		if k == File {
			content, err = t.Read(p)
		}
		_, _ = fmt.Fprintf(h, "%q %d %v %d\n", strings.TrimPrefix(p, name), k, err, len(content))
		h.Write(content)
	})
	return hex.EncodeToString(h.Sum(nil))
}
