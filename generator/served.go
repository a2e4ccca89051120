package generator

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/previewset/previewset/internal/preview"
)

// served is a snapshot as it is answered. Bodies are kept compressed: Argo CD's client accepts gzip, and a thousand
// rows shrink to a twentieth.
type served struct {
	snapshot *preview.Snapshot
	number   int // of the snapshots that this run has served
	inputs   inputs
	*bodies

	visits sync.Once
	places *places // by the first visit
}

// bodies are the answers of one snapshot, and of those after it whose rows are the same.
type bodies struct {
	versions versions
	all      []byte // gzip

	mu       sync.Mutex
	filtered map[string][]byte // gzip, by filter
	size     int               // of filtered, with its keys
	// pieces are those of the whole answer, some those of filtered ones, before those of the snapshot before.
	pieces, some pieces
	before       []pieces
}

// versions number rows: a row that is the same as in the snapshot before has the same number.
type versions struct {
	rows   []uint64
	newest uint64
	same   bool // all rows are, and there is none less
}

const (
	// maxFiltered bounds how many filtered answers of one snapshot are kept; whoever has Argo CD's token can ask for anything.
	maxFiltered = 256
	// maxFilteredSize bounds how many bytes they have; or else four times the whole answer.
	maxFilteredSize = 8 << 20
)

func newVersions(rows []preview.Row, last *served) versions {
	v := versions{rows: make([]uint64, len(rows))}
	var before []preview.Row
	var numbers []uint64
	if last != nil {
		before, numbers, v.newest = last.snapshot.Rows, last.versions.rows, last.versions.newest
	}
	v.same = last != nil && len(rows) == len(before)
	for i := range rows { // both are sorted by name
		for len(before) > 0 && before[0].Name < rows[i].Name {
			before, numbers = before[1:], numbers[1:]
		}
		if len(before) > 0 && sameRow(&before[0], &rows[i]) {
			v.rows[i] = numbers[0]
			continue
		}
		v.newest++
		v.rows[i], v.same = v.newest, false
	}
	return v
}

// newServed encodes a snapshot: what of its rows isn't the same as in the last one.
func newServed(s *preview.Snapshot, last *served, v versions) (*served, error) {
	if v.same && s.Memory.Commit == last.snapshot.Memory.Commit { // else configuration may name repositories otherwise
		return &served{snapshot: s, bodies: last.bodies}, nil
	}
	b := &bodies{versions: v, filtered: map[string][]byte{}, pieces: pieces{}, some: pieces{}}
	if last != nil {
		last.mu.Lock()
		b.before = []pieces{last.pieces, maps.Clone(last.some)}
		last.mu.Unlock()
	}
	var err error
	b.all, err = b.encode(newAnswer(b.before, b.pieces), s, nil)
	return &served{snapshot: s, bodies: b}, err
}

// settle forgets what was kept of the snapshot before, once Argo CD is told and its answers are made.
func (b *bodies) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = nil
}

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
	body, err := s.encode(newAnswer(append(s.before, s.pieces), s.some), s.snapshot, f)
	if err != nil {
		return nil, err
	}
	size := len(key) + len(body)
	if len(s.filtered) >= maxFiltered || s.size+size > max(maxFilteredSize, 4*len(s.all)) {
		clear(s.filtered)
		clear(s.some)
		s.size = 0
	}
	s.size += size
	s.filtered[key] = body
	return body, nil
}

// numbered is a row with its version.
type numbered struct {
	row     *preview.Row
	version uint64
}

// about is its name, and about how much text it is.
func (n numbered) about() (name string, size uint64) {
	return n.row.Name, 1000 + 200*uint64(len(n.row.Kustomize.Patches))
}

// answerLevel of compression makes answers of 10,000 environments 6 % smaller than the default one in no time that could be
// measured; the two above it take 6 to 25 % more processor time for each change.
const answerLevel = 7

// newAnswer is an answer that is still empty.
func newAnswer(known []pieces, keep pieces) *member {
	return &member{level: answerLevel, known: known, keep: keep}
}

// encode writes {"output":{"parameters":[…]}} with the rows that a filter matches, a row at a time so that the plain text
// never stands in memory whole.
func (b *bodies) encode(m *member, s *preview.Snapshot, f filter) ([]byte, error) {
	rows := s.Rows
	matching := make([]numbered, 0, len(rows))
	for i := range rows {
		if f.empty() || f.matches(s, rows[i]) {
			matching = append(matching, numbered{&rows[i], b.versions.rows[i]})
		}
	}
	m.text(`{"output":{"parameters":[`)
	at := 0
	for some := range cut(matching, numbered.about) {
		from := at
		key := newKey("rows", from)
		for _, n := range some {
			key = binary.AppendUvarint(key, n.version)
		}
		m.add(string(key), func(w *stickyWriter) {
			for i, n := range some {
				w.comma(from + i)
				w.json(n.row)
			}
		})
		at += len(some)
	}
	m.text(`]}}`)
	return m.bytes()
}

// stickyWriter writes until something fails.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) text(t string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, t)
	}
}

func (s *stickyWriter) bytes(b []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(b)
	}
}

// comma stands before all entries of a list but the first.
func (s *stickyWriter) comma(i int) {
	if i > 0 {
		s.text(",")
	}
}

func (s *stickyWriter) json(v any) {
	b, err := json.Marshal(v)
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("encode row: %w", err)
	}
	s.bytes(b)
}

// filter is what an ApplicationSet's input parameters ask for: per row key the values that are wanted.
type filter map[string][]string

// filterKeys are the input parameters, and the row's values that each is compared with, without regard to case.
var filterKeys = map[string]func(*preview.Snapshot, preview.Row) []string{
	"source":     func(_ *preview.Snapshot, r preview.Row) []string { return []string{r.Source} },
	"repository": repositoryNames,
	"owner":      func(_ *preview.Snapshot, r preview.Row) []string { return []string{r.Owner} },
	"profile":    func(_ *preview.Snapshot, r preview.Row) []string { return []string{r.Profile} },
}

// repositoryNames are the name of a row's repository as GitHub has it, and those of all its pull requests' as configuration
// does. Neither who renames a repository nor who joins an environment takes it away from whoever asks for it.
func repositoryNames(s *preview.Snapshot, r preview.Row) []string {
	names := []string{r.Repository}
	for _, m := range s.Memory.Environments[r.Name].Members {
		names = append(names, m.Repository)
	}
	return names
}

func (f filter) empty() bool { return len(f) == 0 }

func (f filter) matches(s *preview.Snapshot, r preview.Row) bool {
	for key, wanted := range f {
		if !slices.ContainsFunc(filterKeys[key](s, r), func(is string) bool { return containsFold(wanted, is) }) {
			return false
		}
	}
	return true
}

func containsFold(all []string, one string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, one) })
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
