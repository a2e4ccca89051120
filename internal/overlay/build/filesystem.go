package build

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/previewset/previewset/internal/overlay/filetree"
)

var errReadOnly = errors.New("the repository is read only")

// kustomizeFiles is the file system that Kustomize sees: a repository in which some files are replaced. Paths are
// absolute; "/" is the top of the repository. Kustomize has no other access to files, so it can't reach the disk.
type kustomizeFiles struct {
	tree     *filetree.Tree
	replaced map[string][]byte // by path in the repository
}

var _ filesys.FileSystem = kustomizeFiles{}

// repositoryPath turns an absolute path into a path in the repository.
func repositoryPath(name string) string {
	if clean := strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(name)), "/"); clean != "" {
		return clean
	}
	return "."
}

func (f kustomizeFiles) kind(name string) filetree.Kind {
	if _, ok := f.replaced[repositoryPath(name)]; ok {
		return filetree.File
	}
	return f.tree.Kind(repositoryPath(name))
}

// ReadFile returns the replaced content, else the content in the repository.
func (f kustomizeFiles) ReadFile(name string) ([]byte, error) {
	if content, ok := f.replaced[repositoryPath(name)]; ok {
		return content, nil
	}
	return f.tree.Read(repositoryPath(name))
}

// IsDir reports whether the path is a folder.
func (f kustomizeFiles) IsDir(name string) bool { return f.kind(name) == filetree.Folder }

// Exists reports whether the path is a regular file or a folder.
func (f kustomizeFiles) Exists(name string) bool {
	k := f.kind(name)
	return k == filetree.File || k == filetree.Folder
}

// CleanedAbs splits a path into a folder and a file's name. The name is empty where the path is a folder.
func (f kustomizeFiles) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	clean := repositoryPath(name)
	switch f.kind(name) {
	case filetree.Folder:
		return filesys.ConfirmedDir(path.Join("/", clean)), "", nil
	case filetree.File:
		return filesys.ConfirmedDir(path.Join("/", path.Dir(clean))), path.Base(clean), nil
	default:
		return "", "", &fs.PathError{Op: "open", Path: clean, Err: fs.ErrNotExist}
	}
}

// ReadDir lists a folder.
func (f kustomizeFiles) ReadDir(name string) ([]string, error) {
	return f.tree.List(repositoryPath(name)), nil
}

// Open fails; Kustomize's builds don't use it.
func (kustomizeFiles) Open(string) (filesys.File, error) { return nil, errReadOnly }

// Glob fails; Kustomize's builds don't use it.
func (kustomizeFiles) Glob(string) ([]string, error) { return nil, errReadOnly }

// Walk fails; Kustomize's builds don't use it.
func (kustomizeFiles) Walk(string, filepath.WalkFunc) error { return errReadOnly }

// Create fails, because the repository is read only.
func (kustomizeFiles) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir fails, because the repository is read only.
func (kustomizeFiles) Mkdir(string) error { return errReadOnly }

// MkdirAll fails, because the repository is read only.
func (kustomizeFiles) MkdirAll(string) error { return errReadOnly }

// RemoveAll fails, because the repository is read only.
func (kustomizeFiles) RemoveAll(string) error { return errReadOnly }

// WriteFile fails, because the repository is read only.
func (kustomizeFiles) WriteFile(string, []byte) error { return errReadOnly }
