// Package source reads the manifests that a user brings for a service: YAML and JSON files, or a Kustomization. It
// finds the objects of one service in them, and the patches that they need in a preview.
//
// It knows the shapes of Kubernetes objects and the rules of previews. It doesn't know the folders of a GitOps
// repository: newservice writes the files there.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// maxSize is the largest accepted size of a user's manifests in bytes.
const maxSize = 4 << 20

// Object is one object of a user's manifests.
type Object struct {
	manifest.Object
	// File is its file, or "" where Kustomize built it. YAML is its text.
	File string
	YAML []byte
}

// Manifests are the manifests that a user brings.
type Manifests struct {
	// Objects are in the order of the files.
	Objects []Object
	// Files are the files of a Kustomization, by their path below the folder that holds all of them. Entry is the
	// Kustomization's folder there. Files is nil for plain manifests.
	Files map[string][]byte
	Entry string
	// IsComponent is true where the Kustomization is a Component.
	IsComponent bool
	// IsOneService is true where all objects belong to one service, as those of a Helm chart.
	IsOneService bool
	// Notes name files that were ignored.
	Notes []string
}

// Read reads a file or a folder. Paths in its errors are those in fsys.
func Read(fsys fs.FS, name string) (*Manifests, error) {
	tree := filetree.New(fsys)
	switch tree.Kind(name) {
	case filetree.Folder:
	case filetree.File:
		if name = path.Clean(name); slices.Contains(kustomizationNames, path.Base(name)) {
			return readKustomization(fsys, tree, path.Dir(name))
		}
		return readPlain(tree, []string{name})
	case filetree.Absent:
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case filetree.Link, filetree.Other:
		return nil, fmt.Errorf("%s: isn't a regular file or folder", name)
	}
	if kustomization.NewFreeGraph(tree).File(name) != "" {
		return readKustomization(fsys, tree, name)
	}
	var files []string
	for _, child := range tree.List(name) {
		if p := path.Join(name, child); isManifestName(child) && tree.Kind(p) == filetree.File {
			files = append(files, p)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: it has no YAML or JSON files\nname the folder or the file with the manifests", name)
	}
	return readPlain(tree, files)
}

var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isManifestName(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) && !strings.HasPrefix(name, ".")
}

func readPlain(tree *filetree.Tree, names []string) (*Manifests, error) {
	var files []File
	for _, name := range names {
		content, err := tree.Read(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, File{name, content})
	}
	return FromFiles(files)
}

// File is a file with manifests.
type File struct {
	Name    string
	Content []byte
}

// FromFiles reads the objects in some files.
func FromFiles(files []File) (*Manifests, error) {
	m, total := &Manifests{}, 0
	var problems config.Problems
	for _, f := range files {
		if total += len(f.Content); total > maxSize {
			return nil, fmt.Errorf("%s: the manifests are larger than %d MiB\nname the manifests of one system",
				f.Name, maxSize>>20)
		}
		objects, err := parse(f.Name, f.Content)
		switch {
		case err != nil:
			problems = append(problems, config.Problem{File: f.Name, Message: err.Error(), Remedy: "correct the file"})
		case len(objects) == 0:
			m.Notes = append(m.Notes, fmt.Sprintf("ignored %q: it has no Kubernetes objects", f.Name))
		}
		m.Objects = append(m.Objects, objects...)
	}
	problems = append(problems, m.duplicates()...)
	if len(problems) > 0 {
		return nil, problems
	}
	return m, nil
}

func (m *Manifests) duplicates() config.Problems {
	var problems config.Problems
	seen := map[string]string{}
	for _, o := range m.Objects {
		if other, ok := seen[o.Identity()]; ok {
			problems = append(problems, config.Problem{
				File: o.File, Message: o.String() + " is also in " + other, Remedy: "keep one of them, or name one file",
			})
		}
		seen[o.Identity()] = o.File
	}
	return problems
}

// parse returns the objects in a file. It leaves out documents that aren't Kubernetes objects.
func parse(file string, content []byte) ([]Object, error) {
	nodes, err := yamldoc.All(content)
	if err != nil {
		if strings.Contains(string(content), "{{") {
			return nil, errors.New("has {{ }}, so it is a template and no manifest: render it first, " +
				"or use --chart for a Helm chart")
		}
		return nil, fmt.Errorf("isn't YAML: %w", err)
	}
	var found []Object
	for _, n := range nodes {
		objects, err := objectsOf(file, n)
		if err != nil {
			return nil, err
		}
		found = append(found, objects...)
	}
	return found, nil
}

// objectsOf returns the object in a document, or all objects of a List.
func objectsOf(file string, n *yamlv3.Node) ([]Object, error) {
	var fields map[string]any
	if n.Decode(&fields) != nil {
		return nil, nil
	}
	o := Object{Object: manifest.Object{Fields: fields}, File: file}
	group, _, hasGroup := strings.Cut(o.Text("apiVersion"), "/")
	if o.Kind = o.Text("kind"); o.Kind == "" || group == "" {
		return nil, nil
	}
	if items, ok := o.At("items").([]any); ok && strings.HasSuffix(o.Kind, "List") {
		var found []Object
		for i := range items {
			objects, err := objectsOf(file, itemOf(n, i))
			if err != nil {
				return nil, err
			}
			found = append(found, objects...)
		}
		return found, nil
	}
	if hasGroup {
		o.Group = group
	}
	if o.Name = o.Text("metadata", "name"); o.Name == "" {
		return nil, fmt.Errorf("line %d: %s has no metadata.name", n.Line, o.Kind)
	}
	o.Namespace, o.Labels = o.Text("metadata", "namespace"), textsOf(o.At("metadata", "labels"))
	var err error
	o.YAML, err = encode(n)
	return []Object{o}, err
}

// itemOf returns an item of a List.
func itemOf(list *yamlv3.Node, i int) *yamlv3.Node {
	for k := 0; k+1 < len(list.Content); k += 2 {
		if list.Content[k].Value == "items" {
			return list.Content[k+1].Content[i]
		}
	}
	return &yamlv3.Node{}
}
