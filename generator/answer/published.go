// Package answer encodes snapshots for Argo CD's plugin generator: the rows that an ApplicationSet's input parameters
// select, as compressed JSON. It knows no HTTP and doesn't decide about the content of a snapshot.
package answer

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/previewset/previewset/generator/gzipchunks"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Published is a snapshot in the form in which it is served. It never changes, except that it keeps filtered answers.
type Published struct {
	Snapshot *preview.Snapshot
	// Number counts the snapshots that this run has served, from 1.
	Number int
	// Saved is the SHA-256 of the saved state that has these rows.
	Saved [sha256.Size]byte
	Inputs
	known known // the values that filters may name
	*bodies
}

// Inputs are what the snapshot was computed from.
type Inputs struct {
	Config *config.Config // nil if the configuration was never read and the saved state alone answers
	Facts  preview.Facts
}

// NamespacePrefix begins the names of namespaces and Applications; "" if the configuration was never read.
func (in Inputs) NamespacePrefix() string {
	if in.Config == nil {
		return ""
	}
	return in.Config.Policy.NamespacePrefix
}

// LiveDecisions are the decisions that keep environments live, by environment.
func (p *Published) LiveDecisions() map[string]*preview.Decision {
	live := make(map[string]*preview.Decision, len(p.Snapshot.Rows))
	for i := range p.Snapshot.Decisions { // a held pull request can have a decision about the same name
		if d := &p.Snapshot.Decisions[i]; d.Outcome == preview.Live || d.Outcome == preview.AsleepOutcome {
			live[d.Environment] = d
		}
	}
	return live
}

// WaitsForConfirmation reports whether the removal of an environment waits until a person confirms it.
func (p *Published) WaitsForConfirmation(environment string) bool {
	return slices.ContainsFunc(p.Snapshot.Decisions, func(d preview.Decision) bool { // several may be about one name
		return d.Environment == environment && d.Withheld
	})
}

// bodies are the encoded answers of a snapshot, and of later ones with the same rows.
type bodies struct {
	versions Versions
	whole    []byte // gzip

	mu           sync.Mutex
	filtered     map[string][]byte // gzip, by filter
	filteredSize int               // of filtered, with its keys
	// chunks are those of the whole answer, filteredChunks those of filtered answers. Previous holds the caches of the
	// snapshot before.
	chunks, filteredChunks gzipchunks.Cache
	previous               []gzipchunks.Cache
}

const (
	// maxFiltered bounds how many filtered answers of a snapshot are kept. A client with Argo CD's token can send any
	// filter.
	maxFiltered = 256
	// maxFilteredSize bounds their size in bytes; the bound is four times the whole answer if that is more.
	maxFilteredSize = 8 << 20
)

// New encodes a snapshot. It reuses the encoded rows of the last snapshot, which is nil for the first one.
func New(s *preview.Snapshot, last *Published, v Versions) (*Published, error) {
	if v.Same && s.Memory.Commit == last.Snapshot.Memory.Commit { // another commit may name repositories differently
		return &Published{Snapshot: s, bodies: last.bodies}, nil
	}
	b := &bodies{
		versions: v, filtered: map[string][]byte{}, chunks: gzipchunks.Cache{}, filteredChunks: gzipchunks.Cache{},
	}
	if last != nil {
		last.mu.Lock()
		b.previous = []gzipchunks.Cache{last.chunks, maps.Clone(last.filteredChunks)}
		last.mu.Unlock()
	}
	var err error
	b.whole, err = b.encode(s, nil, b.previous, b.chunks)
	return &Published{Snapshot: s, bodies: b}, err
}

// WithSnapshot returns a copy that serves another snapshot with the encoded answers of p.
func (p *Published) WithSnapshot(s *preview.Snapshot) *Published {
	return &Published{Snapshot: s, Number: p.Number, Saved: p.Saved, Inputs: p.Inputs, known: p.known, bodies: p.bodies}
}

// DropPrevious frees the chunks of the snapshot before. Call it after the usual filters were answered.
func (b *bodies) DropPrevious() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.previous = nil
}

// FilteredSize is the memory that filtered answers and their filters use, in bytes.
func (b *bodies) FilteredSize() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.filteredSize
}

// Body is the gzip-compressed answer to a filter.
func (p *Published) Body(f Filter) ([]byte, error) {
	if len(f) == 0 {
		return p.whole, nil
	}
	key := f.key()
	p.mu.Lock()
	defer p.mu.Unlock()
	if body, ok := p.filtered[key]; ok {
		return body, nil
	}
	body, err := p.encode(p.Snapshot, f, append(p.previous, p.chunks), p.filteredChunks)
	if err != nil {
		return nil, err
	}
	size := len(key) + len(body)
	if len(p.filtered) >= maxFiltered || p.filteredSize+size > max(maxFilteredSize, 4*len(p.whole)) {
		clear(p.filtered)
		clear(p.filteredChunks)
		p.filteredSize = 0
	}
	p.filteredSize += size
	p.filtered[key] = body
	return body, nil
}
