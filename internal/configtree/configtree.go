// Package configtree finds the configuration files of a GitOps repository. It is the only code that builds a
// config.Tree, for the service (from a commit) and for the command (from a commit, a working tree, or files that
// aren't written yet).
//
// It knows where the files are, and which files a kustomization refers to. Package config decodes the configuration.
package configtree

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// NoCommit is the Commit of files that aren't committed.
const NoCommit = "0000000000000000000000000000000000000000"

// HashFunc returns a digest of a folder with everything below it.
type HashFunc func(folder string) (string, error)

// HashedFS is the file system of a Git tree, with Git's hashes of its folders.
type HashedFS interface {
	fs.FS
	Hash(folder string) (string, error)
	// LeftOut calls add for each path of the whole commit that the file system doesn't list, and says whether Git refuses
	// to check it out.
	LeftOut(add func(name string, isRefused bool)) error
}

// ReadCommit reads the configuration in a folder of a commit; "." is the top. An empty sha means NoCommit.
func ReadCommit(commit HashedFS, sha, folder string) (config.Tree, error) {
	if info, err := fs.Stat(commit, folder); err != nil || !info.IsDir() {
		return config.Tree{}, fmt.Errorf("folder %s: %w", folder, ErrNoFolder)
	}
	fsys, err := fs.Sub(commit, folder)
	if err != nil {
		return config.Tree{}, err
	}
	tree, err := Read(fsys, func(name string) (string, error) { return commit.Hash(path.Join(folder, name)) })
	if err != nil {
		return config.Tree{}, err
	}
	tree.Commit, tree.Prefix = cmp.Or(sha, NoCommit), folder
	return tree, commit.LeftOut(func(name string, isRefused bool) { addLeftOut(&tree, name, isRefused) })
}

// ErrNoFolder is the error for a commit without the configuration's folder.
var ErrNoFolder = errors.New("there is no such folder")

// Read reads the whole configuration from fsys, which begins at the configuration's folder. Symbolic links aren't
// followed. A configuration file that isn't a regular file, or is too large, becomes a File with a Problem.
func Read(fsys fs.FS, hash HashFunc) (config.Tree, error) {
	r := newReader(fsys)
	if err := r.addFile(config.AccessFile); err != nil {
		return config.Tree{}, err
	}
	if err := r.addShared(hash); err != nil {
		return config.Tree{}, err
	}
	if r.lacks(config.OverlaysFolder) {
		return r.tree, nil
	}
	entries, err := fs.ReadDir(fsys, config.OverlaysFolder)
	if err != nil {
		return config.Tree{}, err
	}
	for _, e := range entries {
		if err := r.addOverlayEntry(e, hash); err != nil {
			return config.Tree{}, err
		}
	}
	r.addReferences()
	return r.tree, nil
}

// ReadEnvironments reads the policy, the slots, the base and the named environments only. It doesn't read the other
// environments or access.yaml, so a command that edits one of them doesn't depend on the rest. Hashes have empty values.
func ReadEnvironments(fsys fs.FS, names ...string) (config.Tree, error) {
	r := newReader(fsys)
	noHash := func(string) (string, error) { return "", nil }
	if err := r.addShared(noHash); err != nil || r.lacks(config.OverlaysFolder) {
		return r.tree, err
	}
	for _, name := range names {
		info, err := r.stat(path.Join(config.OverlaysFolder, name))
		if err == nil && info != nil {
			err = r.addOverlayEntry(fs.FileInfoToDirEntry(info), noHash)
		}
		if err != nil {
			return config.Tree{}, err
		}
	}
	return r.tree, nil
}

// Needs reports whether Read reads the content of a file, or of files in a folder. The path begins at the
// configuration's folder.
func Needs(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	switch name {
	case config.PolicyFile, config.SlotsFile, config.AccessFile:
		return true
	}
	return top == config.OverlaysFolder || top == config.BaseFolder
}

// reader fills a tree.
type reader struct {
	fsys    fs.FS
	tree    config.Tree
	entries int // the files and folders below kustomize-base
}

func newReader(fsys fs.FS) *reader {
	return &reader{fsys: fsys, tree: config.Tree{
		Commit: NoCommit, Prefix: ".",
		Files: map[string]config.File{}, Kustomizations: map[string]bool{}, Hashes: map[string]string{},
	}}
}

// addShared adds everything that all environments share: the policy, the slots, the base and the shared overlay.
func (r *reader) addShared(hash HashFunc) error {
	for _, name := range []string{config.PolicyFile, config.SlotsFile} {
		if err := r.addFile(name); err != nil {
			return err
		}
	}
	if err := r.addBase(hash); err != nil {
		return err
	}
	return r.addSharedOverlay(hash)
}

func (r *reader) addBase(hash HashFunc) error {
	isFolder, err := r.requireFolder(config.BaseFolder)
	if err != nil || !isFolder {
		return err
	}
	if r.tree.Hashes[config.BaseFolder], err = hash(config.BaseFolder); err != nil {
		return err
	}
	if err = r.addKustomizations(config.BaseFolder); !errors.Is(err, errTooLarge) {
		return err
	}
	r.tree.Problems = append(r.tree.Problems, config.Problem{
		File: config.BaseFolder, Message: err.Error(), Remedy: "remove folders that no kustomization refers to",
	})
	return nil
}

// maxEntries bounds the files and folders below kustomize-base. In a Git commit, a few small objects can stand for any
// number of folders, because a folder can be in another one under many names.
const maxEntries = 50_000

var errTooLarge = fmt.Errorf("has more than %d files and folders", maxEntries)

// addKustomizations adds every folder at or below the given one that has a kustomization file.
func (r *reader) addKustomizations(folder string) error {
	entries, err := fs.ReadDir(r.fsys, folder)
	if err != nil {
		return err
	}
	if r.entries += len(entries) + 1; r.entries > maxEntries {
		return errTooLarge
	}
	if hasKustomization(entries) {
		r.tree.Kustomizations[folder] = true
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if r.ignores(name) || !e.IsDir() {
			continue
		}
		if err := r.addKustomizations(name); err != nil {
			return err
		}
	}
	return nil
}

// hasKustomization checks the first file with a name that Kustomize knows. If it is a link, Kustomize can't build the
// folder.
func hasKustomization(entries []fs.DirEntry) bool {
	for _, e := range entries {
		if isKustomization(e.Name()) {
			return e.Type().IsRegular()
		}
	}
	return false
}

func isKustomization(file string) bool {
	return file == "kustomization.yaml" || file == "kustomization.yml" || file == "Kustomization"
}

// addFile adds a configuration file, unless it doesn't exist.
func (r *reader) addFile(name string) error {
	info, err := r.stat(name)
	if err != nil || info == nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		r.tree.Files[name] = config.File{Problem: "is a symbolic link"}
	case !info.Mode().IsRegular():
		r.tree.Files[name] = config.File{Problem: "is not a regular file"}
	case info.Size() > config.MaxFileSize:
		r.tree.Files[name] = config.File{Problem: fmt.Sprintf("is larger than %d KiB", config.MaxFileSize>>10)}
	default:
		content, err := fs.ReadFile(r.fsys, name)
		if err != nil {
			return err
		}
		r.tree.Files[name] = config.File{Content: content}
	}
	return nil
}

// stat returns nil if the path doesn't exist.
func (r *reader) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(r.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, err
}
