package generator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// readConfig brings the configuration in force up to date. Where the branch is unreachable or what it holds is invalid,
// the last good configuration stays.
func (g *Generator) readConfig(ctx context.Context) func() func() {
	return func() func() {
		began := g.opts.Now()
		tree, err := g.opts.ConfigBranch.Read(ctx)
		return func() {
			was := g.state.config
			if ctx.Err() == nil {
				g.load(tree, began, err)
			}
			g.continueRound(was)
		}
	}
}

// continueRound has read what the configuration needs: in a round everything that is due, and what a new configuration
// wants to know that was not read for the one before.
func (g *Generator) continueRound(was *preview.Config) {
	s := &g.state
	if s.config == nil {
		return
	}
	names := s.config.Repositories()
	if s.round.left != nil && !s.round.configured {
		s.round.configured = true
		if g.opts.Cluster != nil {
			s.round.left[clusterKey] = true
			s.reads.want(clusterKey, false)
		}
		for _, name := range names {
			if s.round.polls {
				s.round.left[name] = true
				s.reads.want(name, false)
			}
		}
	}
	if s.config == was {
		return
	}
	s.news = true
	g.watch()
	g.sourceChanged(was)
	g.opts.GitHub.Only(names)
	maps.DeleteFunc(s.failed, func(name string, _ error) bool { return !slices.Contains(names, name) })
	for _, name := range s.config.Reread(was) {
		s.reads.settle(name)
	}
	if was == nil && g.opts.Cluster != nil {
		s.reads.settle(clusterKey)
	}
}

// load takes in the config branch as it was read, by a read that began then.
func (g *Generator) load(tree preview.Tree, began time.Time, err error) {
	if err != nil {
		g.configFailed(err) // guard unreadable-config: g.state.config, g.state.tried = nil, ""; $
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
		// guard invalid-config: s.config = nil; $
		g.configFailed(fmt.Errorf("config branch at %s is invalid: %w", tree.Commit[:min(12, len(tree.Commit))], s.triedErr))
		return
	}
	s.configErr, s.facts.ConfigReadAt = nil, began
}

func (g *Generator) configFailed(err error) {
	if g.state.configErr == nil || g.state.configErr.Error() != err.Error() {
		g.opts.Logger.Error("configuration can't be updated", "error", err)
	}
	g.state.configErr = err
}

// readCluster finds what Argo CD has. Where that fails, the last facts stay.
func (g *Generator) readCluster(ctx context.Context) func() func() {
	return func() func() {
		found, err := g.opts.Cluster.Read(ctx)
		return func() {
			switch {
			case ctx.Err() != nil:
			case err == nil:
				g.state.facts.Cluster, g.state.clusterErr, g.state.clusterRead = found, nil, true
			default:
				if g.state.clusterErr == nil {
					g.opts.Logger.Error("cluster can't be read; its last facts stay", "error", err)
				}
				g.state.clusterErr = err
			}
		}
	}
}

var errNotAllowed = errors.New("configuration names it, but --repositories doesn't allow it; allow it, or take it out of previewset.yaml")

// readRepository reads one repository. Where that fails, its last facts stay.
func (g *Generator) readRepository(ctx context.Context, name string) func() func() {
	if g.state.config == nil || !slices.Contains(g.state.config.Repositories(), name) {
		return func() func() { return func() {} } // taken out of the configuration since it was asked for
	}
	if !g.allowed(name) {
		return func() func() { return func() { g.fail(name, errNotAllowed) } }
	}
	wants := g.state.config.Wants(name)
	wants.Expected = g.state.expected.take(name)
	memory := g.state.memory // never changed
	wants.ID, wants.Live = memory.Identity(name), func(id int64) []int { return memory.Live(name, id) }
	return func() func() {
		began := g.opts.Now()
		r, err := g.opts.GitHub.Repository(ctx, name, wants)
		r.ReadAt = began // by the clock that decides what is over
		return func() {
			switch {
			case ctx.Err() != nil:
			case err != nil:
				if other := new(preview.IdentityError); errors.As(err, &other) && other.Was == memory.Identity(name) {
					g.state.facts.Repositories[name] = preview.Repository{ID: other.Is} // nothing else of it matters
				}
				g.fail(name, err) // guard failed-read: g.state.facts.Repositories[name] = r; $
			default:
				renamed := g.state.facts.Repositories[name].FullName != r.FullName
				g.state.facts.Repositories[name] = r
				delete(g.state.failed, name)
				if renamed {
					g.watch()
				}
			}
		}
	}
}

func (g *Generator) allowed(name string) bool {
	return len(g.opts.Repositories) == 0 || slices.ContainsFunc(g.opts.Repositories, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), name)
		return ok && err == nil
	})
}

// fail notes a failed read, and logs the first of its kind.
func (g *Generator) fail(name string, err error) {
	if g.state.failed[name] == nil {
		g.opts.Logger.Error("repository can't be read; its last facts stay", "repository", name, "error", err)
	}
	g.state.failed[name] = err
}
