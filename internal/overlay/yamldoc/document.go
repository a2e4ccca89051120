package yamldoc

import (
	"errors"
	"reflect"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Document is a YAML file that a person wrote, for editing in place. An edit rewrites only the lines of the changed
// value. All other comments, blank lines, order and style stay; a YAML encoder would lose blank lines and style.
type Document struct {
	text string
	root *yamlv3.Node
}

// errNotEditable means that the edited lines would change another value too.
var errNotEditable = errors.New("can't be edited line by line; write it as plain block mappings")

// Parse reads a file that consists of one mapping.
func Parse(content []byte) (*Document, error) {
	nodes, err := All(content)
	if err != nil {
		return nil, err
	}
	if len(nodes) != 1 || nodes[0].Kind != yamlv3.MappingNode {
		return nil, errors.New("isn't one mapping of keys to values")
	}
	return &Document{text: string(content), root: nodes[0]}, nil
}

// Bytes returns the file with all edits.
func (d *Document) Bytes() []byte { return []byte(d.text) }

// Has reports whether a key exists.
func (d *Document) Has(keys ...string) bool { return findNode(d.root, keys) != nil }

// Decode decodes the value of a key. It leaves into unchanged where the key doesn't exist.
func (d *Document) Decode(into any, keys ...string) error {
	if n := findNode(d.root, keys); n != nil {
		return n.Decode(into)
	}
	return nil
}

// Set sets the value of a key, and adds the mappings above it where they are missing. It writes a new collection on
// one line; pass a *yaml.Node to choose another style. Setting the same value changes nothing.
func (d *Document) Set(value any, keys ...string) error {
	n, err := nodeOf(value)
	if err != nil {
		return err
	}
	if old := findNode(d.root, keys); old != nil {
		if reflect.DeepEqual(valueOf(old), valueOf(n)) {
			return nil
		}
		n = keepStyle(old, n)
	}
	return d.edit(keys, n)
}

// Remove removes a key, and each mapping above it that is then empty. It succeeds where the key doesn't exist.
func (d *Document) Remove(keys ...string) error {
	if findNode(d.root, keys) == nil {
		return nil
	}
	for len(keys) > 1 && len(findNode(d.root, keys[:len(keys)-1]).Content) == 2 {
		keys = keys[:len(keys)-1]
	}
	return d.edit(keys, nil)
}

// edit sets a key to a node, or removes the key if the node is nil. It compares the result with the same change of
// plain values, and restores the document if they differ.
func (d *Document) edit(keys []string, n *yamlv3.Node) error {
	for i := range keys {
		if above := findNode(d.root, keys[:i]); above != nil && above.Kind != yamlv3.MappingNode {
			return errNotEditable
		}
	}
	before, want := *d, valueOf(d.root)
	setValue(want, keys, n)
	var err error
	if d.root.Style&yamlv3.FlowStyle != 0 || len(d.root.Content) == 0 {
		setNode(d.root, keys, n)
		err = d.replaceLines(0, d.lineCount(), d.root, 0)
	} else {
		err = d.editLines(keys, n)
	}
	if err == nil && !reflect.DeepEqual(valueOf(d.root), want) {
		err = errNotEditable
	}
	if err != nil {
		*d = before
	}
	return err
}
