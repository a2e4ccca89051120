package rowtemplate

import (
	"encoding/binary"

	"github.com/previewset/previewset/generator/gzipchunks"
	"github.com/previewset/previewset/generator/jsontext"
)

// textPerChunk is the size of a chunk of parts or templates, in bytes of text.
const textPerChunk = 64 << 10

func (e *Encoder) addParts(m *gzipchunks.Member) {
	for from, to := 0, 0; from < len(e.parts); from = to {
		key := gzipchunks.NewKey("parts", from)
		for size := 0; to < len(e.parts) && size < textPerChunk; to++ {
			key, size = binary.AppendUvarint(key, e.parts[to].version), size+len(e.parts[to].text)
		}
		m.Add(string(key), func(w *jsontext.Writer) {
			for i, p := range e.parts[from:to] {
				w.Comma(from + i)
				w.JSON(p.text)
			}
		})
	}
}

func (e *Encoder) addTemplates(m *gzipchunks.Member) {
	for from, to := 0, 0; from < len(e.templates); from = to {
		key := binary.AppendUvarint(gzipchunks.NewKey("shapes", from), e.layoutVersion)
		for size := 0; to < len(e.templates) && size < textPerChunk; to++ {
			key, size = binary.AppendUvarint(key, e.templates[to].version), size+8*len(e.templates[to].parts)
		}
		m.Add(string(key), func(w *jsontext.Writer) {
			for i, t := range e.templates[from:to] {
				w.Comma(from + i)
				w.JSON(t.runs())
			}
		})
	}
}

func addEntries(m *gzipchunks.Member, entries []*entry) {
	from := 0
	for group := range gzipchunks.Cut(entries, func(e *entry) (string, uint64) { return e.name, 0 }) {
		first := from
		key := gzipchunks.NewKey("packed", first)
		for _, e := range group {
			key = binary.AppendVarint(binary.AppendUvarint(key, e.version), int64(e.template.position))
		}
		m.Add(string(key), func(w *jsontext.Writer) {
			for i, e := range group {
				w.Comma(first + i)
				w.JSON(savedEnvironment{Template: e.template.position, Values: e.values})
			}
		})
		from += len(group)
	}
}
