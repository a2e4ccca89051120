package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// The actions of requests.
const (
	ActionWake     = "wake"
	ActionSleep    = "sleep"
	ActionExtend   = "extend"
	ActionRedeploy = "redeploy"
)

// Request is a request of a person about an environment.
type Request struct {
	Environment string
	// Action is "wake", "sleep", "extend" or "redeploy".
	Action string
	// For is the time for which a woken environment is kept awake, or by which an extended one doesn't expire; zero
	// if not given.
	For time.Duration
	// By describes the client: a login, a command, or "a visit". It is untrusted.
	By string
	At time.Time
}

// maxBy is the longest Request.By in bytes.
const maxBy = 100

// RequestError says why a request isn't accepted.
type RequestError struct {
	// Unknown is true if the environment doesn't exist, Invalid if the request is malformed.
	Unknown, Invalid bool
	Reason, Remedy   string
}

func (e *RequestError) Error() string { return config.Printable(e.Reason + "; " + e.Remedy) }

// Check returns a *RequestError if a request can't be accepted. The configuration is the one that the snapshot was
// made from.
func (s *Snapshot) Check(c *config.Config, r Request) error {
	if e := checkForm(r); e != nil {
		return e
	}
	i, live := slices.BinarySearchFunc(s.Rows, r.Environment,
		func(row Row, name string) int { return strings.Compare(row.Name, name) })
	left, isLeft := s.Memory.Expired[r.Environment]
	switch {
	case live:
		return s.checkLive(c, r, s.Rows[i])
	case isLeft && r.Action == ActionExtend:
		return checkExtension(c.LifetimeOf(""), r)
	case isLeft:
		return &RequestError{
			Reason: r.Environment + " is gone: " + left.Reason,
			Remedy: comeBackRemedy(c, r.Environment, r.At),
		}
	}
	for _, d := range s.Decisions {
		if d.Environment == r.Environment && r.Environment != "" {
			return &RequestError{
				Reason:  fmt.Sprintf("%s is %s: %s", r.Environment, d.Outcome, d.Reason),
				Remedy:  d.Remedy,
				Unknown: d.Outcome == Gone,
			}
		}
	}
	return &RequestError{
		Unknown: true,
		Reason:  fmt.Sprintf("there is no environment %q", config.Printable(r.Environment)),
		Remedy:  "previewctl list shows those that there are",
	}
}

// profileOf returns the profile of a live environment; "" if it isn't live.
func (s *Snapshot) profileOf(name string) string {
	for i := range s.Rows {
		if s.Rows[i].Name == name {
			return s.Rows[i].Profile
		}
	}
	return ""
}

// checkForm checks a request without its environment.
func checkForm(r Request) error {
	switch {
	case !slices.Contains([]string{ActionWake, ActionSleep, ActionExtend, ActionRedeploy}, r.Action):
		return &RequestError{
			Invalid: true,
			Reason:  fmt.Sprintf("unknown action %q", config.Printable(r.Action)),
			Remedy:  "use wake, sleep, extend or redeploy",
		}
	case r.For < 0:
		return &RequestError{Invalid: true, Reason: "the length of time is negative", Remedy: `write one like "48h"`}
	case r.For > 0 && r.Action == ActionSleep:
		return &RequestError{
			Invalid: true,
			Reason:  "sleep takes no duration: it lasts until the next wake",
			Remedy:  "omit the duration",
		}
	case r.For > 0 && r.Action == ActionRedeploy:
		return &RequestError{Invalid: true, Reason: "redeploy takes no duration", Remedy: "omit the duration"}
	}
	return nil
}

func (s *Snapshot) checkLive(c *config.Config, r Request, row Row) error {
	switch r.Action {
	case ActionExtend:
		return checkExtension(c.LifetimeOf(row.Profile), r)
	case ActionSleep:
		return s.checkSleep(c, r, row)
	case ActionWake:
		return s.checkWake(c, r, row)
	case ActionRedeploy:
		return s.checkRedeploy(r, row)
	}
	return nil
}

// checkRedeploy refuses to start new Pods where none run, with a commit from a fork that isn't approved any more, and
// again within redeployPause.
func (s *Snapshot) checkRedeploy(r Request, row Row) error {
	age := r.At.Sub(s.Memory.Requests[row.Name].Redeployed)
	switch {
	case row.State == Asleep:
		return &RequestError{
			Reason: row.Name + " is asleep, so no Pods of it run", Remedy: "wake it: previewctl wake " + row.Name +
				"; it then pulls its images",
		}
	case !s.Memory.Lives[row.Name].Revoked.IsZero():
		return &RequestError{
			Reason: row.Name + " can't be redeployed: a commit from a fork in it isn't approved any more",
			Remedy: reapproveRemedy,
		}
	case age >= 0 && age < redeployPause:
		return &RequestError{
			Reason: row.Name + " was redeployed less than a minute ago", Remedy: "wait for its new Pods: previewctl wait " + row.Name,
		}
	}
	return nil
}

// checkWake refuses to wake an environment with code from a fork that isn't approved any more.
func (s *Snapshot) checkWake(c *config.Config, r Request, row Row) error {
	if row.State == Asleep && !s.Memory.Lives[row.Name].Revoked.IsZero() {
		return &RequestError{
			Reason: row.Name + " can't wake: a commit from a fork in it isn't approved any more",
			Remedy: reapproveRemedy,
		}
	}
	return checkHold(c.LifetimeOf(row.Profile), r)
}

func checkHold(settings *config.LifetimeSettings, r Request) error {
	most, setting := settings.MaxHold()
	if r.For <= most {
		return nil
	}
	return &RequestError{
		Invalid: true, Reason: fmt.Sprintf("an environment is held awake for %s at most (%s), and not for %s",
			config.FormatDuration(most), setting, config.FormatDuration(r.For)),
		Remedy: "use a shorter duration; you can extend it again later",
	}
}

func checkExtension(settings *config.LifetimeSettings, r Request) error {
	if r.For <= settings.MaxExtension {
		return nil
	}
	return &RequestError{
		Invalid: true, Reason: fmt.Sprintf("an environment is extended by %s at most (lifetime.maxExtension), and not by %s",
			config.FormatDuration(settings.MaxExtension), config.FormatDuration(r.For)),
		Remedy: "use a shorter duration; you can extend it again later",
	}
}

func (s *Snapshot) checkSleep(c *config.Config, r Request, row Row) error {
	requests, file := s.Memory.Requests[row.Name], &config.Environment{}
	if e := c.Environments[row.Name]; e != nil {
		file = e
	}
	held := requests.heldUntil(c.LifetimeOf(row.Profile))
	switch {
	case row.State == Asleep:
		return nil
	case len(file.Handover) > 0:
		return &RequestError{
			Reason: "workloads of " + row.Name + " are handed over, so Argo CD can't stop them",
			Remedy: "take handover out of its file",
		}
	case file.Lifetime.KeepAwake:
		return &RequestError{Reason: "the file of " + row.Name + " says lifetime.keepAwake", Remedy: "take it out"}
	case held.After(r.At):
		return &RequestError{
			Reason: fmt.Sprintf("%s is kept awake until %s by %s", row.Name, moment(held), config.Printable(requests.By)),
			Remedy: "wait until then",
		}
	}
	if from := s.linkedFrom(c, row.Name); from != "" {
		return &RequestError{
			Reason: fmt.Sprintf("%s is awake and leads to %s", from, row.Name),
			Remedy: "send that to sleep first: previewctl sleep " + from,
		}
	}
	return nil
}

// linkedFrom returns the first awake environment that links to another one, or "".
func (s *Snapshot) linkedFrom(c *config.Config, name string) string {
	for _, row := range s.Rows {
		if row.State == Asleep || row.Name == name || c.Environments[row.Name] == nil {
			continue
		}
		i := slices.IndexFunc(row.Links, func(l Link) bool { return l.Namespace == c.Policy.NamespacePrefix+name })
		if i < 0 {
			continue
		}
		for _, service := range row.Links[i].Services {
			if _, isLink := c.Environments[row.Name].Links[service]; isLink {
				return row.Name
			}
		}
	}
	return ""
}

// Ask adds a request that Check accepted.
func (m *Memory) Ask(r Request) {
	_, live := m.Lives[r.Environment]
	if _, left := m.Expired[r.Environment]; !live && !left {
		return
	}
	m.Requests = maps.Clone(m.Requests)
	if m.Requests == nil {
		m.Requests = map[string]Requests{}
	}
	i, at := m.Requests[r.Environment],
		latest(r.At, m.At).UTC() // a request may be older than the snapshot, and the clock may have jumped
	if r.For > 0 && r.Action == ActionWake || !i.AwakeUntil.After(at) { // else By stays the login that keeps it awake
		i.By = config.Printable(strings.ToValidUTF8(r.By[:min(maxBy, len(r.By))], ""))
	}
	switch r.Action {
	case ActionWake:
		i.Woken, i.Slept = at, time.Time{}
		if r.For > 0 {
			i.AwakeUntil = latest(i.AwakeUntil, at.Add(r.For))
		}
	case ActionSleep:
		i.Slept = latest(at, i.Woken)
	case ActionRedeploy: // it is also a use
		i.Woken, i.Slept = at, time.Time{}
		i.Redeployed = latest(at.Truncate(time.Second), i.Redeployed.Add(time.Second))
	case ActionExtend:
		i.Renewed, i.ExpiresNotBefore = at, latest(i.ExpiresNotBefore, at.Add(r.For))
		if r.For == 0 {
			i.ExpiresNotBefore = at.Add(forEver)
		}
	}
	m.Requests[r.Environment] = i
}

// forEver is longer than any allowed extension.
const forEver = 100 * 365 * 24 * time.Hour
