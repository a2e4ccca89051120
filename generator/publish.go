package generator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// publish resolves what was read and serves it, unless there is nothing whole to serve yet.
func (g *Generator) publish(ctx context.Context) {
	s := &g.state
	st := &status{
		At: g.opts.Now(), ConfigError: message(s.configErr), Repositories: g.repositoryStatus(),
		Cluster: g.opts.Cluster != nil, ClusterError: message(s.clusterErr),
		Slowed: s.pollAt, Deferred: len(s.deferred),
	}
	if g.source() != nil {
		st.Measures, st.Measured, st.ActivityError = true, s.facts.Activity.At, s.facts.Activity.Problem
	}
	s.facts.Skew = g.skew()
	if g.opts.Quota != nil {
		st.Quota = g.opts.Quota.Describe()
	}
	defer func() { g.status.Store(st) }()
	var snapshot *preview.Snapshot
	switch {
	case s.config != nil:
		st.Revision = s.config.Commit
		snapshot = preview.Resolve(s.config, s.facts, s.memory, g.opts.Now())
		st.Reason = g.missing(snapshot)
	case s.remembers:
		snapshot = s.memory.Snapshot(g.opts.Now())
	default:
		st.Reason = message(s.configErr)
	}
	if st.Reason == "" {
		snapshot.Problems = append(snapshot.Problems, g.overlaps(snapshot)...)
		st.Reason = message(g.serve(ctx, snapshot))
	}
}

// skew is by how much GitHub's clock is ahead of ours; nil where nobody knows.
func (g *Generator) skew() *time.Duration {
	if g.opts.Clock == nil {
		return nil
	}
	skew, ok := g.opts.Clock.Skew()
	if !ok {
		return nil
	}
	return &skew
}

// serve keeps a snapshot's memory, and then serves it. Where it can't be kept, the last snapshot stays.
func (g *Generator) serve(ctx context.Context, snapshot *preview.Snapshot) error {
	last := g.served.Load()
	versions := newVersions(snapshot.Rows, last)
	var next *served
	var memory []byte
	var both errgroup.Group // Argo CD waits for both
	both.Go(func() (err error) {
		next, err = newServed(snapshot, last, versions)
		return err
	})
	both.Go(func() (err error) {
		memory, err = g.remember(snapshot.Memory, versions.same)
		return err
	})
	err := both.Wait()
	if err == nil { // a memory without its answer would be believed after a restart
		err = g.save(ctx, memory)
	}
	if err != nil { // guard saved-before-served: false
		g.opts.Logger.Error("snapshot can't be served", "error", err)
		return err
	}
	g.state.memory = snapshot.Memory
	next.inputs = g.inputs()
	next.number = 1
	if last != nil {
		next.number = last.number + 1
	}
	g.served.Store(next)
	g.unsettle(last, next)
	g.logChanges(last, next)
	g.noteLives(last, next)
	g.tellArgoCD(ctx, next)
	next.settle()
	if g.opts.Reporter != nil && g.hurry() {
		g.state.reads.want(reportKey, false)
	}
	if g.opts.Applications == nil && len(g.wakingRows()) > 0 { // nothing to wait for
		g.state.reads.want(wakingKey, false)
	}
	return nil
}

// missing says why a snapshot can't be the first one to be served: a repository was never read, so its environments
// would be taken away. Later on, and where memory says what it had, none can be.
func (g *Generator) missing(s *preview.Snapshot) string {
	if g.served.Load() != nil {
		return ""
	}
	var why []string
	if g.opts.Cluster != nil && !g.state.clusterRead {
		// An Application of somebody else's would be adopted, overwritten and one day deleted.
		why = append(why, "the cluster was never read: "+message(g.state.clusterErr))
	}
	why = append(why, g.stillUnclear(s)...)
	for _, name := range s.Unread {
		err := g.state.failed[name]
		// One that isn't allowed was never read for good; but only memory knows that it had nothing before it was forbidden.
		if _, known := g.state.memory.Repositories[name]; known || (errors.Is(err, errNotAllowed) && g.state.remembers) {
			continue
		}
		why = append(why, fmt.Sprintf("%s was never read: %s", name, message(err))) // guard everything-read: skip
	}
	return strings.Join(why, "; ")
}

func (g *Generator) logChanges(last, next *served) {
	var was map[about]verdict
	if last != nil {
		was = verdicts(last.snapshot)
	}
	is := verdicts(next.snapshot)
	for i := range next.snapshot.Decisions {
		d := &next.snapshot.Decisions[i]
		before, known := was[aboutOf(d)]
		unasked := d.Outcome == preview.Held && d.Rule == "unlabelled" && !known
		if before != is[aboutOf(d)] && !unasked {
			g.opts.Logger.Info("decision changed", "env", d.Environment, "repository", d.Repository, "pr", d.Number,
				"outcome", d.Outcome, "rule", d.Rule, "reason", d.Reason)
		}
	}
}

// about is what a decision is about, and verdict what it says of that.
type (
	about struct {
		repository, environment string
		number                  int
	}
	verdict struct{ outcome, rule string }
)

func aboutOf(d *preview.Decision) about { return about{d.Repository, d.Environment, d.Number} }

func verdicts(s *preview.Snapshot) map[about]verdict {
	m := make(map[about]verdict, len(s.Decisions))
	for i := range s.Decisions {
		d := &s.Decisions[i]
		v := verdict{d.Outcome, d.Rule}
		if v.outcome == preview.Asleep {
			v.outcome = preview.Live // noteLives tells how its state changed
		}
		m[aboutOf(d)] = v
	}
	return m
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return preview.Printable(err.Error())
}
