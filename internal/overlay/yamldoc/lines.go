package yamldoc

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

func (d *Document) lineCount() int { return strings.Count(d.text, "\n") + 1 }

// editLines finds the innermost mapping above the key that has its entries on lines of their own. It rewrites the one
// entry of it that changes. Lines are counted from 0.
func (d *Document) editLines(keys []string, n *yamlv3.Node) error {
	mapping, depth, end := d.root, 0, d.lineCount()
	for depth < len(keys)-1 {
		i := keyIndex(mapping, keys[depth])
		if i < 0 || !isBlock(mapping.Content[i+1]) {
			break
		}
		end = d.entryEnd(mapping, i, end)
		mapping = mapping.Content[i+1]
		depth++
	}
	i, rest := keyIndex(mapping, keys[depth]), keys[depth+1:]
	if i < 0 {
		last := len(mapping.Content) - 2
		at := d.entryEnd(mapping, last, end)
		return d.replaceLines(at, at, wrapInMappings(keys[depth:], n), mapping.Content[0].Column-1)
	}
	start, end := mapping.Content[i].Line-1, d.entryEnd(mapping, i, end)
	if n == nil && len(rest) == 0 {
		return d.replaceLines(start, end, nil, 0)
	}
	value := mapping.Content[i+1]
	if len(rest) == 0 {
		value = n
	} else {
		setNode(value, rest, n)
	}
	entry := &yamlv3.Node{Kind: yamlv3.MappingNode, Content: []*yamlv3.Node{keyNode(keys[depth]), value}}
	entry.Content[0].LineComment = mapping.Content[i].LineComment
	return d.replaceLines(start, end, entry, mapping.Content[i].Column-1)
}

func isBlock(n *yamlv3.Node) bool {
	return n.Kind == yamlv3.MappingNode && n.Style&yamlv3.FlowStyle == 0 && len(n.Content) > 0
}

// entryEnd returns the line after an entry of a mapping; limit is the line after the mapping. Blank lines, and comments
// that aren't indented deeper than the entry, belong to the next entry.
func (d *Document) entryEnd(mapping *yamlv3.Node, i, limit int) int {
	if i+2 < len(mapping.Content) {
		limit = mapping.Content[i+2].Line - 1
	}
	lines, column := strings.Split(d.text, "\n"), mapping.Content[i].Column-1
	for limit > mapping.Content[i].Line {
		line := strings.TrimRight(lines[limit-1], " \t\r")
		text := strings.TrimLeft(line, " ")
		if text != "" && text != "..." && (text[0] != '#' || len(line)-len(text) > column) {
			break
		}
		limit--
	}
	return limit
}

// replaceLines replaces the lines from start to end (exclusive) with a node, indented by some spaces. A nil node
// removes the lines. The result is parsed again.
func (d *Document) replaceLines(start, end int, n *yamlv3.Node, indent int) error {
	text := ""
	if n != nil {
		encoded, err := encodeNode(n)
		if err != nil {
			return err
		}
		text = indentLines(encoded, indent)
	}
	lines := strings.SplitAfter(d.text, "\n")
	before, after := strings.Join(lines[:start], ""), strings.Join(lines[min(end, len(lines)):], "")
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	changed, err := Parse([]byte(before + text + after))
	if err != nil {
		return fmt.Errorf("%w (%w)", errNotEditable, err)
	}
	*d = *changed
	return nil
}

func encodeNode(n *yamlv3.Node) (string, error) {
	var b bytes.Buffer
	e := yamlv3.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return "", err
	}
	err := e.Close()
	return quotedTime.ReplaceAllString(b.String(), "$1"), err
}

// quotedTime matches a time that the encoder quotes inside of braces without need. The encoder puts a text that looks
// like a time in double quotes, so the two can't be confused.
var quotedTime = regexp.MustCompile(`'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z)'`)

func indentLines(text string, spaces int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(strings.Repeat(" ", spaces))
		}
		b.WriteString(line)
	}
	return b.String()
}
