package generator

import (
	"context"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// What is waking is looked at in turn: so many at a time, so many of them at once.
const (
	wakingReads    = 32
	wakingParallel = 4
)

// wakingRows are the environments that are waking as they are served.
func (g *Generator) wakingRows() []*preview.Row {
	var waking []*preview.Row
	if s := g.served.Load(); s != nil {
		for i := range s.snapshot.Rows {
			if s.snapshot.Rows[i].State == preview.Waking {
				waking = append(waking, &s.snapshot.Rows[i])
			}
		}
	}
	return waking
}

// readWaking finds out which of those that are waking Argo CD has synced, and found healthy, as they are served now. Without
// a cluster nobody can tell, so none waits for it.
func (g *Generator) readWaking(ctx context.Context) func() func() {
	rows := g.wakingRows()
	if g.opts.Applications == nil {
		return func() func() { return func() { g.settled(rows) } }
	}
	if n := len(rows); n > wakingReads {
		g.state.waking = (g.state.waking + wakingReads) % n
		rows = append(rows[g.state.waking:n:n], rows[:g.state.waking]...)[:wakingReads]
	}
	return func() func() {
		ready := make([]bool, len(rows))
		var group errgroup.Group
		group.SetLimit(wakingParallel)
		for i, r := range rows {
			group.Go(func() error {
				a, err := g.opts.Applications.Application(ctx, r.Namespace)
				ready[i] = err == nil && *r.WithApplication(a).Ready
				return nil // it is looked at again soon
			})
		}
		_ = group.Wait()
		var settled []*preview.Row
		for i, r := range rows {
			if ready[i] {
				settled = append(settled, r)
			}
		}
		return func() { g.settled(settled) }
	}
}

// settled notes what has settled, unless it was served otherwise since.
func (g *Generator) settled(rows []*preview.Row) {
	s := &g.state
	waking := map[string]*preview.Row{}
	for _, r := range g.wakingRows() {
		waking[r.Name] = r
	}
	for _, r := range rows {
		if now := waking[r.Name]; now != nil && sameRow(now, r) && !s.facts.Settled[r.Name] {
			s.facts.Settled = cloned(s.facts.Settled)
			s.facts.Settled[r.Name] = true
			s.news = true
		}
	}
}

// unsettle forgets what had settled before an answer in which it is another.
func (g *Generator) unsettle(last, next *served) {
	kept := map[string]bool{}
	if last != nil && len(g.state.facts.Settled) > 0 {
		was := map[string]*preview.Row{}
		for i := range last.snapshot.Rows {
			was[last.snapshot.Rows[i].Name] = &last.snapshot.Rows[i]
		}
		for i := range next.snapshot.Rows {
			r := &next.snapshot.Rows[i]
			if g.state.facts.Settled[r.Name] && r.State == preview.Waking && was[r.Name] != nil && sameRow(was[r.Name], r) {
				kept[r.Name] = true
			}
		}
	}
	if !maps.Equal(kept, g.state.facts.Settled) {
		g.state.facts.Settled = kept
	}
}
