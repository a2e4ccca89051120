package preview

import (
	"maps"
	"slices"
	"time"
)

// Memory is what Resolve needs to know of its last answer. The zero value is a beginning without any.
type Memory struct {
	// Environments are the live ones, by name.
	Environments map[string]Remembered
	// Since says what was decided and since when, by subject ("owner/name#number", or an environment's name).
	Since map[string]Decided
	// Gone are the environments that were taken away lately, newest last.
	Gone []Decision
}

// Remembered is one live environment as it was last answered.
type Remembered struct {
	Repository string // lower case
	Number     int
	Row        Row
	Hosts      []string
	// Run is what runs in it. For a pull request it only grows: a data store that left the row would be pruned.
	Run map[string]Pin
}

// Decided is a decision without its texts.
type Decided struct {
	Outcome, Rule string
	Since         time.Time
}

// How long and how many decisions about environments that are gone are kept to be looked up.
const (
	goneFor = 24 * time.Hour
	goneMax = 500
)

// remember adds what is gone to the memory of a new snapshot and forgets what was gone long ago.
func (m Memory) remembered(gone []Decision, now time.Time) []Decision {
	kept := slices.DeleteFunc(slices.Clone(m.Gone), func(d Decision) bool { return now.Sub(d.Since) > goneFor })
	kept = append(kept, gone...)
	return kept[max(0, len(kept)-goneMax):]
}

// since dates a decision: it holds since it was first made, however its wording changes.
func (m Memory) since(subject string, d *Decision, now time.Time) {
	d.Since = now.UTC().Truncate(time.Second)
	if was, ok := m.Since[subject]; ok && was.Outcome == d.Outcome && was.Rule == d.Rule {
		d.Since = was.Since
	}
}

// grown are the services of a pull request's environment: what is to run now, and what already runs there.
func (r Remembered) grown(run map[string]bool, services Services) map[string]bool {
	grown := maps.Clone(run)
	for name := range r.Run {
		if services.get(name) != nil {
			grown[name] = true
		}
	}
	return grown
}
