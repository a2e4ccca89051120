package preview

import (
	"maps"
	"slices"
	"time"
)

// Memory is what Resolve needs to know of its last answer. The zero value is a beginning without any. It is kept as JSON
// between two runs of the service.
type Memory struct {
	// Repositories are those that were read whole, lower case.
	Repositories map[string]bool
	// Overlays say at which commit each overlay last changed; "" is for environments without a folder.
	Overlays map[string]RememberedOverlay
	// Environments are the live ones, by name.
	Environments map[string]Remembered
	// Since says what was decided and since when, by subject ("owner/name#number", or an environment's name).
	Since map[string]Decided
	// Defaults are the last ready commits of services that run at their default.
	Defaults map[string]Pin
	// Unlabelled are the times at which live environments lost their label lately, whether they went or were withheld.
	Unlabelled []time.Time
	// Confirmed are the environments that somebody has confirmed may go. It counts for the next answer only.
	Confirmed map[string]bool
	// Gone are the environments that were taken away lately, newest last.
	Gone []Decision
}

// Remembered is one live environment as it was last answered.
type Remembered struct {
	Repository string // lower case
	Number     int
	// Label is the one that configuration asked for when it last had it.
	Label string
	// Braked says that it lost the label together with too many others: it stays until somebody confirms that it may go,
	// or labels it again.
	Braked bool
	Row    Row
	Hosts  []string
	// Run is what runs in it. For a pull request it only grows: a data store that left the row would be pruned.
	Run map[string]Pin
}

// RememberedOverlay is what an overlay was made of, and the file in its folder that is in force.
type RememberedOverlay struct {
	Trees, Commit string
	Folder        bool // it has a kustomization of its own
	Environment   *Environment
}

// Previous is the configuration that was in force, as far as Load needs to know it.
func (m Memory) Previous() *Config {
	c := &Config{folders: map[string]bool{}, pins: map[string]pin{}, Environments: map[string]*Environment{}}
	for name, o := range m.Overlays {
		c.pins[name], c.folders[name] = pin{trees: o.Trees, commit: o.Commit}, o.Folder
		if o.Environment != nil {
			c.Environments[name] = o.Environment
		}
	}
	return c
}

// overlays is what Previous gives back.
func (c *Config) overlays() map[string]RememberedOverlay {
	o := map[string]RememberedOverlay{}
	for name, p := range c.pins {
		o[name] = RememberedOverlay{Trees: p.trees, Commit: p.commit, Folder: c.folders[name], Environment: c.Environments[name]}
	}
	return o
}

// Snapshot is what can be answered from memory alone, while configuration can't be read: what was live, as it was.
func (m Memory) Snapshot(now time.Time) *Snapshot {
	r := newResolver(&Config{}, Facts{}, m, now)
	for _, was := range m.Environments {
		r.keep(was, &hold{rule: ruleUnread, reason: "configuration can't be read", remedy: "see the service's /readyz?verbose"}, was.Row.HeadSHA)
	}
	r.finish()
	r.snapshot.Memory = m
	return r.snapshot
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
