package generator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/metrics"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/preview"
)

// inputs holds the facts and the memory from which snapshots are resolved. Only the refresher's goroutine uses it,
// except current and watched, which are safe for concurrent use.
type inputs struct {
	opts    *Options
	current *current
	watched watchlist

	config       *sources.Config
	cluster      *sources.Cluster
	repositories *sources.Repositories
	activity     *sources.Activity
	workloads    *sources.Workloads
	waking       *sources.Waking
	pacing       pacing

	memory    preview.Memory // of the last snapshot
	store     *store.Store
	recovery  recovery
	requested *metrics.Requested
	statuses  *report.Statuses
}

// facts returns the facts of all sources.
func (in *inputs) facts() preview.Facts {
	return preview.Facts{
		Repositories: in.repositories.Facts, ConfigReadAt: in.config.ReadAt, Protected: in.opts.Protected,
		Cluster:  in.cluster.Facts,
		Activity: in.activity.Facts, Skew: in.skew(), Settled: in.waking.Finished,
	}
}

// skew returns how far GitHub's clock is ahead of ours; nil if that is unknown.
func (in *inputs) skew() *time.Duration {
	if in.opts.Clock == nil {
		return nil
	}
	skew, ok := in.opts.Clock.Skew()
	if !ok {
		return nil
	}
	return &skew
}

// whyNotFirst returns why a snapshot can't be the first one, or "": environments of a source that was never read would
// be removed. Later snapshots lack nothing, because the last facts stay.
func (in *inputs) whyNotFirst(s *preview.Snapshot) string {
	if in.current.Published() != nil {
		return ""
	}
	var reasons []string
	if in.cluster.Exists() && !in.cluster.WasRead {
		// The Application of another owner would be adopted, overwritten and one day deleted.
		reasons = append(reasons, "the cluster was never read: "+message(in.cluster.Err))
	}
	reasons = append(reasons, in.unclearReasons(s)...)
	for _, name := range s.Unread {
		err := in.repositories.Errors[name]
		// A repository that isn't allowed is never read. Only the saved state knows that it has no environments.
		isForbidden := errors.Is(err, sources.ErrNotAllowed) && in.store.HasState()
		if _, known := in.memory.Repositories[name]; known || isForbidden {
			continue
		}
		reasons = append(reasons, fmt.Sprintf("%s was never read: %s", name, message(err))) // guard everything-read: skip
	}
	return strings.Join(reasons, "; ")
}

// newStatus returns the present state of the sources.
func (in *inputs) newStatus() *status.Status {
	st := &status.Status{
		At: in.opts.Now(), ConfigError: message(in.config.Err), Repositories: in.repositoryStatus(),
		HasCluster: in.cluster.Exists(), ClusterError: message(in.cluster.Err),
		Quota: in.pacing.describe(), SlowedUntil: in.pacing.pollAt, Deferred: len(in.pacing.deferred),
	}
	if in.config.InForce != nil {
		st.Revision = in.config.InForce.Commit
	}
	if in.activity.IsMeasured(in.config.InForce) {
		st.MeasuresActivity, st.Measured, st.ActivityError = true, in.activity.Facts.At, in.activity.Facts.Problem
	}
	return st
}

func (in *inputs) repositoryStatus() []status.Repository {
	var all []status.Repository
	for _, name := range in.config.Names() {
		_, isKnown := in.memory.Repositories[name]
		s := status.Repository{
			Name: name, Error: message(in.repositories.Errors[name]),
			Remembered: isKnown && !in.repositories.HasOtherIdentity(name),
		}
		if facts, ok := in.repositories.Facts[name]; ok {
			s.Read, s.FullName = facts.ReadAt, facts.FullName
		}
		all = append(all, s)
	}
	return all
}

// anyRuns says whether an environment of the last snapshot isn't asleep.
func (in *inputs) anyRuns() bool {
	for _, e := range in.memory.Environments {
		if e.Row.State != preview.Asleep {
			return true
		}
	}
	return false
}

func (in *inputs) noteWorkloads(all []preview.Workload) {
	if p := in.current.Published(); p != nil {
		in.requested.Note(p.Snapshot.Rows, all)
	}
}

// servedSnapshot returns the snapshot that is served now; nil before the first one.
func (in *inputs) servedSnapshot() *preview.Snapshot {
	if p := in.current.Published(); p != nil {
		return p.Snapshot
	}
	return nil
}
