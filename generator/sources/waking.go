package sources

import (
	"context"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/internal/preview"
)

// ApplicationReader reads an Application's status; nil if there is none.
type ApplicationReader interface {
	Application(ctx context.Context, name string) (*preview.ApplicationStatus, error)
}

const (
	// maxWakingReads bounds the waking environments in one read. The others follow in turn.
	maxWakingReads = 32
	// wakingParallel bounds how many of them are read at once.
	wakingParallel = 4
)

// Waking finds waking environments that Argo CD has synced and found healthy.
type Waking struct {
	// Finished are waking environments that are synced and healthy in the state in which they are served. The map is
	// replaced, never changed.
	Finished map[string]bool

	reader ApplicationReader // nil without a cluster
	offset int               // of the next read
}

// NewWaking returns a Waking. Without a cluster the reader is nil, and every waking environment is finished at once.
func NewWaking(r ApplicationReader) *Waking { return &Waking{reader: r} }

// NeedsCluster reports whether the state of waking environments is read from a cluster.
func (w *Waking) NeedsCluster() bool { return w.reader != nil }

// WakingRows are the waking environments of a snapshot, which may be nil.
func WakingRows(s *preview.Snapshot) []*preview.Row {
	var waking []*preview.Row
	if s != nil {
		for i := range s.Rows {
			if s.Rows[i].State == preview.Waking {
				waking = append(waking, &s.Rows[i])
			}
		}
	}
	return waking
}

// Read reads the status of some waking environments. Served returns the served snapshot. Changed is called if an
// environment has finished waking.
func (w *Waking) Read(ctx context.Context, served func() *preview.Snapshot, changed func()) Task {
	rows := WakingRows(served())
	if w.reader == nil {
		return func() Apply { return func() { w.finish(rows, served(), changed) } }
	}
	rows = w.nextRows(rows)
	return func() Apply {
		ready := w.readyRows(ctx, rows)
		return func() { w.finish(ready, served(), changed) }
	}
}

// nextRows takes turns if there are too many waking environments for one read.
func (w *Waking) nextRows(rows []*preview.Row) []*preview.Row {
	n := len(rows)
	if n <= maxWakingReads {
		return rows
	}
	w.offset = (w.offset + maxWakingReads) % n
	return append(rows[w.offset:n:n], rows[:w.offset]...)[:maxWakingReads]
}

func (w *Waking) readyRows(ctx context.Context, rows []*preview.Row) (ready []*preview.Row) {
	isReady := make([]bool, len(rows))
	var group errgroup.Group
	group.SetLimit(wakingParallel)
	for i, r := range rows {
		group.Go(func() error {
			a, err := w.reader.Application(ctx, r.Namespace)
			isReady[i] = err == nil && *r.WithApplication(a).Ready
			return nil // after a failure the next read tries again
		})
	}
	_ = group.Wait()
	for i, r := range rows {
		if isReady[i] {
			ready = append(ready, r)
		}
	}
	return ready
}

// finish notes environments that have finished waking, unless their rows have changed since.
func (w *Waking) finish(rows []*preview.Row, served *preview.Snapshot, changed func()) {
	waking := map[string]*preview.Row{}
	for _, r := range WakingRows(served) {
		waking[r.Name] = r
	}
	for _, r := range rows {
		if now := waking[r.Name]; now != nil && rowequality.SameRow(now, r) && !w.Finished[r.Name] {
			finished := maps.Clone(w.Finished)
			if finished == nil {
				finished = map[string]bool{}
			}
			finished[r.Name] = true
			w.Finished = finished
			changed()
		}
	}
}

// Forget drops environments that a new snapshot changes. Before is nil for the first snapshot.
func (w *Waking) Forget(before, after *preview.Snapshot) {
	kept := map[string]bool{}
	if before != nil && len(w.Finished) > 0 {
		rows := map[string]*preview.Row{}
		for i := range before.Rows {
			rows[before.Rows[i].Name] = &before.Rows[i]
		}
		for _, r := range WakingRows(after) {
			if w.Finished[r.Name] && rows[r.Name] != nil && rowequality.SameRow(rows[r.Name], r) {
				kept[r.Name] = true
			}
		}
	}
	if !maps.Equal(kept, w.Finished) {
		w.Finished = kept
	}
}
