package answer

import (
	"encoding/binary"

	"github.com/previewset/previewset/generator/gzipchunks"
	"github.com/previewset/previewset/generator/jsontext"
	"github.com/previewset/previewset/internal/preview"
)

// compressionLevel makes answers with 10,000 environments 6 % smaller than the default level, without measurable cost.
// The two levels above it cost 6 to 25 % more processor time for each change.
const compressionLevel = 7

// versionedRow is a row with its version.
type versionedRow struct {
	row     *preview.Row
	version uint64
}

// describe returns the row's name and the approximate size of its text in bytes.
func (r versionedRow) describe() (name string, size uint64) {
	return r.row.Name, 1000 + 200*uint64(len(r.row.Kustomize.Patches))
}

// encode writes {"output":{"parameters":[…]}} with the rows that a filter selects. It writes row by row, so the plain
// text is never in memory at once.
func (b *bodies) encode(
	s *preview.Snapshot, f Filter, known []gzipchunks.Cache, keep gzipchunks.Cache,
) ([]byte, error) {
	m := gzipchunks.New(compressionLevel, known, keep)
	m.AddText(`{"output":{"parameters":[`)
	from := 0
	for group := range gzipchunks.Cut(b.selected(s, f), versionedRow.describe) {
		first := from
		key := gzipchunks.NewKey("rows", first)
		for _, r := range group {
			key = binary.AppendUvarint(key, r.version)
		}
		m.Add(string(key), func(w *jsontext.Writer) {
			for i, r := range group {
				w.Comma(first + i)
				w.JSON(r.row)
			}
		})
		from += len(group)
	}
	m.AddText(`]}}`)
	return m.Bytes()
}

func (b *bodies) selected(s *preview.Snapshot, f Filter) []versionedRow {
	rows := make([]versionedRow, 0, len(s.Rows))
	for i := range s.Rows {
		if len(f) == 0 || f.Matches(s, s.Rows[i]) {
			rows = append(rows, versionedRow{&s.Rows[i], b.versions.rows[i]})
		}
	}
	return rows
}
