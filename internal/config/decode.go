package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// APIVersion is the version of every file format of the GitOps repository.
const APIVersion = "previewset.dev/v1alpha1"

// Bounds of a configuration file: nesting depth, reported problems, and characters of a key that are shown.
const (
	maxDepth    = 32
	maxProblems = 100
	maxShown    = 200
	maxMessage  = 1000
)

// decoder fills Go values from YAML nodes. It refuses unknown keys, and continues after a mistake to find all of them.
type decoder struct {
	file     string
	problems Problems
	// lines has the line of each key and list item by path.
	lines map[string]int
}

// nodeDecoder is implemented by types with their own notation in YAML.
type nodeDecoder interface {
	decodeNode(dec *decoder, path string, n *yaml.Node)
}

// decodeFile decodes one configuration file into the struct that into points to.
func decodeFile(name string, f File, into any) *decoder {
	d := &decoder{file: name, lines: map[string]int{}}
	switch {
	case f.Problem != "":
		d.problem(0, "", f.Problem, "make it a regular file of at most 256 KiB")
	case len(f.Content) > MaxFileSize:
		d.problem(0, "", fmt.Sprintf("is larger than %d KiB", MaxFileSize>>10), "split or shorten it")
	default:
		if root := d.parse(f.Content); root != nil {
			d.value("", root, into)
		}
	}
	return d
}

// parse returns the top node of the document, or nil if its problems prevent decoding.
func (d *decoder) parse(content []byte) *yaml.Node {
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(content))
	if err := dec.Decode(&doc); err != nil {
		d.syntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		d.problem(second.Line, "", "has more than one document", "keep one; a file describes one thing")
		return nil
	case !errors.Is(err, io.EOF):
		d.syntax(err)
		return nil
	}
	root := doc.Content[0]
	if !d.plain(root, 0) {
		return nil
	}
	return root
}

var (
	yamlLine = regexp.MustCompile(`line (\d+): `)
	// yamlParser matches the messages of go-yaml's parser, which counts lines from 0 and prints no line for 0. go-yaml's
	// scanner counts from 1. So syntax adds 1 to a line of the parser.
	yamlParser = regexp.MustCompile(`^did not find expected (',' or '[\]}]'|key|'-' indicator|node content|<)`)
)

// syntax reports an error of the YAML parser. The line is only in its text.
func (d *decoder) syntax(err error) {
	if errors.Is(err, io.EOF) {
		d.problem(0, "", "is empty", "start it with apiVersion: "+APIVersion)
		return
	}
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	if yamlParser.MatchString(text) {
		line++
	}
	d.problem(line, "", "is not YAML: "+text, "fix the syntax there or in the line above")
}

// plain refuses YAML that is hard to read for people: anchors, aliases, tags and deep nesting.
func (d *decoder) plain(n *yaml.Node, depth int) bool {
	switch {
	case n.Anchor != "" || n.Kind == yaml.AliasNode:
		d.problem(n.Line, "", "uses an anchor or alias", "write the value out")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.problem(
			n.Line,
			"",
			"uses a tag like "+describe(&yaml.Node{Kind: yaml.ScalarNode, Value: n.Tag}),
			"write the value alone, quoted if it is text",
		)
		return false
	case depth > maxDepth:
		d.problem(n.Line, "", fmt.Sprintf("nests deeper than %d", maxDepth), "flatten it")
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = d.plain(c, depth+1) && ok
	}
	return ok
}

// problem adds a mistake, up to maxProblems.
func (d *decoder) problem(line int, path, message, remedy string) {
	switch len(d.problems) {
	case maxProblems:
		return
	case maxProblems - 1:
		path, message, remedy = "", "has more problems than are listed", "fix these first"
	}
	if path = Printable(path); len(path) > maxShown {
		path = strings.ToValidUTF8(path[:maxShown], "") + "…"
	}
	d.problems = append(d.problems, Problem{
		File: d.file, Line: line, Path: path, Message: Shorten(message, maxMessage), Remedy: Shorten(remedy, maxMessage),
	})
}

// mistake adds a mistake in a decoded value, with the line of its key.
func (d *decoder) mistake(path, message, remedy string) {
	line, p := 0, path
	for line == 0 && p != "" {
		line = d.lines[p]
		p = p[:max(strings.LastIndexAny(p, ".["), 0)]
	}
	d.problem(line, path, message, remedy)
}

// header checks apiVersion and kind.
func (d *decoder) header(apiVersion, kind, want string) {
	if apiVersion != APIVersion {
		d.mistake("apiVersion", fmt.Sprintf("%q is an unknown version", Printable(apiVersion)), "write "+APIVersion)
	}
	if kind != want {
		d.mistake("kind", fmt.Sprintf("%q is the wrong kind for this file", Printable(kind)), "write "+want)
	}
}

// unused returns an entry of WithoutEffect.
func (d *decoder) unused(path, why string) Unused {
	return Unused{fmt.Sprintf("%s:%d: %s", d.file, d.lines[path], path), why}
}

// value decodes a node into the value that into points to.
func (d *decoder) value(path string, n *yaml.Node, into any) {
	if n.Tag == "!!null" {
		d.problem(n.Line, path, "has no value", "write a value, or remove the key")
		return
	}
	if nd, ok := into.(nodeDecoder); ok {
		nd.decodeNode(d, path, n)
		return
	}
	d.byKind(path, n, reflect.ValueOf(into).Elem())
}

// byKind decodes a node by the kind of the Go value.
func (d *decoder) byKind(path string, n *yaml.Node, v reflect.Value) {
	if t, ok := reflect.TypeAssert[*time.Time](v.Addr()); ok {
		d.timestamp(path, n, t)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, n, v.Interface())
	case reflect.Struct:
		d.fields(path, n, v)
	case reflect.Map:
		d.entries(path, n, v)
	case reflect.Slice:
		d.items(path, n, v)
	default:
		d.scalar(path, n, v)
	}
}

// mapping calls each once for every key with its value.
func (d *decoder) mapping(path string, n *yaml.Node, each func(key, value *yaml.Node, at string)) {
	if n.Kind != yaml.MappingNode {
		d.problem(n.Line, path, describe(n)+": expected keys and values", "write key: value pairs")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode || (key.Tag != "!!str" && key.Tag != "!!int"):
			d.problem(key.Line, path, "has a key that is not text", "quote the key")
		case seen[key.Value]:
			d.problem(key.Line, at, "duplicate key", "keep one of them")
		default:
			seen[key.Value] = true
			d.lines[at] = key.Line
			each(key, value, at)
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) fields(path string, n *yaml.Node, v reflect.Value) {
	byKey := map[string]reflect.StructField{}
	for f := range fieldsOf(v.Type()) {
		byKey[f.Tag.Get("yaml")] = f
	}
	d.mapping(path, n, func(key, value *yaml.Node, at string) {
		f, ok := byKey[key.Value]
		if !ok {
			d.problem(key.Line, at, "unknown field", suggest(key.Value, byKey))
			return
		}
		field := v.FieldByIndex(f.Index)
		d.value(at, value, field.Addr().Interface())
		d.enum(at, value, field, f.Tag.Get("enum"))
	})
}

// fieldsOf yields the fields of a struct type that appear in files, also those of embedded structs.
func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous && f.Tag.Get("yaml") != "-" && !yield(f) {
				return
			}
		}
	}
}

// enum checks that a text is one of the choices. In a list, each item has to be one.
func (d *decoder) enum(path string, n *yaml.Node, v reflect.Value, enum string) {
	if v.Kind() == reflect.Slice {
		for i, item := range n.Content {
			if i < v.Len() {
				d.enum(fmt.Sprintf("%s[%d]", path, i), item, v.Index(i), enum)
			}
		}
		return
	}
	if enum == "" || n.Kind != yaml.ScalarNode || slices.Contains(strings.Split(enum, ","), v.String()) {
		return
	}
	d.problem(
		n.Line,
		path,
		describe(n)+" is not one of the choices",
		"write one of "+strings.ReplaceAll(enum, ",", ", "),
	)
}

func (d *decoder) entries(path string, n *yaml.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.mapping(path, n, func(key, value *yaml.Node, at string) {
		e := reflect.New(v.Type().Elem())
		d.value(at, value, e.Interface())
		v.SetMapIndex(reflect.ValueOf(key.Value), e.Elem())
	})
}

func (d *decoder) items(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.problem(n.Line, path, describe(n)+": expected a list", "write [a, b] or one item a line, each after a dash")
		return
	}
	for i, c := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.lines[at] = c.Line
		e := reflect.New(v.Type().Elem())
		d.value(at, c, e.Interface())
		v.Set(reflect.Append(v, e.Elem()))
	}
}

func (d *decoder) scalar(path string, n *yaml.Node, v reflect.Value) {
	expected := func(form, remedy string) {
		d.problem(n.Line, path, describe(n)+": expected "+form, remedy)
	}
	switch v.Kind() {
	case reflect.String:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			expected("text", "quote it if you mean text")
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		b, err := strconv.ParseBool(n.Value)
		if n.Tag != "!!bool" || err != nil {
			expected("true or false", "write one of them, without quotes")
			return
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if n.Tag != "!!int" || err != nil || i < 0 {
			expected("a whole number", "write one like 20, without quotes")
			return
		}
		v.SetInt(int64(i))
	default:
		panic("config: no decoder for " + v.Type().String()) // a bug: a field of a new kind
	}
}

func (d *decoder) timestamp(path string, n *yaml.Node, t *time.Time) {
	v, err := time.Parse(time.RFC3339, n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		d.problem(n.Line, path, describe(n)+" is not a point in time", "write it like 2026-12-24T18:00:00Z")
		return
	}
	*t = v
}
