package sources

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/announced"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// GitHub reads repositories ("owner/name"). A read is complete or fails.
type GitHub interface {
	Repository(ctx context.Context, name string, wants preview.Wants) (preview.Repository, error)
	// Only drops the cached responses of all other repositories.
	Only(names []string)
}

// ErrNotAllowed says that --repositories doesn't allow a configured repository.
var ErrNotAllowed = errors.New(
	"--repositories doesn't allow this repository; add it there, or remove it from previewset.yaml")

// Repositories has the facts about the configured repositories.
type Repositories struct {
	Facts  map[string]preview.Repository // by lower-case name
	Errors map[string]error              // why the last reads failed
	// Expected are pull requests that webhooks announced.
	Expected pending.Expected

	announced *announced.States
	github    GitHub
	patterns  []string // of allowed names
	now       func() time.Time
	log       *slog.Logger
}

// NewRepositories returns Repositories without facts. Patterns (path.Match) are the allowed names; none allows all.
func NewRepositories(
	g GitHub, states *announced.States, patterns []string, now func() time.Time, log *slog.Logger,
) *Repositories {
	return &Repositories{
		announced: states,
		Facts:     map[string]preview.Repository{}, Errors: map[string]error{},
		github: g, patterns: patterns, now: now, log: log,
	}
}

// IsAllowed reports whether the generator may read a repository.
func (r *Repositories) IsAllowed(name string) bool {
	return len(r.patterns) == 0 || slices.ContainsFunc(r.patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), name)
		return ok && err == nil
	})
}

// HasOtherIdentity reports whether the last read failed because the name belongs to another repository now.
func (r *Repositories) HasOtherIdentity(name string) bool {
	return errors.As(r.Errors[name], new(*preview.IdentityError))
}

// Keep drops errors and cached responses of all repositories but these. Their facts stay: members of environments may
// need them.
func (r *Repositories) Keep(names []string) {
	r.github.Only(names)
	r.announced.Keep(names)
	maps.DeleteFunc(r.Errors, func(name string, _ error) bool { return !slices.Contains(names, name) })
}

// Forget drops the facts about a repository.
func (r *Repositories) Forget(name string) {
	delete(r.Facts, name)
	r.announced.Forget(name)
}

// Read reads a repository. Memory is that of the last snapshot. Renamed is called if GitHub's name for it changed.
func (r *Repositories) Read(
	ctx context.Context, name string, cfg *config.Config, memory preview.Memory, renamed func(),
) Task {
	if cfg == nil || !slices.Contains(cfg.Repositories(), name) {
		return Nothing // removed from the configuration meanwhile
	}
	if !r.IsAllowed(name) {
		return func() Apply { return func() { r.fail(name, ErrNotAllowed) } }
	}
	wants := preview.Wanted(cfg, name)
	wants.Expected = r.Expected.Take(name)
	r.announced.Note(name, wants.Expected)
	wants.Announced = r.announced.Newest(name)
	wants.ID = memory.Identity(name)
	wants.Live = func(id int64) map[int]preview.Known { return memory.KnownPullRequests(cfg, name, id) }
	wants.Labels = func(id int64, open []preview.PullRequest) []string { return memory.LostLabels(cfg, name, id, open) }
	return func() Apply {
		began := r.now()
		facts, err := r.github.Repository(ctx, name, wants)
		facts.ReadAt = began // by our clock, which decides about lifetimes
		facts.Announced = wants.Expected
		return func() {
			if ctx.Err() == nil {
				r.store(name, facts, err, wants.ID, renamed)
			}
		}
	}
}

func (r *Repositories) store(name string, facts preview.Repository, err error, knownID int64, renamed func()) {
	if err != nil {
		if other := new(preview.IdentityError); errors.As(err, &other) && other.Was == knownID {
			r.Facts[name] = preview.Repository{ID: other.Is} // its other facts belong to another repository
		}
		r.fail(name, err) // guard failed-read: r.Facts[name] = facts; $
		return
	}
	hadName := r.Facts[name].FullName
	r.Facts[name] = facts
	delete(r.Errors, name)
	if hadName != facts.FullName {
		renamed()
	}
}

// fail notes a failed read. Only the first of several failures is logged.
func (r *Repositories) fail(name string, err error) {
	if r.Errors[name] == nil {
		r.log.Error("read repository failed; its last facts stay in use", "repository", name, "error", err)
	}
	r.Errors[name] = err
}
