// Package kustomization reads the kustomization files of a repository and follows every reference in them.
//
// A folder without problems can be built safely: the build reads regular files of this repository and nothing else. It
// fetches nothing and runs no program.
//
// The package uses Kustomize's own types, because only the same decoder sees the same file. Kustomize ignores the case
// of keys, so a list of our own would miss `HelmCharts`. The package doesn't know which environments exist.
package kustomization

import (
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// Graph is the folders with kustomization files, and the references between them. It reads each folder once, on demand.
// Only one goroutine may use it.
type Graph struct {
	tree    *filetree.Tree
	folders map[string]*Folder
	// isFree is true for folders that aren't a GitOps repository: each may refer to all others.
	isFree bool
}

// NewGraph returns the graph of a repository's folders.
func NewGraph(tree *filetree.Tree) *Graph {
	return &Graph{tree: tree, folders: map[string]*Folder{}}
}

// NewFreeGraph returns the graph of folders that aren't a GitOps repository, such as manifests that a user brings. The
// rules about the folders of a GitOps repository don't apply.
func NewFreeGraph(tree *filetree.Tree) *Graph {
	g := NewGraph(tree)
	g.isFree = true
	return g
}

// Folder returns a folder with its references and its problems.
func (g *Graph) Folder(dir string) *Folder {
	if f, ok := g.folders[dir]; ok {
		return f
	}
	f, isDecoded := g.decode(dir)
	g.folders[dir] = f // before the references are followed, because folders may refer to each other
	if isDecoded {
		inspector{Graph: g, folder: f}.inspect()
	}
	return f
}

// Reachable returns some folders and all folders that they refer to, each folder once.
func (g *Graph) Reachable(folders ...string) []*Folder {
	var found []*Folder
	seen := map[string]bool{}
	for queue := slices.Clone(folders); len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		f := g.Folder(queue[0])
		found = append(found, f)
		queue = append(queue, f.references...)
	}
	return found
}

// Files returns the files that a build of a folder reads, sorted.
func (g *Graph) Files(dir string) []string {
	var found []string
	for _, f := range g.Reachable(dir) {
		found = append(append(found, f.File), f.files...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// MayMake reports whether a folder, with all that it refers to, has objects of some kinds, or changes objects of
// others.
func (g *Graph) MayMake(dir string, kinds ...string) bool {
	return slices.ContainsFunc(g.Reachable(dir), func(f *Folder) bool {
		return f.own.patches > 0 ||
			slices.ContainsFunc(f.kinds, func(kind string) bool { return slices.Contains(kinds, kind) })
	})
}

// Problems returns the problems of some folders and of all folders that they refer to.
func (g *Graph) Problems(folders ...string) config.Problems {
	var problems config.Problems
	for _, f := range g.Reachable(folders...) {
		problems = append(problems, f.Problems...)
	}
	return problems
}

// Below returns the folders with a kustomization file at or below the given folders, sorted within each.
func (g *Graph) Below(folders ...string) []string {
	var found []string
	for _, top := range folders {
		g.tree.Walk(top, func(p string, k filetree.Kind) {
			if k == filetree.Folder && g.File(p) != "" {
				found = append(found, p)
			}
		})
	}
	return found
}

// File returns the path of the kustomization file in a folder, or "".
func (g *Graph) File(dir string) string {
	if files := g.files(dir); len(files) > 0 {
		return files[0]
	}
	return ""
}

var fileNames = konfig.RecognizedKustomizationFileNames()

// files returns all kustomization files in a folder; more than one is a mistake.
func (g *Graph) files(dir string) []string {
	var found []string
	for _, name := range fileNames {
		if p := path.Join(dir, name); g.tree.Kind(p) != filetree.Absent {
			found = append(found, p)
		}
	}
	return found
}

// parameterFile returns a file in a folder from which Argo CD reads an Application's parameters, or "". Those
// parameters come before the Application's own (https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/).
func (g *Graph) parameterFile(dir string) string {
	for _, name := range g.tree.List(dir) {
		if strings.HasPrefix(name, ".argocd-source") && strings.HasSuffix(name, ".yaml") {
			return path.Join(dir, name)
		}
	}
	return ""
}

// Links returns a problem for each symbolic link and special file below some folders, even if nothing refers to it. A
// link can lead to different files in a working tree, in a clone and in Argo CD's copy.
func Links(tree *filetree.Tree, folders ...string) config.Problems {
	var problems config.Problems
	for _, top := range folders {
		tree.Walk(top, func(p string, k filetree.Kind) {
			switch k {
			case filetree.Link:
				problems = append(
					problems, config.Problem{File: p, Message: "is a symbolic link", Remedy: "put the file itself there"},
				)
			case filetree.Other:
				problems = append(problems, config.Problem{File: p, Message: "isn't a regular file", Remedy: "remove it"})
			case filetree.Absent, filetree.File, filetree.Folder:
			}
		})
	}
	return problems
}
