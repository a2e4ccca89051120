// Package announced keeps which states of pull requests GitHub's webhooks announced. They are no facts. But an answer of
// GitHub that is older than an announced state comes from a copy that lags behind, so it is no evidence.
package announced

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

const (
	// countsFor is how long an announcement counts. GitHub's copies lag by seconds, and seldom by minutes. After a backup
	// of a GitHub server is restored, all its answers are older than what it announced before.
	countsFor = time.Hour
	// maxKept bounds the announcements of a repository, maxSaved those in the saved state. The newest stay.
	maxKept  = 1000
	maxSaved = 1000
)

// State is the newest announced state of a pull request.
type State struct {
	// Updated is when the pull request changed, by GitHub's clock.
	Updated time.Time `json:"updated"`
	// Arrived is when the webhook counted first, by our clock.
	Arrived time.Time `json:"arrived"`
}

// Saved are announced states by repository ("owner/name" in lower case) and number.
type Saved map[string]map[int]State

// States are the announced states of pull requests. They belong to the goroutine of the refresh cycle.
type States struct {
	now   func() time.Time
	known Saved
	last  Saved // as saved last
}

// New returns States without any.
func New(now func() time.Time) *States { return &States{now: now, known: Saved{}} }

// Note adds what webhooks announced about a repository.
func (s *States) Note(repository string, prs []preview.PullRequest) {
	for _, pr := range prs {
		if s.known[repository] == nil {
			s.known[repository] = map[int]State{}
		}
		if pr.Updated.After(s.known[repository][pr.Number].Updated) { // guard announced-state: false
			s.known[repository][pr.Number] = State{pr.Updated.UTC(), s.now().UTC()}
		}
	}
	s.bound(repository)
}

// Newest returns when the pull requests of a repository changed last, as webhooks announced it, by number. It has only
// announcements that still count.
func (s *States) Newest(repository string) map[int]time.Time {
	s.bound(repository)
	newest := make(map[int]time.Time, len(s.known[repository]))
	for number, state := range s.known[repository] {
		newest[number] = state.Updated
	}
	return newest
}

// Forget drops the announcements about a repository, because its name belongs to another one.
func (s *States) Forget(repository string) { delete(s.known, repository) }

// Keep drops the announcements about all other repositories.
func (s *States) Keep(repositories []string) {
	maps.DeleteFunc(s.known, func(name string, _ map[int]State) bool { return !slices.Contains(repositories, name) })
}

// Saved returns the announcements to save: those about pull requests with an environment. HasNew says that the last call
// didn't return all of them.
func (s *States) Saved(m preview.Memory) (saved Saved, hasNew bool) {
	type entry struct {
		repository string
		number     int
		State
	}
	var all []entry
	for _, e := range m.Environments {
		for _, member := range e.Members {
			s.bound(member.Repository)
			if state, ok := s.known[member.Repository][member.Number]; ok {
				all = append(all, entry{member.Repository, member.Number, state})
			}
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(b.Arrived.Compare(a.Arrived), cmp.Compare(a.repository, b.repository), a.number-b.number)
	})
	saved = Saved{}
	for _, e := range all[:min(len(all), maxSaved)] {
		if saved[e.repository] == nil {
			saved[e.repository] = map[int]State{}
		}
		saved[e.repository][e.number] = e.State
		hasNew = hasNew || s.last[e.repository][e.number] != e.State
	}
	s.last = saved
	return saved, hasNew
}

// Restore takes over saved announcements. Newer ones stay.
func (s *States) Restore(saved Saved) {
	for repository, states := range saved {
		for number, state := range states {
			if s.known[repository] == nil {
				s.known[repository] = map[int]State{}
			}
			if state.Updated.After(s.known[repository][number].Updated) {
				s.known[repository][number] = state
			}
		}
	}
	s.last = saved
}

// bound drops what doesn't count any more, and the oldest of too many.
func (s *States) bound(repository string) {
	known, now := s.known[repository], s.now()
	maps.DeleteFunc(known, func(_ int, state State) bool { return now.Sub(state.Arrived).Abs() > countsFor })
	if excess := len(known) - maxKept; excess > 0 {
		oldest := slices.SortedFunc(maps.Keys(known), func(a, b int) int {
			return cmp.Or(known[a].Arrived.Compare(known[b].Arrived), a-b)
		})
		for _, number := range oldest[:excess] {
			delete(known, number)
		}
	}
	if len(known) == 0 {
		delete(s.known, repository)
	}
}
