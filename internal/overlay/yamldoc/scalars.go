package yamldoc

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Scalar is a text in a YAML file: a value, or a key of a mapping.
type Scalar struct {
	// Document is the top of its document. Path has the keys above it; an item of a list has the key "".
	Document *yamlv3.Node
	Path     []string
	IsKey    bool
	Value    string
}

// Key returns the last key of the path, or "".
func (s Scalar) Key() string {
	if len(s.Path) == 0 {
		return ""
	}
	return s.Path[len(s.Path)-1]
}

// scalarEdit is the new text of a scalar at a place.
type scalarEdit struct {
	node *yamlv3.Node
	text string
}

// ReplaceScalars replaces texts in all documents of a file. change returns the new text, or the old one. All other
// characters stay. It leaves out texts of several lines.
func ReplaceScalars(content []byte, change func(s Scalar) string) ([]byte, error) {
	nodes, err := All(content)
	if err != nil {
		return nil, err
	}
	var edits []scalarEdit
	for _, n := range nodes {
		eachScalar(Scalar{Document: n}, n, func(s Scalar, at *yamlv3.Node) {
			if text := change(s); text != s.Value {
				edits = append(edits, scalarEdit{at, text})
			}
		})
	}
	if len(edits) == 0 {
		return content, nil
	}
	lines := strings.SplitAfter(string(content), "\n")
	slices.SortStableFunc(edits, func(a, b scalarEdit) int { return b.node.Column - a.node.Column })
	for _, e := range edits {
		if err = e.apply(lines); err != nil {
			return nil, err
		}
	}
	changed := []byte(strings.Join(lines, ""))
	_, err = All(changed)
	return changed, err
}

func eachScalar(at Scalar, n *yamlv3.Node, visit func(s Scalar, n *yamlv3.Node)) {
	below := func(key string) Scalar {
		return Scalar{Document: at.Document, Path: append(slices.Clone(at.Path), key)}
	}
	switch n.Kind {
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			visit(Scalar{Document: at.Document, Path: at.Path, IsKey: true, Value: key.Value}, key)
			eachScalar(below(key.Value), n.Content[i+1], visit)
		}
	case yamlv3.SequenceNode:
		for _, item := range n.Content {
			eachScalar(below(""), item, visit)
		}
	case yamlv3.ScalarNode:
		if n.Style&(yamlv3.LiteralStyle|yamlv3.FoldedStyle) == 0 {
			at.Value = n.Value
			visit(at, n)
		}
	case yamlv3.DocumentNode, yamlv3.AliasNode: // a document is its content; an alias is a text elsewhere
	}
}

func (e scalarEdit) apply(lines []string) error {
	line := []rune(lines[e.node.Line-1])
	start := e.node.Column - 1
	old := []rune(e.node.Value)
	isQuoted := e.node.Style&(yamlv3.DoubleQuotedStyle|yamlv3.SingleQuotedStyle) != 0
	if isQuoted {
		start++
	}
	end := start + len(old)
	if end > len(line) || string(line[start:end]) != e.node.Value {
		return errors.New("has a text that can't be edited; write it on one line, without escapes and anchors")
	}
	lines[e.node.Line-1] = string(line[:start]) + textIn(e.text, isQuoted) + string(line[end:])
	return nil
}

// textIn writes a text as YAML. It adds quotes where the text would have another type without them.
func textIn(text string, isQuoted bool) string {
	if isQuoted {
		return text
	}
	n := &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: text}
	if n.ShortTag() != "!!str" {
		return strconv.Quote(text)
	}
	return text
}

// RemoveDocuments removes the documents that match from a file. Comments above the first document stay.
func RemoveDocuments(content []byte, matches func(n *yamlv3.Node) bool) ([]byte, error) {
	var kept []string
	isChanged := false
	for i, part := range splitDocuments(string(content)) {
		nodes, err := All([]byte(part))
		if err != nil || len(nodes) > 1 {
			return nil, errNotEditable
		}
		if len(nodes) == 0 || !matches(nodes[0]) {
			kept = append(kept, part)
			continue
		}
		isChanged = true
		if i == 0 {
			kept = append(kept, leadingComments(part))
		}
	}
	if !isChanged {
		return content, nil
	}
	text := kept[0]
	for _, part := range kept[1:] {
		if strings.Trim(text, "\n") == "" || !hasContent(text) {
			text += part
			continue
		}
		text += "---\n" + part
	}
	return []byte(text), nil
}

func splitDocuments(text string) []string {
	parts := []string{""}
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, " \r\n") == "---" {
			parts = append(parts, "")
			continue
		}
		parts[len(parts)-1] += line
	}
	return parts
}

func hasContent(text string) bool {
	nodes, err := All([]byte(text))
	return err != nil || len(nodes) > 0
}

func leadingComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if t := strings.TrimSpace(line); t != "" && t[0] != '#' {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}
