package kustomization

import (
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

// resourceDoc is one document of a YAML file that a kustomization refers to.
type resourceDoc struct {
	file string
	line int
	doc  map[string]any
}

// readManifests reads a file of resources and refuses the functions in it.
func (in inspector) readManifests(file string) []resourceDoc {
	content, err := in.tree.Read(file)
	if err != nil {
		in.addManifestProblem(file, 0, err.Error(), "keep manifests in files of at most 4 MiB")
		return nil
	}
	return in.splitDocuments(content, file, 0)
}

func (in inspector) addManifestProblem(file string, line int, message, remedy string) {
	in.folder.Problems = append(
		in.folder.Problems, config.Problem{File: file, Line: line, Message: message, Remedy: remedy},
	)
}

// splitDocuments parses documents. offset is the number of lines above them in the file.
func (in inspector) splitDocuments(content []byte, file string, offset int) []resourceDoc {
	nodes, err := yamldoc.All(content)
	if err != nil {
		in.addManifestProblem(file, offset, "isn't YAML: "+err.Error(), "correct it")
		return nil
	}
	var found []resourceDoc
	for _, n := range nodes {
		found = append(found, in.decodeDocument(n, file, offset)...)
	}
	return found
}

func (in inspector) decodeDocument(n *yamlv3.Node, file string, offset int) []resourceDoc {
	m := resourceDoc{file: file, line: n.Line + offset}
	if err := n.Decode(&m.doc); err != nil {
		in.addManifestProblem(file, m.line, "isn't a Kubernetes object: "+err.Error(), "write apiVersion, kind and metadata")
		return nil
	}
	return in.expandList(m)
}

// expandList returns the items of a List, as Kustomize does, or the document itself.
func (in inspector) expandList(m resourceDoc) []resourceDoc {
	in.refuseFunctions(annotationsOf(m.doc), m.file, m.line)
	items, isList := m.doc["items"].([]any)
	if kind, _ := m.doc["kind"].(string); !isList || !strings.HasSuffix(kind, "List") {
		return []resourceDoc{m}
	}
	var found []resourceDoc
	for _, item := range items {
		if doc, ok := item.(map[string]any); ok {
			found = append(found, in.expandList(resourceDoc{m.file, m.line, doc})...)
		}
	}
	return found
}

// annotationsOf returns the keys of a document's annotations, without their values.
func annotationsOf(doc map[string]any) map[string]string {
	found := map[string]string{}
	metadata, _ := doc["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for key := range annotations {
		found[key] = ""
	}
	return found
}
