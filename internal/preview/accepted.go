package preview

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// EndOf returns the time until which an accepted request keeps an environment or holds it awake; zero for a request
// without an end. An extension never makes a life shorter, and doesn't move the end of a slot's claim.
func (s *Snapshot) EndOf(c *config.Config, r Request) time.Time {
	switch {
	case r.Action == ActionExtend:
		return s.extendedEnd(s.liveDecision(r.Environment), s.askedEnd(c, r))
	case r.For > 0:
		return r.At.Add(r.For)
	}
	return time.Time{}
}

// askedEnd is the end that an extension asks for.
func (s *Snapshot) askedEnd(c *config.Config, r Request) time.Time {
	return r.At.Add(cmp.Or(r.For, c.LifetimeOf(s.profileOf(r.Environment)).MaxExtension))
}

// extendedEnd is the end of an environment after an extension. The decision is nil for one that comes back.
func (s *Snapshot) extendedEnd(d *Decision, asked time.Time) time.Time {
	switch {
	case d == nil || d.ExpiresAt == nil:
		return asked
	case d.EndsWithClaim():
		return *d.ExpiresAt
	}
	return latest(*d.ExpiresAt, asked)
}

// EndsWithClaim reports whether the environment ends with the claim on its slot.
func (d *Decision) EndsWithClaim() bool {
	return d.ExpiresAt != nil && d.SlotClaim != nil && d.SlotClaim.Until != nil && d.ExpiresAt.Equal(*d.SlotClaim.Until)
}

// liveDecision returns the decision that keeps an environment live; nil if it isn't live.
func (s *Snapshot) liveDecision(environment string) *Decision {
	for i := range s.Decisions {
		if d := &s.Decisions[i]; d.Environment == environment && (d.Outcome == Live || d.Outcome == AsleepOutcome) {
			return d
		}
	}
	return nil
}

// NoteOn returns what a person should know about an accepted request; "" if there is nothing.
func (s *Snapshot) NoteOn(c *config.Config, r Request) string {
	switch {
	case r.Action == ActionWake:
		return s.noteOnWake(c, r.Environment)
	case r.Action == ActionExtend:
		return s.noteOnExtension(c, r)
	case r.Action == ActionRedeploy:
		return noteOnRedeploy(c, r.Environment)
	case r.Action == ActionSleep && !c.Policy.Activity.IsMeasured():
		return config.PolicyFile + " names no Prometheus (activity): after it is woken, " +
			"nothing puts it to sleep again but another previewctl sleep"
	}
	return ""
}

// noteOnRedeploy names the services with workloads that Argo CD leaves alone.
func noteOnRedeploy(c *config.Config, name string) string {
	e := c.Environments[name]
	if e == nil || len(e.Handover) == 0 {
		return ""
	}
	return "Argo CD leaves handed-over workloads alone, so no new Pods start of: " + config.Printable(strings.Join(e.Handover, ", "))
}

// noteOnWake says why a sleeping environment must wait, and its position.
func (s *Snapshot) noteOnWake(c *config.Config, name string) string {
	awake, waiting, isAsleep := 0, 0, false
	for i := range s.Rows {
		if s.Rows[i].State != Asleep {
			awake++
		} else if s.Rows[i].Name == name {
			isAsleep = true
		}
	}
	most := c.Policy.Limits.Awake
	if !isAsleep || most == 0 || awake < most {
		return ""
	}
	if c.Policy.Limits.WhenFull == config.WhenFullSleepIdlest {
		return fmt.Sprintf("limits.awake (%d) is reached: the environment that had no activity for the longest time "+
			"falls asleep for it; if all are in use, it waits", most)
	}
	place := QueuePlace{Name: string(limitAwake)}
	for i := range s.Decisions {
		switch q := s.Decisions[i].Queue; {
		case q == nil || q.Name != place.Name:
		case s.Decisions[i].Environment == name:
			place.Position = q.Position
		default:
			waiting++
		}
	}
	place.Position = cmp.Or(place.Position, waiting+1)
	return "it waits: " + reachedText(limitAwake, most, place) +
		"; it wakes when another one falls asleep or ends, such as after previewctl sleep"
}

// noteOnExtension says why an environment doesn't stay longer, or not longer than that.
func (s *Snapshot) noteOnExtension(c *config.Config, r Request) string {
	most := c.LifetimeOf(s.profileOf(r.Environment)).MaxExtension
	d := s.liveDecision(r.Environment)
	switch {
	case d != nil && d.ExpiresAt == nil:
		return "it has no known end now; the extension counts if it gets one"
	case d != nil && d.EndsWithClaim():
		return "it ends with the claim on its slot, and extend doesn't move that; move it with previewctl slot claim " +
			r.Environment + " --until"
	case d != nil && d.ExpiresAt.After(s.askedEnd(c, r)):
		return "it would stay longer without this request; its end stays as it is"
	case r.For == 0 || r.For == most:
		return fmt.Sprintf("lifetime.maxExtension (%s from now) allows no later end; extend it again when that is near",
			config.FormatDuration(most))
	}
	return ""
}
