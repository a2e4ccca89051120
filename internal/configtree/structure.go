package configtree

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

const restoreRemedy = "restore the folder; the last valid configuration stays in force until then"

// requireFolder reports whether a path is a plain folder, and adds a problem otherwise. Everything below another kind
// of entry seems to be deleted, so the whole configuration is then invalid.
func (r *reader) requireFolder(name string) (ok bool, err error) {
	kind, err := r.kindOf(name)
	if err != nil || kind == "" {
		return err == nil, err
	}
	problem := config.Problem{File: name, Message: kind, Remedy: restoreRemedy}
	r.tree.Problems = append(r.tree.Problems, problem) // guard plain-folder: skip
	return false, nil
}

// lacks reports whether a required folder has a problem.
func (r *reader) lacks(folder string) bool {
	kind, err := r.kindOf(folder)
	return err != nil || kind != ""
}

// kindOf describes an entry that isn't a plain folder; "" is a plain folder.
func (r *reader) kindOf(name string) (string, error) {
	info, err := r.stat(name)
	switch {
	case err != nil:
		return "", err
	case info == nil:
		return "is missing", nil
	case !info.IsDir():
		return kindOfMode(info.Mode()), nil
	}
	// isSubmodule needs a list, and a command that edits one environment must not depend on the names of the others.
	git, err := r.stat(path.Join(name, ".git"))
	if git != nil {
		return kindOfMode(fs.ModeIrregular), nil
	}
	return "", err
}

func kindOfMode(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "is a symbolic link"
	case mode&fs.ModeIrregular != 0:
		return "is a submodule"
	}
	return "is not a folder"
}

// addSharedOverlay adds the overlay of all environments without their own.
func (r *reader) addSharedOverlay(hash HashFunc) error {
	for _, folder := range []string{config.OverlaysFolder, config.SharedOverlay} {
		if isFolder, err := r.requireFolder(folder); err != nil || !isFolder {
			return err
		}
	}
	entries, err := fs.ReadDir(r.fsys, config.SharedOverlay)
	if err != nil {
		return err
	}
	if !hasKustomization(entries) {
		r.tree.Problems = append(r.tree.Problems, config.Problem{
			File: config.SharedOverlay, Message: "has no kustomization.yaml", Remedy: "restore the file",
		})
	}
	if file := parameterFile(entries); file != "" {
		r.tree.Problems = append(r.tree.Problems, parametersProblem(path.Join(config.SharedOverlay, file)))
	}
	return r.addOverlay(config.SharedOverlay, entries, hash)
}

// addOverlayEntry adds one entry of overlays/. An entry that isn't a plain folder breaks only its own environment.
func (r *reader) addOverlayEntry(e fs.DirEntry, hash HashFunc) error {
	folder := path.Join(config.OverlaysFolder, e.Name())
	switch {
	case folder == config.SharedOverlay:
		return r.addFile(path.Join(folder, config.EnvironmentFile))
	case r.ignores(folder) || e.Type().IsRegular(): // such as a README
		return nil
	case !e.IsDir():
		r.addBroken(e.Name(), kindOfMode(e.Type()))
		return nil
	}
	entries, err := fs.ReadDir(r.fsys, folder)
	switch {
	case err != nil:
		return err
	case isSubmodule(entries):
		r.addBroken(e.Name(), kindOfMode(fs.ModeIrregular))
		return nil
	}
	if file := parameterFile(entries); file != "" {
		r.addBrokenOverlay(parametersProblem(path.Join(folder, file)), e.Name())
		return nil
	}
	if err := r.addOverlay(folder, entries, hash); err != nil {
		return err
	}
	return r.addFile(path.Join(folder, config.EnvironmentFile))
}

// parameterFile returns a file from which Argo CD reads parameters of an Application, or "". Those parameters come
// before the row's (https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/).
func parameterFile(entries []fs.DirEntry) string {
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".argocd-source") && strings.HasSuffix(e.Name(), ".yaml") {
			return e.Name()
		}
	}
	return ""
}

func parametersProblem(file string) config.Problem {
	return config.Problem{
		File: config.Printable(file), Message: "would change the environment's row: Argo CD reads parameters from it",
		Remedy: "remove it, and write its changes into kustomization.yaml",
	}
}

func (r *reader) addBroken(name, kind string) {
	r.addBrokenOverlay(config.Problem{
		File: path.Join(config.OverlaysFolder, name), Message: kind, Remedy: "put a plain folder there, or remove it",
	}, name)
}

func (r *reader) addBrokenOverlay(p config.Problem, name string) {
	if r.tree.BrokenOverlays == nil {
		r.tree.BrokenOverlays = map[string]config.Problem{}
	}
	r.tree.BrokenOverlays[name] = p
}

func (r *reader) addOverlay(folder string, entries []fs.DirEntry, hash HashFunc) (err error) {
	if hasKustomization(entries) {
		r.tree.Kustomizations[folder] = true
	}
	r.tree.Hashes[folder], err = hash(folder)
	return err
}

// isSubmodule reports whether a folder of a working tree is a submodule. In a commit, a submodule isn't a folder.
func isSubmodule(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" })
}

// ignores adds a problem for a path with a name that can't be used.
func (r *reader) ignores(name string) bool {
	base := path.Base(name)
	if base != ".git" && config.Printable(base) == base {
		return false
	}
	r.tree.Ignored = append(r.tree.Ignored, ignored(name))
	return true
}

func ignored(name string) config.Problem {
	return config.Problem{
		File: fmt.Sprintf("%+q", name), Message: "has a name that can't be used, and is ignored",
		Remedy: "rename it: use letters, digits, -, _ and .",
	}
}

// addLeftOut adds a path of the commit that the file system doesn't list.
func addLeftOut(t *config.Tree, name string, isRefused bool) {
	if isRefused && t.CheckoutProblem == nil {
		t.CheckoutProblem = &config.Problem{
			File: fmt.Sprintf("%+q", name), Message: "Git refuses to check out this name, so Argo CD can't sync the commit",
			Remedy: "remove the path",
		}
		return
	}
	t.Ignored = append(t.Ignored, ignored(name))
}
