package generator

import (
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// packed are environments as they are kept. Thousands of them say the same but for a few values of their own, so what they
// say is kept once, as JSON with marks where such a value stands: their shape. Shapes say the same too, of each service that
// an environment only links to; so they are made of parts, which are kept once. Nothing is lost by it: whatever isn't
// recognised as a value or a part stays in the text.
type packed struct {
	Parts        []string            `json:"parts,omitempty"`
	Shapes       [][]run             `json:"shapes,omitempty"`
	Environments []packedEnvironment `json:"packed,omitempty"`
}

// run are parts one after the other: the first one's place, and how many.
type run [2]int

type packedEnvironment struct {
	Shape  int      `json:"s"`
	Values []string `json:"v"`
}

// mark begins a mark, and a letter says which value stands there. JSON has no such character.
const mark = '\x00'

// packer packs memory again and again, and does only what another memory needs: what it has made of an environment is kept
// while that is the same.
type packer struct {
	of       map[string]preview.Remembered // what was packed last
	entries  map[string]*entry
	shapes   []*shape // in the order of their first use, so that they keep their place
	byParts  map[string]*shape
	parts    []*part // likewise
	byText   map[string]*part
	places   uint64 // changes when a part's place does
	versions uint64
	pieces   pieces
}

type entry struct {
	name    string
	version uint64
	shape   *shape
	values  []string
	size    int // of its JSON
}

type shape struct {
	key     string // its parts' versions
	parts   []*part
	version uint64
	at      int // its place
	used    bool
}

type part struct {
	text    string
	version uint64
	at      int // its place
	shapes  int // that it is in
}

// textPerPiece is how much text of parts, or of shapes, stands in a piece, in bytes.
const textPerPiece = 64 << 10

// encode makes a memory what decodeMemory reads. Head is all of its JSON but the environments.
func (p *packer) encode(head []byte, environments map[string]preview.Remembered) ([]byte, error) {
	entries, err := p.update(environments)
	if err != nil {
		return nil, err
	}
	m := &member{level: flate.DefaultCompression, known: []pieces{p.pieces}, keep: pieces{}}
	m.add("", func(w *stickyWriter) { w.bytes(head[:len(head)-1]) }) // all but its brace
	m.text(`,"parts":[`)
	p.addParts(m)
	m.text(`],"shapes":[`)
	p.addShapes(m)
	m.text(`],"packed":[`)
	addEntries(m, entries)
	m.text(`]}`)
	p.pieces = m.keep
	if err := readable(m, entries); err != nil {
		return nil, err
	}
	return m.bytes()
}

// readable refuses what unpack would after a restart.
func readable(m *member, all []*entry) error {
	text, unpacked := m.size(), 0
	for _, e := range all {
		unpacked += e.size
	}
	if text <= maxMemory && unpacked <= maxUnpacked {
		return nil
	}
	return fmt.Errorf("memory would have %d MiB, and the environments in it %d MiB, of which %d and %d at most can be read again: lower limits.environments, or have fewer services in one system",
		text>>20, unpacked>>20, maxMemory>>20, maxUnpacked>>20)
}

// update packs what is new, and returns all by name.
func (p *packer) update(environments map[string]preview.Remembered) ([]*entry, error) {
	all, kept := make([]*entry, 0, len(environments)), make(map[string]*entry, len(environments))
	for _, name := range slices.Sorted(maps.Keys(environments)) {
		e, is := p.entries[name], environments[name]
		if was, ok := p.of[name]; !ok || !sameRemembered(&was, &is) {
			var err error
			if e, err = p.entry(name, is); err != nil {
				return nil, err
			}
		}
		e.shape.used = true
		all, kept[name] = append(all, e), e
	}
	p.of, p.entries = environments, kept
	p.forget()
	return all, nil
}

// forget forgets shapes that no environment has, and parts that no shape has, and says at which place the others are.
func (p *packer) forget() {
	shapes, parts := len(p.shapes), len(p.parts)
	p.shapes = slices.DeleteFunc(p.shapes, func(s *shape) bool {
		if !s.used {
			delete(p.byParts, s.key)
			for _, t := range s.parts {
				t.shapes--
			}
		}
		return !s.used
	})
	if len(p.shapes) < shapes {
		p.parts = slices.DeleteFunc(p.parts, func(t *part) bool {
			if t.shapes == 0 {
				delete(p.byText, t.text)
			}
			return t.shapes == 0
		})
	}
	if len(p.parts) < parts {
		p.places++
	}
	for i, t := range p.parts {
		t.at = i
	}
	for i, s := range p.shapes {
		s.at, s.used = i, false
	}
}

func (p *packer) entry(name string, environment preview.Remembered) (*entry, error) {
	text, err := json.Marshal(environment)
	if err != nil {
		return nil, fmt.Errorf("encode environment %s: %w", name, err)
	}
	values := valuesOf(environment)
	marked := string(text)
	for i, v := range values {
		marked = replaceWord(marked, v, string([]byte{mark, byte('a' + i)}))
	}
	return &entry{name: name, version: p.version(), shape: p.shape(marked), values: values, size: len(text)}, nil
}

// shape finds the shape of a marked text, or makes it.
func (p *packer) shape(marked string) *shape {
	if p.byParts == nil {
		p.byParts, p.byText = map[string]*shape{}, map[string]*part{}
	}
	var parts []*part
	var key []byte
	for text := range partsOf(marked) {
		t := p.byText[text]
		if t == nil {
			t = &part{text: strings.Clone(text), version: p.version()} // else it would keep all of the text in memory
			p.byText[t.text], p.parts = t, append(p.parts, t)
		}
		parts, key = append(parts, t), binary.AppendUvarint(key, t.version)
	}
	s := p.byParts[string(key)]
	if s == nil {
		s = &shape{key: string(key), parts: parts, version: p.version()}
		for _, t := range parts {
			t.shapes++
		}
		p.byParts[s.key], p.shapes = s, append(p.shapes, s)
	}
	return s
}

// A part begins where a patch or a component does, and nowhere within a JSON string.
const (
	beginsPatch     = `{"patch":`
	beginsComponent = `"../`
)

// partsOf cuts a text where its patches and components begin: with hundreds of services they are most of it.
func partsOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			end := len(text)
			for _, begin := range []string{beginsPatch, beginsComponent} {
				if i := strings.Index(text[1:end], begin); i >= 0 {
					end = i + 1
				}
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// runs say where the parts of a shape are.
func (s *shape) runs() []run {
	var runs []run
	for _, t := range s.parts {
		if n := len(runs); n > 0 && runs[n-1][0]+runs[n-1][1] == t.at {
			runs[n-1][1]++
		} else {
			runs = append(runs, run{t.at, 1})
		}
	}
	return runs
}

func (p *packer) version() uint64 {
	p.versions++
	return p.versions
}

func (p *packer) addParts(m *member) {
	for from, to := 0, 0; from < len(p.parts); from = to {
		key := newKey("parts", from)
		for size := 0; to < len(p.parts) && size < textPerPiece; to++ {
			key, size = binary.AppendUvarint(key, p.parts[to].version), size+len(p.parts[to].text)
		}
		m.add(string(key), func(w *stickyWriter) {
			for i, t := range p.parts[from:to] {
				w.comma(from + i)
				w.json(t.text)
			}
		})
	}
}

func (p *packer) addShapes(m *member) {
	for from, to := 0, 0; from < len(p.shapes); from = to {
		key := binary.AppendUvarint(newKey("shapes", from), p.places)
		for size := 0; to < len(p.shapes) && size < textPerPiece; to++ {
			key, size = binary.AppendUvarint(key, p.shapes[to].version), size+8*len(p.shapes[to].parts)
		}
		m.add(string(key), func(w *stickyWriter) {
			for i, s := range p.shapes[from:to] {
				w.comma(from + i)
				w.json(s.runs())
			}
		})
	}
}

func addEntries(m *member, all []*entry) {
	at := 0
	for some := range cut(all, func(e *entry) (string, uint64) { return e.name, 0 }) {
		from := at
		key := newKey("packed", from)
		for _, e := range some {
			key = binary.AppendVarint(binary.AppendUvarint(key, e.version), int64(e.shape.at))
		}
		m.add(string(key), func(w *stickyWriter) {
			for i, e := range some {
				w.comma(from + i)
				w.json(packedEnvironment{Shape: e.shape.at, Values: e.values})
			}
		})
		at += len(some)
	}
}

// valuesOf are what sets an environment apart from its like, as they stand in JSON. Those that contain others come first.
func valuesOf(e preview.Remembered) []string {
	r := e.Row
	values := []string{
		r.Name, r.HeadSHA, r.HeadShortSHA, r.HeadShortSHA7, r.Title, r.Branch, r.BranchSlug, r.Author, r.OwnerSlug,
		r.IssueKey, r.Number,
	}
	for i, v := range values {
		text, _ := json.Marshal(v)                        // a string marshals
		if in := text[1 : len(text)-1]; string(in) != v { // else it takes no memory of its own
			values[i] = string(in)
		}
	}
	return values
}

// replaceWord replaces a word where it stands for itself and isn't a part of another.
func replaceWord(text, word, by string) string {
	if word == "" || !strings.Contains(text, word) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			b.WriteString(text[from:])
			return b.String()
		}
		start, end := from+i, from+i+len(word)
		b.WriteString(text[from:start])
		if start > 0 && isWord(text[start-1]) || end < len(text) && isWord(text[end]) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		from = end
	}
}

// isWord is also true of a mark's first byte, so that none is torn apart.
func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == mark
}

var errPacked = errors.New("an environment can't be unpacked")

// unpack is the opposite of pack. What it makes is bounded, whatever is packed.
func (p packed) unpack() (map[string]preview.Remembered, error) {
	environments, left := make(map[string]preview.Remembered, len(p.Environments)), maxUnpacked
	for _, e := range p.Environments {
		if e.Shape < 0 || e.Shape >= len(p.Shapes) {
			return nil, errPacked
		}
		text, err := p.fill(p.Shapes[e.Shape], e.Values, left)
		if err != nil {
			return nil, err
		}
		left -= len(text)
		var was preview.Remembered
		if err := json.Unmarshal([]byte(text), &was); err != nil {
			return nil, errors.Join(errPacked, err)
		}
		if was.Row.Name == "" || was.Row.Namespace == "" {
			return nil, errPacked
		}
		environments[was.Row.Name] = was
	}
	return environments, nil
}

// fill puts the parts of a shape together, and values where their marks stand.
func (p packed) fill(shape []run, values []string, most int) (string, error) {
	var b strings.Builder
	for _, r := range shape {
		if r[0] < 0 || r[1] < 0 || r[0] > len(p.Parts) || r[1] > len(p.Parts)-r[0] {
			return "", errPacked
		}
		for _, part := range p.Parts[r[0] : r[0]+r[1]] {
			if err := fillPart(&b, part, values, most); err != nil {
				return "", err
			}
		}
	}
	return b.String(), nil
}

func fillPart(b *strings.Builder, part string, values []string, most int) error {
	if part == "" { // there is none, and very many of them would be no text
		return errPacked
	}
	for {
		before, after, found := strings.Cut(part, string(mark))
		b.WriteString(before)
		if b.Len() > most {
			return fmt.Errorf("%w: all of them have more than %d MiB", errPacked, maxUnpacked>>20)
		}
		if !found {
			return nil
		}
		if after == "" || after[0] < 'a' || int(after[0]-'a') >= len(values) {
			return errPacked
		}
		b.WriteString(values[after[0]-'a'])
		part = after[1:]
	}
}
