package config

import "time"

// rules are the lifetime in force for environments of one profile. A length of nothing is that there is no such rule.
type LifetimeSettings struct {
	DeleteAfterIdle, ExpireAfter, MaxExtension, Grace time.Duration
	IdleAfter, MaxAwake                               time.Duration
	// hours are nil where none are written; hoursIdleAfter is what idleAfter is within them.
	hours          *workingHours
	hoursIdleAfter time.Duration
	asleepOutside  bool
}

// Why an environment sleeps by its lifetime settings, as saved state has it.
const (
	SleptIdle    = "idle"
	SleptOutside = "hours"
)

// defaultExtension is the most that an environment is extended by where nobody wrote lifetime.maxExtension.
const DefaultExtension = 336 * time.Hour

// rulesOf are the rules by profile: the lifetime of the policy, and over it the profile's, key by key. "" has the policy's.
func lifetimeByProfile(p *Policy) map[string]*LifetimeSettings {
	all := map[string]*LifetimeSettings{"": mergeLifetimes(p.Lifetime)}
	for name, profile := range p.Profiles {
		all[name] = all[""]
		if profile.Lifetime != nil {
			all[name] = mergeLifetimes(p.Lifetime, *profile.Lifetime)
		}
	}
	return all
}

// rulesFor are those of a profile; of one that is there no more, the policy's.
func (c *Config) LifetimeOf(profile string) *LifetimeSettings {
	if rules, ok := c.rules[profile]; ok {
		return rules
	}
	return c.rules[""]
}

// newRules lets each lifetime have the last word over those before it. Working hours are one key: parts of two of them are
// nobody's hours.
func mergeLifetimes(lifetimes ...Lifetime) *LifetimeSettings {
	r := &LifetimeSettings{MaxExtension: DefaultExtension}
	for _, l := range lifetimes {
		override(&r.DeleteAfterIdle, l.DeleteAfterIdle)
		override(&r.ExpireAfter, l.ExpireAfter)
		override(&r.MaxExtension, l.MaxExtension)
		override(&r.Grace, l.Grace)
		if s := l.Sleep; s != nil {
			override(&r.IdleAfter, s.IdleAfter)
			override(&r.MaxAwake, s.MaxAwake)
			r.setHours(s.WorkingHours)
		}
	}
	return r
}

func (r *LifetimeSettings) setHours(w *WorkingHours) {
	if w != nil {
		r.hours, r.asleepOutside, r.hoursIdleAfter = newWorkingHours(w), w.AsleepOutside, 0
		override(&r.hoursIdleAfter, w.IdleAfter)
	}
}

func override(length *time.Duration, written *Duration) {
	if written != nil {
		*length = time.Duration(*written)
	}
}

// maxHold is the most that one request keeps an environment awake.
func (r *LifetimeSettings) MaxHold() time.Duration {
	if r.MaxAwake > 0 {
		return r.MaxAwake
	}
	return r.MaxExtension
}

// sleepsAt is when an environment sleeps that was last used at a time, if nobody uses it any more; zero is never.
func (r *LifetimeSettings) SleepsAt(active time.Time) (at time.Time, why string) {
	if r.hours == nil {
		if r.IdleAfter == 0 {
			return time.Time{}, ""
		}
		return active.Add(r.IdleAfter), SleptIdle
	}
	// A week has every hour that there is, and idleness may be as long as one likes.
	for since, end := active, active.Add(r.IdleAfter+r.hoursIdleAfter+8*24*time.Hour); since.Before(end); {
		inside, until := r.hours.at(since)
		if !inside && r.asleepOutside && since.After(active) {
			return since, SleptOutside
		}
		idle := r.IdleAfter
		if inside && r.hoursIdleAfter > 0 {
			idle = r.hoursIdleAfter
		}
		if at = active.Add(idle); since.After(at) {
			at = since
		}
		if idle > 0 && at.Before(until) {
			return at, SleptIdle
		}
		since = until
	}
	return time.Time{}, ""
}
