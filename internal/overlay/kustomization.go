package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/preview"
)

var kustomizationNames = konfig.RecognizedKustomizationFileNames()

// folder is a folder with a kustomization file, its mistakes, and the folders that it refers to.
type folder struct {
	dir, file string
	k         types.Kustomization
	root      *yamlv3.Node
	problems  preview.Problems
	next      []string
}

func (f *folder) isComponent() bool { return f.k.Kind == types.ComponentKind }

func (f *folder) problem(line int, where, message, remedy string) {
	f.problems = append(f.problems, preview.Problem{File: f.file, Line: line, Path: where, Message: message, Remedy: remedy})
}

// decode reads a folder's kustomization file as Kustomize does, and refuses what Kustomize lets pass: several files,
// several documents, a key twice, a key in another case.
func (r *Repo) decode(dir string) (f *folder, ok bool) {
	f = &folder{dir: dir}
	files := r.kustomizationFiles(dir)
	if len(files) == 0 {
		f.file = dir
		f.problem(0, "", "has no kustomization.yaml", "add one")
		return f, false
	}
	f.file = files[0]
	if len(files) > 1 {
		f.problem(0, "", "there is also "+files[1], "keep one of them")
		return f, false
	}
	content, err := r.tree.read(f.file)
	if err != nil {
		f.problem(0, "", err.Error(), "make it a regular file")
		return f, false
	}
	return f, f.parse(content)
}

const remedySyntax = "see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/"

func (f *folder) parse(content []byte) bool {
	nodes, err := documents(content)
	switch {
	case err != nil:
		f.problem(0, "", err.Error(), remedySyntax)
	case len(nodes) == 0:
		f.problem(0, "", "is empty", "write at least kind: Kustomization and its resources")
	case len(nodes) > 1:
		f.problem(nodes[1].Line, "", "has more than one document", "Kustomize reads only the first: remove the others")
	case nodes[0].Kind != yamlv3.MappingNode:
		f.problem(nodes[0].Line, "", "isn't a mapping", remedySyntax)
	default:
		f.root = nodes[0]
		return f.unmarshal(content)
	}
	return false
}

func (f *folder) unmarshal(content []byte) bool {
	if _, err := yaml.YAMLToJSONStrict(content); err != nil {
		f.problem(0, "", preview.Printable(err.Error()), "write every key once")
		return false
	}
	f.exactKeys()
	if err := f.k.Unmarshal(content); err != nil {
		f.problem(0, "", preview.Printable(err.Error()), remedySyntax)
		return false
	}
	return true
}

// exactKeys refuses keys that only differ in case from a known one: Kustomize takes them, a reader overlooks them.
func (f *folder) exactKeys() {
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		key := f.root.Content[i]
		for _, known := range kustomizationKeys {
			if key.Value != known && strings.EqualFold(key.Value, known) {
				f.problem(key.Line, key.Value, "is written in another case than Kustomize documents", "write "+known)
			}
		}
	}
}

var kustomizationKeys = jsonKeys(reflect.TypeFor[types.Kustomization]())

func jsonKeys(t reflect.Type) []string {
	var keys []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name != "":
			keys = append(keys, name)
		case field.Anonymous:
			keys = append(keys, jsonKeys(field.Type)...)
		}
	}
	return keys
}

// documents parses all documents of a YAML file; empty ones are left out.
func documents(content []byte) ([]*yamlv3.Node, error) {
	var found []*yamlv3.Node
	dec := yamlv3.NewDecoder(bytes.NewReader(content))
	for {
		var doc yamlv3.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("%s", preview.Printable(strings.TrimPrefix(err.Error(), "yaml: ")))
		case len(doc.Content) == 1 && doc.Content[0].Tag != "!!null":
			found = append(found, doc.Content[0])
		}
	}
}

// lineOf finds the line of a value by its keys and indices, or of the nearest thing above it.
func lineOf(n *yamlv3.Node, steps ...any) int {
	if n == nil {
		return 0
	}
	if n.Kind == yamlv3.AliasNode {
		n = n.Alias
	}
	if len(steps) > 0 {
		if child := child(n, steps[0]); child != nil {
			return lineOf(child, steps[1:]...)
		}
	}
	return n.Line
}

func child(n *yamlv3.Node, step any) *yamlv3.Node {
	switch step := step.(type) {
	case int:
		if n.Kind == yamlv3.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		for i := 0; n.Kind == yamlv3.MappingNode && i+1 < len(n.Content); i += 2 {
			if strings.EqualFold(n.Content[i].Value, step) {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// pathOf writes keys and indices as package preview does: resources[0].path.
func pathOf(steps ...any) string {
	var b strings.Builder
	for _, s := range steps {
		switch s := s.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(s) + "]")
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		}
	}
	return b.String()
}
