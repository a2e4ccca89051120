package preview

import (
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Memory is the part of a snapshot that the next Resolve needs. The zero value means that there is no earlier snapshot.
//
// The generator saves it as JSON. These keys are the names that fields had in earlier versions. They never change,
// because a new version must read the saved state of an earlier one:
//
//	Unlabelled   Memory.Removals
//	Intents      Memory.Requests
//	Left         Memory.Expired
//	Braked       Remembered.IsGuarded
//	Sure         Leaving.IsSure
//	LabelDeleted Leaving.IsLabelDeleted
//	Place        Decided.Ticket, Life.Ticket
//	Held         Requests.AwakeUntil
//	Extended     Requests.ExpiresNotBefore
type Memory struct {
	// At is the time of the snapshot.
	At time.Time
	// Commit is the commit of the config branch that the snapshot was made from.
	Commit string
	// Repositories are the numeric identities of the repositories with a complete read, by lower-case name. 0 means
	// that a person confirmed the repository as empty.
	Repositories map[string]int64
	// Overlays have the commit at which each overlay last changed. The key "" is for environments without a folder.
	Overlays map[string]config.OverlayState
	// Slots are the slots of the configuration in force. A slot with an invalid claim stays as it was.
	Slots *config.SlotPool `json:",omitempty"`
	// LostSlots are the slots that people lost within the last day, by login in lower case.
	LostSlots map[string]LostSlot `json:",omitempty"`
	// Environments are the live environments by name.
	Environments map[string]Remembered
	// Since has the decisions without texts, by subject: "owner/name#number" or an environment's name.
	Since map[string]Decided
	// Defaults are the last ready commits of services at their default ref.
	Defaults map[string]config.ServiceRef
	// Removals are the times of recent removals that the deletion guard counts, also of those that it stopped. RemovalsOf
	// has those of environments with a member of a repository, by lower-case name.
	Removals   []time.Time            `json:"Unlabelled"`
	RemovalsOf map[string][]time.Time `json:",omitempty"`
	// Confirmed are the environments with a confirmed removal. It counts for the next snapshot only.
	Confirmed map[string]bool
	// Gone are the decisions about recently removed environments, the newest last.
	Gone []Decision
	// Lives have the activity of the live environments, by name.
	Lives map[string]Life
	// Leaving are the members that GitHub shows as leaving, by Member.lasting.
	Leaving map[string]Leaving `json:",omitempty"`
	// Requests are the requests about environments, by name.
	Requests map[string]Requests `json:"Intents"`
	// Expired are the environments that their lifetime removed, by name.
	Expired map[string]Expired `json:"Left"`
	// Measured is the time until which activity is known. Gaps before it count as use.
	Measured time.Time `json:",omitzero"`
	// Jumped is the last time at which the clock jumped or the generator paused. Earlier knowledge about the clock
	// doesn't count.
	Jumped time.Time `json:",omitzero"`
	// Agreed is the newest reliable time at which the config branch was read. Claims of slots end by it.
	Agreed time.Time `json:",omitzero"`

	// compositions only save work. Without them, as after a restart, the next snapshot is the same.
	compositions compositions
}

// Previous returns the last configuration in force. It has only the parts that config.Load compares: the
// overlays and the slots.
func (m Memory) Previous() *config.Config {
	c := config.FromOverlays(m.Overlays)
	c.Slots = m.Slots
	return c
}

// Kept returns the memory without the decisions about pull requests without the label. A large organisation has a
// hundred thousand of them, and a ConfigMap holds 1 MiB.
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

// The limits of Memory.Gone.
const (
	goneFor = 24 * time.Hour
	goneMax = 500
)

// Identity returns the numeric identity that a repository ("owner/name" in lower case) must have; 0 allows any. Members
// of two environments may disagree, if a name changed hands; then that of the first environment by name counts.
func (m Memory) Identity(repository string) int64 {
	if id, ok := m.Repositories[repository]; ok {
		return id
	}
	first, id := "", int64(0)
	for name, e := range m.Environments {
		if id != 0 && name > first {
			continue
		}
		for _, member := range e.Members {
			if member.Repository == repository && member.RepositoryID != 0 {
				first, id = name, member.RepositoryID
				break
			}
		}
	}
	return id
}

// guardStep is the longest time by which the window of the deletion guard ages between two snapshots. A longer time
// is a clock jump or a pause of the generator, and that doesn't allow more removals.
const guardStep = 2 * time.Minute

// clampClockJumps returns the memory without the effects of clock jumps: the window of the deletion guard ages by
// guardStep at most, as first observations of departures do, and nothing is in the future.
func (m Memory) clampClockJumps(now time.Time) Memory {
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > guardStep) {
		by := jumped - min(max(jumped, 0), guardStep) // guard clock-jump-and-deletions: 0*$
		m.Removals, m.RemovalsOf = addToTimes(m.Removals, by), maps.Clone(m.RemovalsOf)
		for repository, times := range m.RemovalsOf {
			m.RemovalsOf[repository] = addToTimes(times, by)
		}
		m.Leaving = maps.Clone(m.Leaving)
		for key, l := range m.Leaving {
			if !l.Seen.IsZero() {
				l.Seen = l.Seen.Add(by)
			}
			m.Leaving[key] = l
		}
	}
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > clockStep) { // guard clock-jump: false
		m.shift(jumped-min(max(jumped, 0), clockStep), jumped.Abs() > clockStep, now)
	}
	m.Requests = clampRequests(m.Requests, now)
	m.Gone = slices.Clone(m.Gone)
	for i := range m.Gone {
		if m.Gone[i].Since.After(now) {
			m.Gone[i].Since = now.UTC().Truncate(time.Second)
		}
	}
	return m
}

func addToTimes(times []time.Time, by time.Duration) []time.Time {
	moved := slices.Clone(times)
	for i := range moved {
		moved[i] = moved[i].Add(by)
	}
	return moved
}

// shift moves all times by a clock jump, so that their age stays the same. Life.Since stays, because fixed ends count
// from it; they count only while the clock is reliable.
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
	m.Lives, m.Requests = maps.Clone(m.Lives), maps.Clone(m.Requests)
	for name, l := range m.Lives {
		move(&l.Changed, &l.Pushed, &l.Active, &l.Closed, &l.Revoked)
		m.Lives[name] = l
	}
	for name, i := range m.Requests {
		move(&i.Woken, &i.Slept, &i.AwakeUntil, &i.ExpiresNotBefore, &i.Renewed)
		m.Requests[name] = i
	}
}

// clampRequests returns requests without times in the future.
func clampRequests(requests map[string]Requests, now time.Time) map[string]Requests {
	clamped := make(map[string]Requests, len(requests))
	for name, i := range requests {
		for _, t := range []*time.Time{&i.Woken, &i.Slept, &i.Renewed} {
			if t.After(now) {
				*t = now.UTC()
			}
		}
		clamped[name] = i
	}
	return clamped
}
