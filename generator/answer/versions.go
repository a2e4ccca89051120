package answer

import (
	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/internal/preview"
)

// Versions number the rows of a snapshot. A row that didn't change since the last snapshot keeps its number.
type Versions struct {
	// Same says that all rows are those of the last snapshot.
	Same bool

	rows   []uint64
	newest uint64
}

// Compare numbers rows, which are sorted by name. Last is nil for the first snapshot.
func Compare(rows []preview.Row, last *Published) Versions {
	v := Versions{rows: make([]uint64, len(rows))}
	var before []preview.Row
	var numbers []uint64
	if last != nil {
		before, numbers, v.newest = last.Snapshot.Rows, last.versions.rows, last.versions.newest
	}
	v.Same = last != nil && len(rows) == len(before)
	for i := range rows {
		for len(before) > 0 && before[0].Name < rows[i].Name {
			before, numbers = before[1:], numbers[1:]
		}
		if len(before) > 0 && rowequality.SameRow(&before[0], &rows[i]) {
			v.rows[i] = numbers[0]
			continue
		}
		v.newest++
		v.rows[i], v.Same = v.newest, false
	}
	return v
}
