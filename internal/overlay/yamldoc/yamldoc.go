// Package yamldoc reads YAML files with line numbers, and edits them without touching the lines that stay the same.
//
// It knows YAML nodes. It doesn't know what a file means, or where it lies.
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
)

// All parses the documents of a YAML file. It leaves out empty documents.
func All(content []byte) ([]*yamlv3.Node, error) {
	var found []*yamlv3.Node
	dec := yamlv3.NewDecoder(bytes.NewReader(content))
	for {
		var doc yamlv3.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("%s", config.Printable(strings.TrimPrefix(err.Error(), "yaml: ")))
		case len(doc.Content) == 1 && doc.Content[0].Tag != "!!null":
			found = append(found, doc.Content[0])
		}
	}
}

// Line returns the line of the value at some keys (strings) and indices (ints). Without such a value, it returns
// the line of the nearest value above it.
func Line(n *yamlv3.Node, steps ...any) int {
	if n == nil {
		return 0
	}
	if n.Kind == yamlv3.AliasNode {
		n = n.Alias
	}
	if len(steps) > 0 {
		if child := childNode(n, steps[0]); child != nil {
			return Line(child, steps[1:]...)
		}
	}
	return n.Line
}

// childNode ignores the case of keys, as Kustomize does.
func childNode(n *yamlv3.Node, step any) *yamlv3.Node {
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

// Path writes keys and indices as one text, such as resources[0].path.
func Path(steps ...any) string {
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
