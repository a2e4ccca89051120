package overlay

import (
	"path"
	"slices"

	"github.com/previewset/previewset/internal/preview"
)

// References are the mistakes in what Kustomize files refer to: in everything present below kustomize-base, overlays
// and appsets, and in everything reachable from there. Where there is none, a build reads regular files of this
// repository and nothing else: it fetches nothing and runs nothing.
func (r *Repo) References() preview.Problems {
	problems := r.links(baseFolder, overlaysFolder)
	for _, f := range r.reachable(r.kustomizations(baseFolder, overlaysFolder, appsetsFolder)...) {
		problems = append(problems, f.problems...)
	}
	return problems
}

// reachable are the given folders and those that they lead to, each folder once.
func (r *Repo) reachable(folders ...string) []*folder {
	var found []*folder
	seen := map[string]bool{}
	for queue := slices.Clone(folders); len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		f := r.folder(queue[0])
		found = append(found, f)
		queue = append(queue, f.next...)
	}
	return found
}

// links finds symbolic links, which are refused even where nothing refers to them: what they lead to differs between
// a working tree, a clone and Argo CD's copy.
func (r *Repo) links(folders ...string) preview.Problems {
	var problems preview.Problems
	for _, top := range folders {
		r.tree.walk(top, func(p string, k kind) {
			switch k {
			case isLink:
				problems = append(problems, preview.Problem{File: p, Message: "is a symbolic link", Remedy: "put the file itself there"})
			case isOther:
				problems = append(problems, preview.Problem{File: p, Message: "isn't a regular file", Remedy: "remove it"})
			case isAbsent, isFile, isDir:
			}
		})
	}
	return problems
}

// folder inspects a folder with a kustomization file, once. inspect itself remembers it.
func (r *Repo) folder(dir string) *folder {
	if f, ok := r.folders[dir]; ok {
		return f
	}
	return r.inspect(dir)
}

// kustomizationFile is the first kustomization file in a folder, or "".
func (r *Repo) kustomizationFile(dir string) string {
	if files := r.kustomizationFiles(dir); len(files) > 0 {
		return files[0]
	}
	return ""
}

func (r *Repo) kustomizationFiles(dir string) []string {
	var found []string
	for _, name := range kustomizationNames {
		if p := path.Join(dir, name); r.tree.kind(p) != isAbsent {
			found = append(found, p)
		}
	}
	return found
}
