package generator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/preview"
)

// recovery is the state of loading the memory of the last run.
type recovery struct {
	done bool
	// unclear are live Applications that the generator doesn't understand after the saved state was lost, with the reasons.
	unclear map[string]string
}

// recall loads the saved state before anything is read, because it protects environments. It returns false if the state
// can't be reached; then the next step tries again. Lost or corrupt state isn't fatal: live Applications replace it,
// and nothing is answered until all sources were read.
func (r *refresher) recall(ctx context.Context, isDue bool) (ok bool) {
	if r.recovery.done {
		if isDue && len(r.recovery.unclear) > 0 && r.current.Published() == nil {
			_ = r.recover(ctx) // a user may have fixed an Application; after an error the old result stays
		}
		return true
	}
	r.recovery.unclear = nil
	state, err := r.store.Load(ctx)
	if errors.Is(err, store.ErrCorrupt) {
		r.opts.Logger.Error("load saved state failed; going on without it", "error", err)
		err = nil
	}
	switch {
	case err == nil && state != nil:
		r.restore(state)
	case err == nil:
		err = r.recover(ctx)
	}
	if err != nil {
		r.reportNotRecalled(err)
		return false
	}
	r.recovery.done = true
	return true
}

func (in *inputs) restore(s *store.State) {
	in.memory = s.Memory
	in.reports.Restore(s.Reported, s.Reports)
	in.requested.Restore(s.Requested)
	in.filters.Restore(s.Filters)
	in.progress.Restore(s.Progress)
	in.shares.Restore(s.Shares)
	in.announced.Restore(s.Announced)
	in.opts.Logger.Info("saved state loaded", "environments", len(in.memory.Environments))
}

// recover rebuilds the memory of live environments from their Applications.
func (in *inputs) recover(ctx context.Context) error {
	if in.opts.Cluster == nil { // guard recovery: true
		return nil
	}
	found, err := in.opts.Cluster.Recover(ctx)
	if err != nil {
		return fmt.Errorf("there is no saved state; recover environments from their Applications: %w", err)
	}
	in.memory.Environments, in.recovery.unclear = found.Environments, found.Unclear
	if len(found.Environments)+len(found.Unclear) > 0 {
		in.opts.Logger.Warn("no saved state; live environments were recovered from their Applications",
			"environments", len(found.Environments), "unclear", len(found.Unclear))
	}
	return nil
}

func (r *refresher) reportNotRecalled(err error) {
	st := &status.Status{At: r.opts.Now(), Reason: message(err), HasCluster: r.cluster.Exists()}
	if r.current.Status().Reason != st.Reason {
		r.opts.Logger.Error("nothing is answered yet", "error", err)
	}
	r.current.status.Store(st)
}

// unclearReasons names live Applications that a snapshot would remove although the generator doesn't understand them.
func (in *inputs) unclearReasons(s *preview.Snapshot) []string {
	answered := make(map[string]bool, len(s.Rows))
	for i := range s.Rows {
		answered[s.Rows[i].Namespace] = true
	}
	var reasons []string
	for _, name := range slices.Sorted(maps.Keys(in.recovery.unclear)) {
		if !answered[name] {
			reasons = append(reasons, fmt.Sprintf(
				"there is no saved state, and Application %s can't be understood: %s; fix it, or delete it",
				name, in.recovery.unclear[name]))
		}
	}
	return reasons
}
