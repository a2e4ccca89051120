// Package status describes the last refresh cycle: which sources could be read, and why there is no answer yet.
// /readyz, the API and metrics show it.
package status

import (
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Status is the result of a refresh cycle. It never changes.
type Status struct {
	At time.Time
	// Reason is why the cycle has no new answer; empty if it has one. An earlier answer is still served.
	Reason       string
	Revision     string // of the configuration in force
	ConfigError  string
	HasCluster   bool
	ClusterError string
	// MeasuresActivity says that the configuration names a source of activity. Measured is the time of its last
	// measurement.
	MeasuresActivity bool
	Measured         time.Time
	ActivityError    string
	// Quota describes the rest of GitHub's quota; empty without a limit. SlowedUntil is the end of a pause in polling.
	Quota       string
	SlowedUntil time.Time
	// Deferred is the number of repositories that wait for quota after a webhook.
	Deferred     int
	Repositories []Repository
}

// Repository is the state of a configured repository.
type Repository struct {
	Name string // as configured, lower case
	// FullName is GitHub's spelling; empty if the repository was never read.
	FullName string
	Read     time.Time // zero if it was never read
	Error    string
	// Remembered says that the saved state has the repository: an earlier run has read it, or a user has confirmed that it
	// counts as empty.
	Remembered bool
}

// ConfigProblems are the problems of the configuration in force, and why a newer one isn't used.
func (s *Status) ConfigProblems(inForce *preview.Snapshot) []string {
	problems := []string{}
	if s.ConfigError != "" {
		problems = append(problems, "the newest configuration isn't used: "+s.ConfigError)
	}
	return append(problems, inForce.Problems...)
}

// NotRead explains why there are no new facts about a repository, which has one of the names. It is empty if the
// repository was read.
func (s *Status) NotRead(names []string) string {
	for _, r := range s.Repositories {
		switch {
		case !containsFold(names, r.Name) && !containsFold(names, r.FullName):
		case r.Error == "":
			return ""
		case r.Read.IsZero():
			return r.Name + " can't be read: " + r.Error
		default:
			return r.Name + " can't be read: " + r.Error + "; its last facts stay in use"
		}
	}
	if s.Revision == "" {
		return "the configuration was never read, so there are no new facts"
	}
	return config.Printable(names[0]) + " isn't in previewset.yaml, so its pull requests get no preview; " +
		"add a service with this repository"
}

func containsFold(all []string, one string) bool {
	for _, s := range all {
		if strings.EqualFold(s, one) {
			return true
		}
	}
	return false
}

// Verbose is the status as text, one line for each source. A line begins with [+], or with [-] if something is wrong.
func (s *Status) Verbose(now time.Time) string {
	var b strings.Builder
	line := func(ok bool, format string, args ...any) {
		mark := "[+] "
		if !ok {
			mark = "[-] "
		}
		b.WriteString(mark + fmt.Sprintf(format, args...) + "\n")
	}
	line(s.Reason == "", "snapshot: %s", orOK(s.Reason))
	line(s.ConfigError == "", "config branch at %s: %s", orNoCommit(s.Revision), orOK(s.ConfigError))
	if s.HasCluster {
		line(s.ClusterError == "", "cluster: %s", orOK(s.ClusterError))
	} else {
		line(true, "cluster: none; names of other Applications are unknown")
	}
	s.writeActivity(now, line)
	if s.Quota != "" {
		line(s.SlowedUntil.IsZero() && s.Deferred == 0, "GitHub's quota: %s%s", s.Quota, s.shortage())
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

func (s *Status) writeActivity(now time.Time, line func(ok bool, format string, args ...any)) {
	switch {
	case !s.MeasuresActivity:
		line(true, "activity: not measured; every environment counts as used")
	case s.Measured.IsZero():
		line(false, "activity: never measured; every environment counts as used: %s", s.ActivityError)
	default:
		line(
			s.ActivityError == "", "activity: measured %s ago: %s", now.Sub(s.Measured).Round(time.Second),
			orOK(s.ActivityError),
		)
	}
}

// shortage says what waits for quota.
func (s *Status) shortage() string {
	var b strings.Builder
	if !s.SlowedUntil.IsZero() {
		b.WriteString("; polling waits until " + s.SlowedUntil.UTC().Format(time.RFC3339))
	}
	switch {
	case s.Deferred == 1:
		b.WriteString("; 1 repository with webhooks waits for quota")
	case s.Deferred > 1:
		fmt.Fprintf(&b, "; %d repositories with webhooks wait for quota", s.Deferred)
	}
	return b.String()
}

func orOK(s string) string {
	if s == "" {
		return "ok"
	}
	return s
}

func orNoCommit(s string) string {
	if s == "" {
		return "no commit"
	}
	return s
}
