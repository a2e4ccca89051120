package overlay

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var errReadOnly = errors.New("the repository is read only")

// layer shows a repository to Kustomize with some files replaced: a build edits one kustomization file, so only that
// one is copied. Paths are absolute, "/" being the top of the repository. Kustomize reads nothing else: there is no
// way from here to the disk. Builds that run at the same time may share a tree.
type layer struct {
	tree *tree
	over map[string][]byte // by path without the leading slash
}

var _ filesys.FileSystem = layer{}

func inside(name string) string {
	if clean := strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(name)), "/"); clean != "" {
		return clean
	}
	return "."
}

func (l layer) kind(name string) kind {
	if _, ok := l.over[inside(name)]; ok {
		return isFile
	}
	l.tree.lock.Lock()
	defer l.tree.lock.Unlock()
	return l.tree.kind(inside(name))
}

// ReadFile returns the replaced content where there is one.
func (l layer) ReadFile(name string) ([]byte, error) {
	if content, ok := l.over[inside(name)]; ok {
		return content, nil
	}
	l.tree.lock.Lock()
	defer l.tree.lock.Unlock()
	return l.tree.read(inside(name))
}

// IsDir says whether the path is a folder.
func (l layer) IsDir(name string) bool { return l.kind(name) == isDir }

// Exists says whether the path is a regular file or folder.
func (l layer) Exists(name string) bool { k := l.kind(name); return k == isFile || k == isDir }

// CleanedAbs splits a path into an existing folder and, where it leads to a file, the file's name.
func (l layer) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	clean := inside(name)
	switch l.kind(name) {
	case isDir:
		return filesys.ConfirmedDir(path.Join("/", clean)), "", nil
	case isFile:
		return filesys.ConfirmedDir(path.Join("/", path.Dir(clean))), path.Base(clean), nil
	default:
		return "", "", &fs.PathError{Op: "open", Path: clean, Err: fs.ErrNotExist}
	}
}

// ReadDir lists a folder.
func (l layer) ReadDir(name string) ([]string, error) {
	l.tree.lock.Lock()
	defer l.tree.lock.Unlock()
	return l.tree.list(inside(name)), nil
}

// Open isn't used by Kustomize's builds.
func (l layer) Open(string) (filesys.File, error) { return nil, errReadOnly }

// Glob isn't used by Kustomize's builds.
func (l layer) Glob(string) ([]string, error) { return nil, errReadOnly }

// Walk isn't used by Kustomize's builds.
func (l layer) Walk(string, filepath.WalkFunc) error { return errReadOnly }

// Create is refused.
func (l layer) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir is refused.
func (l layer) Mkdir(string) error { return errReadOnly }

// MkdirAll is refused.
func (l layer) MkdirAll(string) error { return errReadOnly }

// RemoveAll is refused.
func (l layer) RemoveAll(string) error { return errReadOnly }

// WriteFile is refused.
func (l layer) WriteFile(string, []byte) error { return errReadOnly }
