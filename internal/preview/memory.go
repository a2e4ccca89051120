package preview

import (
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Memory is what Resolve needs to know of its last answer. The zero value is a beginning without any. It is kept as JSON
// between two runs of the service.
type Memory struct {
	// At is when this was the newest answer.
	At time.Time
	// Commit is the config branch's that it was made of.
	Commit string
	// Repositories are those that were read whole, lower case, and their numeric identities; 0 is of one that counts as
	// empty because somebody said so.
	Repositories map[string]int64
	// Overlays say at which commit each overlay last changed; "" is for environments without a folder.
	Overlays map[string]config.Overlay
	// Environments are the live ones, by name.
	Environments map[string]Remembered
	// Since says what was decided and since when, by subject ("owner/name#number", or an environment's name).
	Since map[string]Decided
	// Defaults are the last ready commits of services that run at their default.
	Defaults map[string]config.ServiceRef
	// Unlabelled are the times at which live environments lost their label lately, whether they went or were withheld.
	Unlabelled []time.Time
	// Confirmed are the environments that somebody has confirmed may go. It counts for the next answer only.
	Confirmed map[string]bool
	// Gone are the environments that were taken away lately, newest last.
	Gone []Decision
	// Lives say how the live environments are used, by name.
	Lives map[string]Life
	// Intents are what people asked of environments, by name.
	Intents map[string]Intent
	// Left are those that their lifetime took away, by name.
	Left map[string]Left
	// Measured is until when it is known what was used, with gaps that were counted as use.
	Measured time.Time `json:",omitzero"`
	// Jumped is when the clock jumped last, or the service was away: what was known of the clock before counts no more.
	Jumped time.Time `json:",omitzero"`
	// Agreed is the newest time that could be trusted when the config branch was read: claims of slots are over by then, or not.
	Agreed time.Time `json:",omitzero"`

	// compositions save Resolve work, and change nothing of what it answers: without them, as after a restart, that is the same.
	compositions compositions
}

// Previous is the configuration that was in force, as far as Load needs to know it.
func (m Memory) Previous() *config.Config { return config.FromOverlays(m.Overlays) }

// Kept is what of a memory outlives a restart: all but since when nobody asks for a preview of a pull request. A large
// organisation has a hundred thousand of those, and a ConfigMap holds 1 MiB.
func (m Memory) Kept() Memory {
	kept := make(map[string]Decided, len(m.Environments))
	for about, d := range m.Since {
		if d.Outcome != Held || d.Rule != RuleUnlabelled {
			kept[about] = d
		}
	}
	m.Since = kept
	return m
}

// How long and how many decisions about environments that are gone are kept to be looked up.
const (
	goneFor = 24 * time.Hour
	goneMax = 500
)

// Identity is the numeric identity that a repository ("owner/name", lower case) must have; 0 where any will do.
func (m Memory) Identity(repository string) int64 {
	if id, ok := m.Repositories[repository]; ok {
		return id
	}
	for _, was := range m.Environments {
		for _, member := range was.Members {
			if member.Repository == repository && member.RepositoryID != 0 {
				return member.RepositoryID
			}
		}
	}
	return 0
}

// LivePullRequests are the numbers of the pull requests that have an environment, of the repository that has the identity or, where
// that isn't known, the name; ascending.
func (m Memory) LivePullRequests(repository string, id int64) []int {
	var numbers []int
	for _, was := range m.Environments {
		for _, member := range was.Members {
			if (id != 0 && member.RepositoryID == id) || (member.Repository == repository && member.RepositoryID == 0) {
				numbers = append(numbers, member.Number)
			}
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// brakeStep is the longest that the brake's window ages between two answers. They are computed more often than that; more
// is a clock that jumped, or a service that was away, and neither is a reason to let more go at once.
const brakeStep = 2 * time.Minute

// clampClockJumps is memory as it would be had the clock never been wrong: the window of the brake is as old as it can have become,
// and nothing is gone since the future.
func (m Memory) clampClockJumps(now time.Time) Memory {
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > brakeStep) {
		m.Unlabelled = slices.Clone(m.Unlabelled)
		for i, t := range m.Unlabelled {
			m.Unlabelled[i] = t.Add(jumped - min(max(jumped, 0), brakeStep)) // guard clock-jump-and-deletions: skip
		}
	}
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > clockStep) { // guard clock-jump: false
		m.shift(jumped-min(max(jumped, 0), clockStep), jumped.Abs() > clockStep, now)
	}
	m.Intents = clampRequests(m.Intents, now)
	m.Gone = slices.Clone(m.Gone)
	for i := range m.Gone {
		if m.Gone[i].Since.After(now) {
			m.Gone[i].Since = now.UTC().Truncate(time.Second)
		}
	}
	return m
}

// shift moves what was done at some time by what a clock jumped: so nothing becomes older by that, nor younger. Since stays,
// because fixed ends count from it; they count only while the clock is known to be right.
func (m *Memory) shift(by time.Duration, far bool, now time.Time) {
	move := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	move(&m.Measured, &m.Jumped)
	if far {
		m.Jumped = now.UTC()
	}
	m.Lives, m.Intents = maps.Clone(m.Lives), maps.Clone(m.Intents)
	for name, l := range m.Lives {
		move(&l.Changed, &l.Pushed, &l.Active, &l.Closed)
		m.Lives[name] = l
	}
	for name, i := range m.Intents {
		move(&i.Woken, &i.Slept, &i.Held, &i.Extended, &i.Renewed)
		m.Intents[name] = i
	}
}

// clampRequests are intents of which nothing was asked in the future, whatever the clock showed then.
func clampRequests(intents map[string]Intent, now time.Time) map[string]Intent {
	was := make(map[string]Intent, len(intents))
	for name, i := range intents {
		for _, t := range []*time.Time{&i.Woken, &i.Slept, &i.Renewed} {
			if t.After(now) {
				*t = now.UTC()
			}
		}
		was[name] = i
	}
	return was
}
