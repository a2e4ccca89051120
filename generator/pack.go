package generator

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// packed are environments as they are kept. Thousands of them say the same but for a few values of their own, so what they
// say is kept once, as JSON with marks where such a value stands. Nothing is lost by it: whatever isn't recognised as a
// value stays in the text.
type packed struct {
	Shapes       []string            `json:"shapes,omitempty"`
	Environments []packedEnvironment `json:"packed,omitempty"`
}

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
	byText   map[string]*shape
	versions uint64
	pieces   pieces
}

type entry struct {
	name    string
	version uint64
	shape   *shape
	values  []string
}

type shape struct {
	text    string
	version uint64
	at      int // its place
	used    bool
}

// shapesPerPiece is how much text of shapes stands in a piece, in bytes.
const shapesPerPiece = 64 << 10

// encode makes a memory what decodeMemory reads. Head is all of its JSON but the environments.
func (p *packer) encode(head []byte, environments map[string]preview.Remembered) ([]byte, error) {
	entries, err := p.update(environments)
	if err != nil {
		return nil, err
	}
	m := &member{known: []pieces{p.pieces}, keep: pieces{}}
	m.add("", func(w *stickyWriter) { w.bytes(head[:len(head)-1]) }) // all but its brace
	m.text(`,"shapes":[`)
	p.addShapes(m)
	m.text(`],"packed":[`)
	addEntries(m, entries)
	m.text(`]}`)
	p.pieces = m.keep
	return m.bytes()
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
	p.shapes = slices.DeleteFunc(p.shapes, func(s *shape) bool {
		if !s.used {
			delete(p.byText, s.text)
		}
		return !s.used
	})
	for i, s := range p.shapes {
		s.at, s.used = i, false
	}
	return all, nil
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
	s := p.byText[marked]
	if s == nil {
		s = &shape{text: marked, version: p.version()}
		if p.byText == nil {
			p.byText = map[string]*shape{}
		}
		p.byText[marked], p.shapes = s, append(p.shapes, s)
	}
	return &entry{name: name, version: p.version(), shape: s, values: values}, nil
}

func (p *packer) version() uint64 {
	p.versions++
	return p.versions
}

func (p *packer) addShapes(m *member) {
	for from, to := 0, 0; from < len(p.shapes); from = to {
		key := newKey("shapes", from)
		for size := 0; to < len(p.shapes) && size < shapesPerPiece; to++ {
			key, size = binary.AppendUvarint(key, p.shapes[to].version), size+len(p.shapes[to].text)
		}
		m.add(string(key), func(w *stickyWriter) {
			for i, s := range p.shapes[from:to] {
				w.comma(from + i)
				w.json(s.text)
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
		text, err := fill(p.Shapes[e.Shape], e.Values, left)
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

// fill puts values where their marks stand.
func fill(shape string, values []string, most int) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(shape, string(mark))
		b.WriteString(before)
		if b.Len() > most {
			return "", fmt.Errorf("%w: all of them have more than %d MiB", errPacked, maxUnpacked>>20)
		}
		if !found {
			return b.String(), nil
		}
		if after == "" || after[0] < 'a' || int(after[0]-'a') >= len(values) {
			return "", errPacked
		}
		b.WriteString(values[after[0]-'a'])
		shape = after[1:]
	}
}
