package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// Document is a YAML file of a person's that is edited in place. Only the lines of what changes are written anew;
// comments, order, blank lines and style of all the rest stay as they are. An encoder would keep none of the last two.
type Document struct {
	text string
	root *yamlv3.Node
}

// errNotEditable is of files whose lines don't say what their nodes do, which takes some skill to write.
var errNotEditable = errors.New("is written in a way that can't be edited line by line; write it as plain block mappings")

// ParseDocument takes a file with one mapping in it.
func ParseDocument(content []byte) (*Document, error) {
	nodes, err := documents(content)
	if err != nil {
		return nil, err
	}
	if len(nodes) != 1 || nodes[0].Kind != yamlv3.MappingNode {
		return nil, errors.New("isn't one mapping of keys to values")
	}
	return &Document{text: string(content), root: nodes[0]}, nil
}

// Bytes is the file as it is now.
func (d *Document) Bytes() []byte { return []byte(d.text) }

// Has says whether there is such a key.
func (d *Document) Has(keys ...string) bool { return find(d.root, keys) != nil }

// Decode decodes the value at the keys; where there is none, it leaves into as it is.
func (d *Document) Decode(into any, keys ...string) error {
	if n := find(d.root, keys); n != nil {
		return n.Decode(into)
	}
	return nil
}

// Set gives a key a value, and makes the mappings on the way to it. New collections are written in one line, unless the
// value is a node that says otherwise.
func (d *Document) Set(value any, keys ...string) error {
	n, err := nodeOf(value)
	if err != nil {
		return err
	}
	if old := find(d.root, keys); old != nil {
		if reflect.DeepEqual(plain(old), plain(n)) {
			return nil
		}
		n = inTheStyleOf(old, n)
	}
	return d.edit(keys, n)
}

// Remove takes a key out, and the mappings that are empty then.
func (d *Document) Remove(keys ...string) error {
	if find(d.root, keys) == nil {
		return nil
	}
	for len(keys) > 1 && len(find(d.root, keys[:len(keys)-1]).Content) == 2 {
		keys = keys[:len(keys)-1]
	}
	return d.edit(keys, nil)
}

// nodeOf encodes a value: its collections in one line, but each item of a list of mappings in one of its own.
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

// inTheStyleOf keeps what a person wrote around a value: the comment behind it, a list as a list of lines, and what
// stands at items that stay.
func inTheStyleOf(old, n *yamlv3.Node) *yamlv3.Node {
	n.LineComment = old.LineComment
	if n.Kind == yamlv3.SequenceNode && old.Kind == yamlv3.SequenceNode {
		n.Style = old.Style
		for i, item := range n.Content {
			same := func(o *yamlv3.Node) bool { return reflect.DeepEqual(plain(o), plain(item)) }
			if j := slices.IndexFunc(old.Content, same); j >= 0 {
				n.Content[i] = old.Content[j]
			}
		}
	}
	return n
}

// plain is a node's value without its looks.
func plain(n *yamlv3.Node) any {
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	return v
}

func find(n *yamlv3.Node, keys []string) *yamlv3.Node {
	for _, key := range keys {
		i := index(n, key)
		if i < 0 {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// index is where a key is in a mapping.
func index(n *yamlv3.Node, key string) int {
	for i := 0; n.Kind == yamlv3.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// edit sets a key to a node, or removes it (nil), in the text.
func (d *Document) edit(keys []string, n *yamlv3.Node) error {
	for i := range keys {
		if on := find(d.root, keys[:i]); on != nil && on.Kind != yamlv3.MappingNode {
			return errNotEditable
		}
	}
	was, want := *d, plain(d.root)
	set(want, keys, n)
	var err error
	if d.root.Style&yamlv3.FlowStyle != 0 || len(d.root.Content) == 0 {
		setNode(d.root, keys, n)
		err = d.replace(0, strings.Count(d.text, "\n")+1, d.root, 0)
	} else {
		err = d.editLines(keys, n)
	}
	if err == nil && !reflect.DeepEqual(plain(d.root), want) {
		err = errNotEditable
	}
	if err != nil {
		*d = was
	}
	return err
}

// editLines finds the innermost mapping on the way that is written in lines, and rewrites its one entry that changes.
func (d *Document) editLines(keys []string, n *yamlv3.Node) error {
	in, depth, end := d.root, 0, strings.Count(d.text, "\n")+1
	for depth < len(keys)-1 {
		i := index(in, keys[depth])
		if i < 0 || !isBlock(in.Content[i+1]) {
			break
		}
		end = d.end(in, i, end)
		in = in.Content[i+1]
		depth++
	}
	i, rest := index(in, keys[depth]), keys[depth+1:]
	if i < 0 {
		last := len(in.Content) - 2
		at := d.end(in, last, end)
		return d.replace(at, at, entry(keys[depth:], n), in.Content[0].Column-1)
	}
	start, end := in.Content[i].Line-1, d.end(in, i, end)
	if n == nil && len(rest) == 0 {
		return d.replace(start, end, nil, 0)
	}
	value := in.Content[i+1]
	if len(rest) == 0 {
		value = n
	} else {
		setNode(value, rest, n)
	}
	one := &yamlv3.Node{Kind: yamlv3.MappingNode, Content: []*yamlv3.Node{keyNode(keys[depth]), value}}
	one.Content[0].LineComment = in.Content[i].LineComment
	return d.replace(start, end, one, in.Content[i].Column-1)
}

func isBlock(n *yamlv3.Node) bool {
	return n.Kind == yamlv3.MappingNode && n.Style&yamlv3.FlowStyle == 0 && len(n.Content) > 0
}

// end is the line, from 0, behind the entry of a mapping whose own lines end before limit. Blank lines and comments that
// stand no deeper than the entry belong to what follows.
func (d *Document) end(in *yamlv3.Node, i, limit int) int {
	if i+2 < len(in.Content) {
		limit = in.Content[i+2].Line - 1
	}
	lines, column := strings.Split(d.text, "\n"), in.Content[i].Column-1
	for limit > in.Content[i].Line {
		line := strings.TrimRight(lines[limit-1], " \t\r")
		text := strings.TrimLeft(line, " ")
		if text != "" && text != "..." && (text[0] != '#' || len(line)-len(text) > column) {
			break
		}
		limit--
	}
	return limit
}

// replace puts a node in the place of lines, indented by some blanks, or nothing (nil), and reads the result again.
func (d *Document) replace(start, end int, n *yamlv3.Node, by int) error {
	text := ""
	if n != nil {
		plainText, err := rendered(n)
		if err != nil {
			return err
		}
		text = indented(plainText, by)
	}
	lines := strings.SplitAfter(d.text, "\n")
	before, after := strings.Join(lines[:start], ""), strings.Join(lines[min(end, len(lines)):], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	changed, err := ParseDocument([]byte(before + text + after))
	if err != nil {
		return fmt.Errorf("%w (%w)", errNotEditable, err)
	}
	*d = *changed
	return nil
}

// entry wraps a node into mappings for the keys that aren't there yet.
func entry(keys []string, n *yamlv3.Node) *yamlv3.Node {
	for _, key := range slices.Backward(keys) {
		n = &yamlv3.Node{Kind: yamlv3.MappingNode, Content: []*yamlv3.Node{keyNode(key), n}}
	}
	return n
}

func keyNode(key string) *yamlv3.Node {
	return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: key}
}

func rendered(n *yamlv3.Node) (string, error) {
	var b bytes.Buffer
	e := yamlv3.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return "", err
	}
	err := e.Close()
	return quotedTime.ReplaceAllString(b.String(), "$1"), err
}

// quotedTime is what the encoder makes of a point in time inside of braces, though it could stand there without quotes; a
// text that looks like one it writes in double quotes.
var quotedTime = regexp.MustCompile(`'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z)'`)

func indented(text string, by int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(strings.Repeat(" ", by))
		}
		b.WriteString(line)
	}
	return b.String()
}

// setNode sets or removes a key in nodes.
func setNode(in *yamlv3.Node, keys []string, n *yamlv3.Node) {
	i := index(in, keys[0])
	switch {
	case i < 0:
		wrapped := n
		for _, key := range slices.Backward(keys[1:]) {
			wrapped = &yamlv3.Node{Kind: yamlv3.MappingNode, Style: in.Style, Content: []*yamlv3.Node{keyNode(key), wrapped}}
		}
		in.Content = append(in.Content, keyNode(keys[0]), wrapped)
	case len(keys) > 1:
		setNode(in.Content[i+1], keys[1:], n)
	case n == nil:
		in.Content = slices.Delete(in.Content, i, i+2)
	default:
		in.Content[i+1] = n
	}
}

// set does the same in plain values, to compare with.
func set(in any, keys []string, n *yamlv3.Node) {
	m, ok := in.(map[string]any)
	if !ok {
		return
	}
	switch next, isThere := m[keys[0]]; {
	case len(keys) > 1 && isThere:
		set(next, keys[1:], n)
	case len(keys) > 1:
		inner := map[string]any{}
		m[keys[0]] = inner
		set(inner, keys[1:], n)
	case n == nil:
		delete(m, keys[0])
	default:
		m[keys[0]] = plain(n)
	}
}
