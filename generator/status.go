package generator

import (
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// status is what the last refresh found, for /readyz and metrics.
type status struct {
	At time.Time
	// Reason is why there is nothing to answer; empty where there is.
	Reason       string
	Revision     string
	ConfigError  string
	Cluster      bool // there is one
	ClusterError string
	// Measures says that configuration names where activity is measured; Measured is when it last was, ActivityError why not since.
	Measures      bool
	Measured      time.Time
	ActivityError string
	// Quota is what is left to ask of GitHub; empty where there is no bound. Slowed says until when polling waits for it.
	Quota  string
	Slowed time.Time
	// Deferred are how many repositories wait for it after a webhook.
	Deferred     int
	Repositories []repositoryStatus
}

type repositoryStatus struct {
	Name string // as configuration has it, lower case
	// Called is what GitHub calls it; empty where it was never read.
	Called string
	Read   time.Time // zero where it was never read
	Error  string
	// Remembered says that an earlier run has read it, or that somebody has confirmed that it counts as empty.
	Remembered bool
}

func (g *Generator) repositoryStatus() []repositoryStatus {
	if g.state.config == nil {
		return nil
	}
	var all []repositoryStatus
	for _, name := range g.state.config.Repositories() {
		r := repositoryStatus{Name: name, Error: message(g.state.failed[name]), Remembered: g.remembered(name)}
		if facts, ok := g.state.facts.Repositories[name]; ok {
			r.Read, r.Called = facts.ReadAt, facts.FullName
		}
		all = append(all, r)
	}
	return all
}

// unheard says why nothing new is known of the repository that has one of the names; empty where it was read.
func (s *status) unheard(names []string) string {
	for _, r := range s.Repositories {
		switch {
		case !containsFold(names, r.Name) && !containsFold(names, r.Called):
		case r.Error == "":
			return ""
		case r.Read.IsZero():
			return r.Name + " can't be read: " + r.Error
		default:
			return r.Name + " can't be read: " + r.Error + "; what was read of it last counts until it is read again"
		}
	}
	if s.Revision == "" {
		return "the configuration was never read, so nothing new is known"
	}
	return preview.Printable(names[0]) + " is named by no service in previewset.yaml, so nothing that it has gets a preview; add one there"
}

// remembered says whether memory has a repository, and it is still the one that has the name.
func (g *Generator) remembered(name string) bool {
	_, known := g.state.memory.Repositories[name]
	return known && !isIdentity(g.state.failed[name])
}

// verbose is the status as text for a person.
func (s *status) verbose(now time.Time) string {
	var b strings.Builder
	line := func(ok bool, format string, args ...any) {
		mark := "[+] "
		if !ok {
			mark = "[-] "
		}
		b.WriteString(mark + fmt.Sprintf(format, args...) + "\n")
	}
	line(s.Reason == "", "snapshot: %s", orOK(s.Reason))
	line(s.ConfigError == "", "config branch at %s: %s", orNone(s.Revision), orOK(s.ConfigError))
	if s.Cluster {
		line(s.ClusterError == "", "cluster: %s", orOK(s.ClusterError))
	} else {
		line(true, "cluster: none; names that other Applications have are not known")
	}
	s.activity(now, line)
	if s.Quota != "" {
		line(s.Slowed.IsZero() && s.Deferred == 0, "GitHub's quota: %s%s", s.Quota, s.shortage())
	}
	for _, r := range s.Repositories {
		age := "never read"
		if !r.Read.IsZero() {
			age = "read " + now.Sub(r.Read).Round(time.Second).String() + " ago"
		}
		line(r.Error == "", "%s: %s: %s", r.Name, age, orOK(r.Error))
	}
	return b.String()
}

func (s *status) activity(now time.Time, line func(ok bool, format string, args ...any)) {
	switch {
	case !s.Measures:
		line(true, "activity: not measured; every environment counts as used")
	case s.Measured.IsZero():
		line(false, "activity: never measured, so every environment counts as used: %s", s.ActivityError)
	default:
		line(s.ActivityError == "", "activity: measured %s ago: %s", now.Sub(s.Measured).Round(time.Second), orOK(s.ActivityError))
	}
}

// shortage is what a short quota puts off.
func (s *status) shortage() string {
	var b strings.Builder
	if !s.Slowed.IsZero() {
		b.WriteString("; polling waits until " + s.Slowed.UTC().Format(time.RFC3339))
	}
	if s.Deferred > 0 {
		fmt.Fprintf(&b, "; %d repositories that webhooks were about wait for it", s.Deferred)
	}
	return b.String()
}

func orOK(s string) string {
	if s == "" {
		return "ok"
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "no commit"
	}
	return s
}
