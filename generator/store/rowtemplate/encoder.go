// Package rowtemplate encodes environments compactly. Thousands of them have the same JSON except for a few values, so
// each distinct JSON text is saved once, as a template with marks in place of these values. Templates share parts: the
// text about one linked service is the same in each of them. Decoding restores every environment exactly: a text that
// isn't recognised as a value or part stays in the template.
//
// Why it exists: 5,000 environments must fit into a ConfigMap (1 MiB). TestStateFitsIntoConfigMap checks it, and
// BenchmarkEncode compares it with plain compressed JSON.
package rowtemplate

import (
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/gzipchunks"
	"github.com/previewset/previewset/generator/jsontext"
	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/internal/preview"
)

// Encoder encodes environments again and again. It keeps the result for each environment until that environment
// changes.
type Encoder struct {
	environments  map[string]preview.Remembered // as they were encoded last
	entries       map[string]*entry
	templates     []*template // in the order of first use, so that positions rarely change
	byParts       map[string]*template
	parts         []*part // in the order of first use
	byText        map[string]*part
	layoutVersion uint64 // changes when a part's position changes
	versions      uint64
	chunks        gzipchunks.Cache
}

// entry is one encoded environment.
type entry struct {
	name     string
	version  uint64
	template *template
	values   []string
	size     int // of its JSON, in bytes
}

// Size is the size of an encoded document's text and of the environments after expansion, in bytes.
type Size struct{ Text, Expanded int }

// Encoded returns how many environments, templates and parts were encoded since the start.
func (e *Encoder) Encoded() uint64 { return e.versions }

// Encode returns a gzip-compressed JSON object: head, a JSON object, with the fields of Form added to it.
func (e *Encoder) Encode(head []byte, environments map[string]preview.Remembered) ([]byte, Size, error) {
	entries, err := e.update(environments)
	if err != nil {
		return nil, Size{}, err
	}
	cache := gzipchunks.Cache{}
	m := gzipchunks.New(flate.DefaultCompression, []gzipchunks.Cache{e.chunks}, cache)
	m.Add("", func(w *jsontext.Writer) { w.Bytes(head[:len(head)-1]) }) // without its closing brace
	m.AddText(`,"parts":[`)
	e.addParts(m)
	m.AddText(`],"shapes":[`)
	e.addTemplates(m)
	m.AddText(`],"packed":[`)
	addEntries(m, entries)
	m.AddText(`]}`)
	e.chunks = cache
	content, err := m.Bytes()
	return content, Size{Text: m.TextSize(), Expanded: expandedSize(entries)}, err
}

func expandedSize(entries []*entry) (n int) {
	for _, e := range entries {
		n += e.size
	}
	return n
}

// update encodes the environments that changed, and returns all of them sorted by name.
func (e *Encoder) update(environments map[string]preview.Remembered) ([]*entry, error) {
	all, kept := make([]*entry, 0, len(environments)), make(map[string]*entry, len(environments))
	for _, name := range slices.Sorted(maps.Keys(environments)) {
		now := environments[name]
		encoded := e.entries[name]
		if before, ok := e.environments[name]; !ok || !rowequality.SameRemembered(&before, &now) {
			var err error
			if encoded, err = e.encodeEnvironment(name, now); err != nil {
				return nil, err
			}
		}
		encoded.template.used = true
		all, kept[name] = append(all, encoded), encoded
	}
	e.environments, e.entries = environments, kept
	e.dropUnused()
	return all, nil
}

// dropUnused drops templates without environments and parts without templates, and updates the positions of the others.
func (e *Encoder) dropUnused() {
	templates, parts := len(e.templates), len(e.parts)
	e.templates = slices.DeleteFunc(e.templates, func(t *template) bool {
		if !t.used {
			delete(e.byParts, t.key)
			for _, p := range t.parts {
				p.templates--
			}
		}
		return !t.used
	})
	if len(e.templates) < templates {
		e.parts = slices.DeleteFunc(e.parts, func(p *part) bool {
			if p.templates == 0 {
				delete(e.byText, p.text)
			}
			return p.templates == 0
		})
	}
	if len(e.parts) < parts {
		e.layoutVersion++
	}
	for i, p := range e.parts {
		p.position = i
	}
	for i, t := range e.templates {
		t.position, t.used = i, false
	}
}

func (e *Encoder) encodeEnvironment(name string, environment preview.Remembered) (*entry, error) {
	text, err := json.Marshal(environment)
	if err != nil {
		return nil, fmt.Errorf("encode environment %s: %w", name, err)
	}
	values := valuesOf(environment)
	marked := string(text)
	for i, v := range values {
		marked = replaceWord(marked, v, string([]byte{mark, byte('a' + i)}))
	}
	return &entry{
		name: name, version: e.newVersion(), template: e.templateOf(marked), values: values, size: len(text),
	}, nil
}

// templateOf finds the template with a marked text, or creates it.
func (e *Encoder) templateOf(marked string) *template {
	if e.byParts == nil {
		e.byParts, e.byText = map[string]*template{}, map[string]*part{}
	}
	var parts []*part
	var key []byte
	for text := range splitParts(marked) {
		p := e.byText[text]
		if p == nil {
			p = &part{text: strings.Clone(text), version: e.newVersion()} // a substring would keep the whole text in memory
			e.byText[p.text], e.parts = p, append(e.parts, p)
		}
		parts, key = append(parts, p), binary.AppendUvarint(key, p.version)
	}
	t := e.byParts[string(key)]
	if t == nil {
		t = &template{key: string(key), parts: parts, version: e.newVersion()}
		for _, p := range parts {
			p.templates++
		}
		e.byParts[t.key], e.templates = t, append(e.templates, t)
	}
	return t
}

func (e *Encoder) newVersion() uint64 {
	e.versions++
	return e.versions
}
