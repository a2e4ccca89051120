package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/announced"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/metrics"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/shares"
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
	progress     *progress.Watch
	pacing       pacing

	memory    preview.Memory // of the last snapshot
	store     *store.Store
	recovery  recovery
	requested *metrics.Requested
	filters   *applicationsets.Filters
	shares    *shares.Shares
	announced *announced.States
	reports   *report.Reports
}

// startOver forgets the memory and all facts that environments can be removed by.
func (in *inputs) startOver() {
	o := in.opts
	in.config = sources.NewConfig(o.ConfigBranch, o.Now, o.Logger)
	in.cluster = sources.NewCluster(o.Cluster, o.Logger)
	in.announced = announced.New(o.Now)
	in.repositories = sources.NewRepositories(o.GitHub, in.announced, o.Repositories, o.Now, o.Logger)
	in.memory, in.recovery = preview.Memory{}, recovery{}
}

// facts returns the facts of all sources.
func (in *inputs) facts() preview.Facts {
	return preview.Facts{
		Repositories: in.repositories.Facts, ConfigReadAt: in.config.ReadAt, Protected: in.opts.Protected,
		Cluster:  in.cluster.Facts,
		Activity: in.activity.Facts, Skew: in.skew(), Settled: in.waking.Finished, PollInterval: in.opts.Interval,
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
	if !in.knowsEnvironments() { // guard everything-read: false
		for _, name := range s.Unread {
			if _, isKnown := in.memory.Repositories[name]; !isKnown {
				reasons = append(reasons, fmt.Sprintf("%s was never read: %s", name, message(in.repositories.Errors[name])))
			}
		}
	}
	return strings.Join(reasons, "; ")
}

// knowsEnvironments says whether all environments of the last snapshot are known, so that an unread repository can't
// have others. The saved state has them all. Without it, a cluster without Applications shows that there are none;
// recovered ones may be incomplete.
func (in *inputs) knowsEnvironments() bool {
	hasNone := in.cluster.Exists() && len(in.memory.Environments)+len(in.recovery.unclear) == 0
	return in.store.HasState() || hasNone
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

// problemOf returns why the last read of a source failed; "" if it succeeded.
func (in *inputs) problemOf(key string) string {
	switch key {
	case configKey:
		return message(in.config.Err)
	case clusterKey:
		return message(in.cluster.Err)
	case activityKey:
		return in.activity.Facts.Problem
	}
	return message(in.repositories.Errors[key])
}

// anyRuns reports whether an environment of the last snapshot isn't asleep.
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

// lastSnapshot returns the snapshot before the next one; after a restart as the saved state has it.
func (in *inputs) lastSnapshot() *preview.Snapshot {
	if s := in.servedSnapshot(); s != nil {
		return s
	}
	return preview.FromMemory(in.memory, in.opts.Now())
}
