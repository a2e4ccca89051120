package generator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/previewset/previewset/internal/preview"
)

// served is a snapshot as it is answered. Bodies are kept compressed: Argo CD's client accepts gzip, and a thousand
// rows shrink to a twentieth.
type served struct {
	snapshot *preview.Snapshot
	all      []byte // gzip

	mu       sync.Mutex
	filtered map[string][]byte // gzip, by filter
}

// maxFiltered bounds how many filtered answers of one snapshot are kept.
const maxFiltered = 256

func newServed(s *preview.Snapshot, last *served) (*served, error) {
	if last != nil && reflect.DeepEqual(last.snapshot.Rows, s.Rows) {
		last.mu.Lock()
		defer last.mu.Unlock()
		return &served{snapshot: s, all: last.all, filtered: maps.Clone(last.filtered)}, nil
	}
	all, err := encode(s.Rows)
	if err != nil {
		return nil, err
	}
	return &served{snapshot: s, all: all, filtered: map[string][]byte{}}, nil
}

// sameRows says whether the answer is the same as another's.
func (s *served) sameRows(other *served) bool { return other != nil && bytes.Equal(s.all, other.all) }

// answer is the gzip-compressed body for a filter.
func (s *served) answer(f filter) ([]byte, error) {
	if f.empty() {
		return s.all, nil
	}
	key := f.key()
	s.mu.Lock()
	defer s.mu.Unlock()
	if body, ok := s.filtered[key]; ok {
		return body, nil
	}
	body, err := encode(slices.DeleteFunc(slices.Clone(s.snapshot.Rows), func(r preview.Row) bool { return !f.matches(r) }))
	if err != nil {
		return nil, err
	}
	if len(s.filtered) >= maxFiltered {
		clear(s.filtered)
	}
	s.filtered[key] = body
	return body, nil
}

// encode writes {"output":{"parameters":[…]}}, a row at a time so that the plain text never stands in memory whole.
func encode(rows []preview.Row) ([]byte, error) {
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	w := &stickyWriter{w: zip}
	w.text(`{"output":{"parameters":[`)
	for i := range rows {
		if i > 0 {
			w.text(",")
		}
		w.json(&rows[i])
	}
	w.text(`]}}`)
	if w.err == nil {
		w.err = zip.Close()
	}
	return b.Bytes(), w.err
}

// stickyWriter writes until something fails.
type stickyWriter struct {
	w   *gzip.Writer
	err error
}

func (s *stickyWriter) text(t string) {
	if s.err == nil {
		_, s.err = s.w.Write([]byte(t))
	}
}

func (s *stickyWriter) json(v any) {
	b, err := json.Marshal(v)
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("encode row: %w", err)
	}
	s.text(string(b))
}

// filter is what an ApplicationSet's input parameters ask for: per row key the values that are wanted.
type filter map[string][]string

// filterKeys are the input parameters, and the row's value that each is compared with, without regard to case.
var filterKeys = map[string]func(preview.Row) string{
	"source":     func(r preview.Row) string { return r.Source },
	"repository": func(r preview.Row) string { return r.Repository },
	"owner":      func(r preview.Row) string { return r.Owner },
	"profile":    func(r preview.Row) string { return r.Profile },
}

func (f filter) empty() bool { return len(f) == 0 }

func (f filter) matches(r preview.Row) bool {
	for key, wanted := range f {
		value := filterKeys[key](r)
		if !slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, value) }) {
			return false
		}
	}
	return true
}

// key is the same for filters that ask for the same.
func (f filter) key() string {
	b, _ := json.Marshal(f) // maps of strings marshal, with sorted keys
	return string(b)
}

// parseFilter reads input.parameters: a string or a list of strings each.
func parseFilter(parameters map[string]json.RawMessage) (filter, error) {
	f := filter{}
	for key, raw := range parameters {
		if filterKeys[key] == nil {
			return nil, fmt.Errorf("unknown input parameter %q; known are owner, profile, repository and source", preview.Printable(key))
		}
		wanted, ok := texts(raw)
		if !ok {
			return nil, fmt.Errorf("input parameter %q is neither a string nor a list of strings", key)
		}
		slices.Sort(wanted)
		f[key] = slices.Compact(wanted)
	}
	return f, nil
}

// texts reads a string or a list of strings. An empty list isn't one: nobody means to ask for nothing, and Argo CD would
// delete everything for it.
func texts(raw json.RawMessage) ([]string, bool) {
	var one *string
	if json.Unmarshal(raw, &one) == nil && one != nil {
		return []string{*one}, true
	}
	var many []*string
	if json.Unmarshal(raw, &many) != nil || len(many) == 0 || slices.Contains(many, nil) {
		return nil, false
	}
	all := make([]string, len(many))
	for i, s := range many {
		all[i] = *s
	}
	return all, true
}
