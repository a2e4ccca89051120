package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
)

// wrapper is the folder of a Kustomization that builds a Component. It is only in memory.
const wrapper = ".previewset-component"

// readKustomization builds a user's Kustomization, and takes all files that the build reads.
func readKustomization(fsys fs.FS, tree *filetree.Tree, dir string) (*Manifests, error) {
	graph := kustomization.NewFreeGraph(tree)
	if problems := graph.Problems(dir); len(problems) > 0 {
		return nil, explainSource(problems)
	}
	m := &Manifests{IsComponent: graph.Folder(dir).IsComponent()}
	if err := m.takeFiles(tree, graph, dir); err != nil {
		return nil, err
	}
	if m.IsComponent {
		text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\ncomponents:\n  - ../" + dir + "\n"
		file := path.Join(wrapper, "kustomization.yaml")
		tree = filetree.New(filetree.Edited(fsys, map[string][]byte{file: []byte(text)}, nil))
		graph, dir = kustomization.NewFreeGraph(tree), wrapper
	}
	return m, m.build(tree, graph, dir)
}

func (m *Manifests) build(tree *filetree.Tree, graph *kustomization.Graph, dir string) error {
	prepared, err := build.New(tree, graph).Overlay(dir)
	if err != nil {
		return err
	}
	resources, err := prepared.RunWithin(build.MaxTime)
	if err != nil {
		return fmt.Errorf("%s: kustomize build fails: %s\ncorrect the Kustomization; try kustomize build there",
			graph.Folder(dir).File, config.Printable(err.Error()))
	}
	objects, err := build.Objects(resources)
	if err != nil {
		return err
	}
	for i, res := range resources.Resources() {
		text, err := res.AsYAML()
		if err != nil {
			return err
		}
		m.Objects = append(m.Objects, Object{Object: objects[i], YAML: text})
	}
	return nil
}

// takeFiles reads the files of the build. Their top folder is the lowest one that holds all of them.
func (m *Manifests) takeFiles(tree *filetree.Tree, graph *kustomization.Graph, dir string) error {
	top := dir
	for _, f := range graph.Reachable(dir) {
		for top != "." && f.Dir != top && !strings.HasPrefix(f.Dir, top+"/") {
			top = path.Dir(top)
		}
	}
	below := func(p string) string {
		if p == top {
			return "."
		}
		return strings.TrimPrefix(p, top+"/")
	}
	m.Files, m.Entry = map[string][]byte{}, below(dir)
	total := 0
	for _, file := range graph.Files(dir) {
		content, err := tree.Read(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if total += len(content); total > maxSize {
			return fmt.Errorf("%s: the Kustomization's files are larger than %d MiB", file, maxSize>>20)
		}
		m.Files[below(file)] = content
	}
	return nil
}

// explainSource gives problems a remedy for manifests that aren't in the GitOps repository yet.
func explainSource(problems config.Problems) error {
	for i, p := range problems {
		switch {
		case strings.HasPrefix(p.Path, "helm"):
			problems[i].Remedy = "add the chart with --chart; Argo CD builds no charts"
		case strings.Contains(p.Message, "fetched from elsewhere"):
			problems[i].Remedy = "copy it beside the Kustomization, and refer to the copy: builds fetch nothing"
		case strings.Contains(p.Message, "leaves the repository"):
			problems[i].Remedy = "run the command in a folder that holds both, or in their Git repository"
		}
	}
	return problems
}

func encode(n *yamlv3.Node) ([]byte, error) {
	if n.Style&yamlv3.FlowStyle != 0 {
		clearStyle(n) // JSON
	}
	var b bytes.Buffer
	e := yamlv3.NewEncoder(&b)
	e.SetIndent(2)
	err := errors.Join(e.Encode(n), e.Close())
	return b.Bytes(), err
}

// clearStyle turns JSON into YAML blocks.
func clearStyle(n *yamlv3.Node) {
	n.Style &^= yamlv3.FlowStyle
	for _, child := range n.Content {
		clearStyle(child)
	}
}

// textsOf returns a mapping with texts only.
func textsOf(v any) map[string]string {
	m, _ := v.(map[string]any)
	found := make(map[string]string, len(m))
	for key, value := range m {
		found[key] = fmt.Sprint(value)
	}
	return found
}
