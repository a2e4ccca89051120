package preview

import (
	"maps"
	"slices"
	"strconv"
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

// Remembered is one live environment as it was last answered.
type Remembered struct {
	// Members are the pull requests that are in it, by repository and number.
	Members []Member
	// Braked says that it lost what asked for it together with too many others: it stays until somebody confirms that it
	// may go, or asks for it again.
	Braked bool
	Row    Row
	// Person is whom it counts for in limits.perOwner where that isn't its author.
	Person string `json:",omitempty"`
	Hosts  []string
	// Run is what runs in it. For a pull request it only grows: a data store that left the row would be pruned.
	Run map[string]config.ServiceRef
}

// Member is a pull request that is in a live environment.
type Member struct {
	Repository string // lower case
	// RepositoryID is GitHub's numeric identity of it; 0 where nobody knows it.
	RepositoryID int64 `json:",omitempty"`
	Number       int
	// Label is the one that configuration asked for when it last had it; empty where memory was lost since.
	Label string `json:",omitempty"`
	// Profile is the one that its labels named when it was last let in to an environment with a given name; it counts there as
	// long as it stays as it was.
	Profile string `json:",omitempty"`
}

func (m Member) subject() string { return subject(m.Repository, m.Number) }

// lasting names a pull request however its repository is called.
func (m Member) lasting() string {
	if m.RepositoryID == 0 {
		return m.subject()
	}
	return strconv.FormatInt(m.RepositoryID, 10) + "#" + strconv.Itoa(m.Number)
}

// member is the one that a pull request's own environment has.
func (e *Remembered) member() Member {
	if e == nil || len(e.Members) != 1 {
		return Member{}
	}
	return e.Members[0]
}

// Previous is the configuration that was in force, as far as Load needs to know it.
func (m Memory) Previous() *config.Config { return config.FromOverlays(m.Overlays) }

// Snapshot is what can be answered from memory alone, while configuration can't be read: what was live, as it was, but for
// what somebody wakes. What may sleep or go nobody can tell without.
func (m Memory) Snapshot(now time.Time) *Snapshot {
	r := newResolver(config.EmptyConfig(), Facts{}, m, now, nil)
	for _, was := range m.Environments {
		r.keep(was, &hold{rule: ruleUnread, reason: "configuration can't be read", remedy: "see the service's /readyz?verbose"}, was.Row.HeadSHA)
	}
	r.reserve()
	r.live(nil)
	for _, l := range r.wakers() {
		r.wake(l)
	}
	r.settle()
	r.finish()
	is := r.snapshot.Memory
	r.snapshot.Memory = r.memory
	r.snapshot.Memory.At, r.snapshot.Memory.Environments, r.snapshot.Memory.Lives = is.At, is.Environments, is.Lives
	return r.snapshot
}

// Decided is a decision without its texts.
type Decided struct {
	Outcome, Rule string
	Since         time.Time
	// Place orders those that wait for a limit: it grows, and is no date, because clocks jump. 0 is of who doesn't wait.
	Place int `json:",omitempty"`
}

// Kept is what of a memory outlives a restart: all but since when nobody asks for a preview of a pull request. A large
// organisation has a hundred thousand of those, and a ConfigMap holds 1 MiB.
func (m Memory) Kept() Memory {
	kept := make(map[string]Decided, len(m.Environments))
	for about, d := range m.Since {
		if d.Outcome != Held || d.Rule != ruleUnlabelled {
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

// Live are the numbers of the pull requests that have an environment, of the repository that has the identity or, where
// that isn't known, the name; ascending.
func (m Memory) Live(repository string, id int64) []int {
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

// settled is memory as it would be had the clock never been wrong: the window of the brake is as old as it can have become,
// and nothing is gone since the future.
func (m Memory) settled(now time.Time) Memory {
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > brakeStep) {
		m.Unlabelled = slices.Clone(m.Unlabelled)
		for i, t := range m.Unlabelled {
			m.Unlabelled[i] = t.Add(jumped - min(max(jumped, 0), brakeStep)) // guard clock-jump-and-deletions: skip
		}
	}
	if jumped := now.Sub(m.At); !m.At.IsZero() && (jumped < 0 || jumped > clockStep) { // guard clock-jump: false
		m.shift(jumped-min(max(jumped, 0), clockStep), jumped.Abs() > clockStep, now)
	}
	m.Intents = asked(m.Intents, now)
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

// asked are intents of which nothing was asked in the future, whatever the clock showed then.
func asked(intents map[string]Intent, now time.Time) map[string]Intent {
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

// remember adds what is gone to the memory of a new snapshot and forgets what was gone long ago.
func (m Memory) remembered(gone []Decision, now time.Time) []Decision {
	kept := slices.DeleteFunc(slices.Clone(m.Gone), func(d Decision) bool { return now.Sub(d.Since) > goneFor })
	kept = append(kept, gone...)
	return kept[max(0, len(kept)-goneMax):]
}

// since dates a decision: it holds since it was first made, however its wording changes, and not from the future, however
// the clock was set then.
func (m Memory) since(subject string, d *Decision, now time.Time) {
	d.Since = now.UTC().Truncate(time.Second)
	if was, ok := m.Since[subject]; ok && was.Outcome == d.Outcome && was.Rule == d.Rule && was.Since.Before(d.Since) {
		d.Since = was.Since
	}
}

// grown are the services of a pull request's environment: what is to run now, and what already runs there.
func (e Remembered) grown(run map[string]bool, services config.Services) map[string]bool {
	grown := maps.Clone(run)
	for name := range e.Run {
		if services.Get(name) != nil {
			grown[name] = true
		}
	}
	return grown
}
