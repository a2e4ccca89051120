package yamldoc

import (
	"reflect"
	"slices"

	yamlv3 "go.yaml.in/yaml/v3"
)

// nodeOf encodes a value on one line. A list of mappings gets one line for each mapping.
func nodeOf(value any) (*yamlv3.Node, error) {
	if n, ok := value.(*yamlv3.Node); ok {
		return n, nil
	}
	n := &yamlv3.Node{}
	if err := n.Encode(value); err != nil {
		return nil, err
	}
	switch {
	case n.Kind == yamlv3.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yamlv3.MappingNode:
		for _, item := range n.Content {
			item.Style = yamlv3.FlowStyle
		}
	case n.Kind != yamlv3.ScalarNode:
		n.Style = yamlv3.FlowStyle
	}
	return n, nil
}

// keepStyle gives a new node the style of the old one: its comment on the same line, its layout as a list, and the
// comments of the list's unchanged items.
func keepStyle(old, n *yamlv3.Node) *yamlv3.Node {
	n.LineComment = old.LineComment
	if n.Kind == yamlv3.SequenceNode && old.Kind == yamlv3.SequenceNode {
		n.Style = old.Style
		for i, item := range n.Content {
			isSame := func(o *yamlv3.Node) bool { return reflect.DeepEqual(valueOf(o), valueOf(item)) }
			if j := slices.IndexFunc(old.Content, isSame); j >= 0 {
				n.Content[i] = old.Content[j]
			}
		}
	}
	return n
}

// valueOf decodes a node without its style. It returns the error where the node can't be decoded.
func valueOf(n *yamlv3.Node) any {
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	return v
}

func findNode(n *yamlv3.Node, keys []string) *yamlv3.Node {
	for _, key := range keys {
		i := keyIndex(n, key)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// keyIndex returns the position of a key in a mapping's content, or -1. The value follows the key.
func keyIndex(n *yamlv3.Node, key string) int {
	for i := 0; n.Kind == yamlv3.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

func keyNode(key string) *yamlv3.Node {
	return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: key}
}

// wrapInMappings wraps a node in one mapping for each key.
func wrapInMappings(keys []string, n *yamlv3.Node) *yamlv3.Node {
	for _, key := range slices.Backward(keys) {
		n = &yamlv3.Node{Kind: yamlv3.MappingNode, Content: []*yamlv3.Node{keyNode(key), n}}
	}
	return n
}

// setNode sets a key in a mapping node, or removes it if n is nil.
func setNode(mapping *yamlv3.Node, keys []string, n *yamlv3.Node) {
	i := keyIndex(mapping, keys[0])
	switch {
	case i < 0:
		wrapped := n
		for _, key := range slices.Backward(keys[1:]) {
			wrapped = &yamlv3.Node{
				Kind: yamlv3.MappingNode, Style: mapping.Style, Content: []*yamlv3.Node{keyNode(key), wrapped},
			}
		}
		mapping.Content = append(mapping.Content, keyNode(keys[0]), wrapped)
	case len(keys) > 1:
		setNode(mapping.Content[i+1], keys[1:], n)
	case n == nil:
		mapping.Content = slices.Delete(mapping.Content, i, i+2)
	default:
		mapping.Content[i+1] = n
	}
}

// setValue makes the same change to plain values. The result of an edit is compared with it.
func setValue(in any, keys []string, n *yamlv3.Node) {
	m, ok := in.(map[string]any)
	if !ok {
		return
	}
	switch next, exists := m[keys[0]]; {
	case len(keys) > 1 && exists:
		setValue(next, keys[1:], n)
	case len(keys) > 1:
		inner := map[string]any{}
		m[keys[0]] = inner
		setValue(inner, keys[1:], n)
	case n == nil:
		delete(m, keys[0])
	default:
		m[keys[0]] = valueOf(n)
	}
}
