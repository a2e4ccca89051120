package generator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

const (
	// parallelReads bounds how many repositories are read at once; GitHub's secondary limits dislike more.
	parallelReads = 8
	// retryUnready is how soon it is tried again while there is nothing to answer yet.
	retryUnready = 2 * time.Second
)

// refresherState belongs to the one goroutine that refreshes.
type refresherState struct {
	config *preview.Config
	// tried is the commit that was last loaded, and what came of it.
	tried     string
	triedErr  error
	configErr error
	facts     preview.Facts
	// clusterErr is why the cluster's facts are old; clusterRead says that there are any.
	clusterErr  error
	clusterRead bool
	failed      map[string]failure
	memory      preview.Memory
	remembers   bool // memory is that of an answer once given, maybe by an earlier run
	recalled    bool
	confirmed   bool // somebody has confirmed something since memory was last saved
	// reported is what was last told to GitHub, by pull request.
	reported map[string]string
	// told is the answer for which each ApplicationSet was last made to ask, as a hash.
	told map[string][sha256.Size]byte
}

type failure struct {
	err   error
	since time.Time
}

// Run refreshes until ctx is done: everything at once, then every interval, sooner while there is nothing to answer; in
// between, what webhooks are about.
func (g *Generator) Run(ctx context.Context) error {
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		s, ok := g.requests.next(ctx, due.C)
		if !ok {
			return nil
		}
		g.refresh(ctx, s)
		if s.all {
			due.Reset(g.pause())
		}
	}
}

// pause is how long it is until everything is read again.
func (g *Generator) pause() time.Duration {
	if g.served.Load() == nil {
		return min(g.opts.Interval, retryUnready)
	}
	return g.opts.Interval
}

// Refresh reads everything once and publishes what follows from it. What can't be read keeps its last facts. It is not
// safe for concurrent use; Run calls it.
func (g *Generator) Refresh(ctx context.Context) { g.refresh(ctx, scope{all: true}) }

func (g *Generator) refresh(ctx context.Context, s scope) {
	start := g.opts.Now()
	if !g.state.recalled {
		g.recall(ctx)
		g.state.recalled = true
	}
	g.confirm(s.confirm)
	if s.all || s.config {
		was := g.state.config
		g.readConfig(ctx)
		s.all = s.all || g.state.config != was // it may want other facts
	}
	if g.state.config != nil {
		g.readRepositories(ctx, s)
		if s.all {
			g.readCluster(ctx)
		}
	}
	if ctx.Err() != nil {
		return
	}
	g.publish(ctx)
	g.metrics.refreshed(g.status.Load().Reason == "", g.opts.Now().Sub(start))
}

// readConfig brings the configuration in force up to date. Where the branch is unreachable or what it holds is invalid,
// the last good configuration stays.
func (g *Generator) readConfig(ctx context.Context) {
	tree, err := g.opts.ConfigBranch.Read(ctx)
	if err != nil {
		g.configFailed(err)
		return
	}
	s := &g.state
	if tree.Commit != s.tried {
		var config *preview.Config
		s.tried = tree.Commit
		prev := s.config
		if prev == nil {
			prev = s.memory.Previous()
		}
		config, s.triedErr = preview.Load(tree, prev)
		if s.triedErr == nil {
			s.config = config
			g.opts.Logger.Info("configuration loaded", "revision", tree.Commit, "problems", len(config.Problems))
		}
	}
	if s.triedErr != nil {
		g.configFailed(fmt.Errorf("config branch at %s is invalid: %w", tree.Commit[:min(12, len(tree.Commit))], s.triedErr))
		return
	}
	s.configErr = nil
}

func (g *Generator) configFailed(err error) {
	if g.state.configErr == nil || g.state.configErr.Error() != err.Error() {
		g.opts.Logger.Error("configuration can't be updated", "error", err)
	}
	g.state.configErr = err
}

// readRepositories reads the configured repositories that are due, some at once. One that fails leaves its last facts.
func (g *Generator) readRepositories(ctx context.Context, s scope) {
	var mu sync.Mutex
	facts := maps.Clone(g.state.facts.Repositories)
	failed := map[string]failure{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for _, name := range g.state.config.Repositories() {
		if was, ok := g.state.failed[name]; !s.reads(name) {
			if ok {
				mu.Lock()
				failed[name] = was
				mu.Unlock()
			}
			continue
		}
		group.Go(func() error {
			r, err := g.readRepository(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[name] = g.failure(name, err)
				return nil
			}
			facts[name] = r
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	g.state.facts.Repositories, g.state.facts.Protected = facts, g.opts.Protected
	g.state.failed = failed
}

// readCluster finds what Argo CD has. Where that fails, the last facts stay.
func (g *Generator) readCluster(ctx context.Context) {
	if g.opts.Cluster == nil {
		return
	}
	found, err := g.opts.Cluster.Read(ctx)
	if err != nil {
		if g.state.clusterErr == nil {
			g.opts.Logger.Error("cluster can't be read; its last facts stay", "error", err)
		}
		g.state.clusterErr = err
		return
	}
	g.state.facts.Cluster, g.state.clusterErr, g.state.clusterRead = found, nil, true
}

var errNotAllowed = errors.New("configuration names it, but --repositories doesn't allow it; allow it, or take it out of previewset.yaml")

func (g *Generator) readRepository(ctx context.Context, name string) (preview.Repository, error) {
	if !g.allowed(name) {
		return preview.Repository{}, errNotAllowed
	}
	return g.opts.GitHub.Repository(ctx, name, g.state.config.Wants(name))
}

func (g *Generator) allowed(name string) bool {
	return len(g.opts.Repositories) == 0 || slices.ContainsFunc(g.opts.Repositories, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), name)
		return ok && err == nil
	})
}

// failure dates a failed read from the first of its kind, and logs it then.
func (g *Generator) failure(name string, err error) failure {
	if was, ok := g.state.failed[name]; ok {
		return failure{err: err, since: was.since}
	}
	g.opts.Logger.Error("repository can't be read; its last facts stay", "repository", name, "error", err)
	return failure{err: err, since: g.opts.Now()}
}

// publish resolves what was read and serves it, unless there is nothing whole to serve yet.
func (g *Generator) publish(ctx context.Context) {
	s := &g.state
	st := &status{
		At: g.opts.Now(), ConfigError: message(s.configErr), Repositories: g.repositoryStatus(),
		Cluster: g.opts.Cluster != nil, ClusterError: message(s.clusterErr),
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
		snapshot.Problems = append(snapshot.Problems, g.overlaps(snapshot.Rows)...)
		st.Reason = message(g.serve(ctx, snapshot))
	}
}

// serve keeps a snapshot's memory, and then serves it. Where it can't be kept, the last snapshot stays.
func (g *Generator) serve(ctx context.Context, snapshot *preview.Snapshot) error {
	last := g.served.Load()
	next, err := newServed(snapshot, last)
	if err == nil {
		err = g.save(ctx, snapshot.Memory, next.sameRows(last))
	}
	if err != nil {
		g.opts.Logger.Error("snapshot can't be served", "error", err)
		return err
	}
	g.state.memory = snapshot.Memory
	g.served.Store(next)
	g.logChanges(last, next)
	g.tellArgoCD(ctx, next)
	g.report(ctx, snapshot)
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
	for _, name := range s.Unread {
		f := g.state.failed[name]
		// One that isn't allowed was never read for good; but only memory knows that it had nothing before it was forbidden.
		if g.state.memory.Repositories[name] || (errors.Is(f.err, errNotAllowed) && g.state.remembers) {
			continue
		}
		why = append(why, fmt.Sprintf("%s was never read: %s", name, message(f.err)))
	}
	return strings.Join(why, "; ")
}

func (g *Generator) logChanges(last, next *served) {
	was, is := map[string]string{}, states(next.snapshot)
	if last != nil {
		was = states(last.snapshot)
	}
	for _, d := range next.snapshot.Decisions {
		unasked := d.Outcome == preview.Held && d.Rule == "unlabelled" && was[subject(d)] == ""
		if was[subject(d)] != is[subject(d)] && !unasked {
			g.opts.Logger.Info("decision changed", "env", d.Environment, "repository", d.Repository, "pr", d.Number,
				"outcome", d.Outcome, "rule", d.Rule, "reason", d.Reason)
		}
	}
}

func states(s *preview.Snapshot) map[string]string {
	m := make(map[string]string, len(s.Decisions))
	for _, d := range s.Decisions {
		m[subject(d)] = d.Outcome + " " + d.Rule
	}
	return m
}

func subject(d preview.Decision) string {
	return fmt.Sprintf("%s#%d %s", d.Repository, d.Number, d.Environment)
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return preview.Printable(err.Error())
}
