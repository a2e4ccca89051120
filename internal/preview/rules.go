package preview

import "time"

// rules are the lifetime in force for environments of one profile. A length of nothing is that there is no such rule.
type rules struct {
	deleteAfterIdle, expireAfter, maxExtension, grace time.Duration
	idleAfter, maxAwake                               time.Duration
	// hours are nil where none are written; hoursIdleAfter is what idleAfter is within them.
	hours          *hours
	hoursIdleAfter time.Duration
	asleepOutside  bool
}

// defaultExtension is the most that an environment is extended by where nobody wrote lifetime.maxExtension.
const defaultExtension = 336 * time.Hour

// rulesOf are the rules by profile: the lifetime of the policy, and over it the profile's, key by key. "" has the policy's.
func rulesOf(p *Policy) map[string]*rules {
	all := map[string]*rules{"": newRules(p.Lifetime)}
	for name, profile := range p.Profiles {
		all[name] = all[""]
		if profile.Lifetime != nil {
			all[name] = newRules(p.Lifetime, *profile.Lifetime)
		}
	}
	return all
}

// rulesFor are those of a profile; of one that is there no more, the policy's.
func (c *Config) rulesFor(profile string) *rules {
	if rules, ok := c.rules[profile]; ok {
		return rules
	}
	return c.rules[""]
}

// newRules lets each lifetime have the last word over those before it. Working hours are one key: parts of two of them are
// nobody's hours.
func newRules(lifetimes ...Lifetime) *rules {
	r := &rules{maxExtension: defaultExtension}
	for _, l := range lifetimes {
		override(&r.deleteAfterIdle, l.DeleteAfterIdle)
		override(&r.expireAfter, l.ExpireAfter)
		override(&r.maxExtension, l.MaxExtension)
		override(&r.grace, l.Grace)
		if s := l.Sleep; s != nil {
			override(&r.idleAfter, s.IdleAfter)
			override(&r.maxAwake, s.MaxAwake)
			r.setHours(s.WorkingHours)
		}
	}
	return r
}

func (r *rules) setHours(w *WorkingHours) {
	if w != nil {
		r.hours, r.asleepOutside, r.hoursIdleAfter = newHours(w), w.AsleepOutside, 0
		override(&r.hoursIdleAfter, w.IdleAfter)
	}
}

func override(length *time.Duration, written *Duration) {
	if written != nil {
		*length = time.Duration(*written)
	}
}

// maxHold is the most that one request keeps an environment awake.
func (r *rules) maxHold() time.Duration {
	if r.maxAwake > 0 {
		return r.maxAwake
	}
	return r.maxExtension
}

// sleepsAt is when an environment sleeps that was last used at a time, if nobody uses it any more; zero is never.
func (r *rules) sleepsAt(active time.Time) (at time.Time, why string) {
	if r.hours == nil {
		if r.idleAfter == 0 {
			return time.Time{}, ""
		}
		return active.Add(r.idleAfter), sleptIdle
	}
	// A week has every hour that there is, and idleness may be as long as one likes.
	for since, end := active, active.Add(r.idleAfter+r.hoursIdleAfter+8*24*time.Hour); since.Before(end); {
		inside, until := r.hours.at(since)
		if !inside && r.asleepOutside && since.After(active) {
			return since, sleptOutside
		}
		idle := r.idleAfter
		if inside && r.hoursIdleAfter > 0 {
			idle = r.hoursIdleAfter
		}
		if at = latest(since, active.Add(idle)); idle > 0 && at.Before(until) {
			return at, sleptIdle
		}
		since = until
	}
	return time.Time{}, ""
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
