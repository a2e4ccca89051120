package config

import "time"

// LifetimeSettings are the lifetime settings of one profile, merged with those of the policy. Zero disables a setting.
type LifetimeSettings struct {
	DeleteAfterIdle, ExpireAfter, MaxExtension, Grace time.Duration
	IdleAfter, MaxAwake                               time.Duration
	// hours is nil without working hours. hoursIdleAfter replaces IdleAfter within them.
	hours          *workingHours
	hoursIdleAfter time.Duration
	asleepOutside  bool
	// StartsAsleep reports whether a new environment has no Pods until its first use.
	StartsAsleep bool
}

// SleepCause says why an environment sleeps. Saved state has it.
type SleepCause string

// The causes that lifetime settings decide. Package preview has the causes that it decides: the end of maxAwake, a
// request and a limit.
const (
	SleptIdle    SleepCause = "idle"
	SleptOutside SleepCause = "hours" // outside of the working hours
)

// DefaultExtension is the longest extension if lifetime.maxExtension is not set.
const DefaultExtension = 336 * time.Hour

// lifetimeByProfile merges the lifetime of each profile over that of the policy. The key "" has the settings of the
// policy.
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

// LifetimeOf returns the settings of a profile. An unknown profile has those of the policy.
func (c *Config) LifetimeOf(profile string) *LifetimeSettings {
	if settings, ok := c.lifetimes[profile]; ok {
		return settings
	}
	return c.lifetimes[""]
}

// LifetimeIn returns the settings of an environment with a file: those of its profile, and its own idleAfter.
func (c *Config) LifetimeIn(profile string, e *Environment) *LifetimeSettings {
	settings := c.LifetimeOf(profile)
	if e.Lifetime.IdleAfter == nil {
		return settings
	}
	own := *settings
	own.IdleAfter, own.hoursIdleAfter = time.Duration(*e.Lifetime.IdleAfter), 0
	return &own
}

// mergeLifetimes merges lifetimes; later ones override earlier ones key by key. Working hours are one key, because
// parts of two schedules make no sensible schedule.
func mergeLifetimes(lifetimes ...Lifetime) *LifetimeSettings {
	r := &LifetimeSettings{MaxExtension: DefaultExtension}
	for _, l := range lifetimes {
		override(&r.DeleteAfterIdle, l.DeleteAfterIdle)
		override(&r.ExpireAfter, l.ExpireAfter)
		override(&r.MaxExtension, l.MaxExtension)
		override(&r.Grace, l.Grace)
		if l.Start != "" {
			r.StartsAsleep = l.Start == StartAsleep
		}
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

// MaxHold returns the longest time for which one request keeps an environment awake, and the setting that says so.
func (r *LifetimeSettings) MaxHold() (most time.Duration, setting string) {
	if r.MaxAwake > 0 {
		return r.MaxAwake, "lifetime.sleep.maxAwake"
	}
	return r.MaxExtension, "lifetime.maxExtension"
}

// SleepsAt returns the time at which an environment falls asleep if it isn't used after active, and the reason. Zero
// means never.
func (r *LifetimeSettings) SleepsAt(active time.Time) (at time.Time, cause SleepCause) {
	if r.hours == nil {
		if r.IdleAfter == 0 {
			return time.Time{}, ""
		}
		return active.Add(r.IdleAfter), SleptIdle
	}
	// Each pass handles one period, within or outside of the working hours. For example, with hours until 19:00, 4h of
	// idleAfter in them and 1h outside, an environment that is last used at 18:30 falls asleep at 19:30: in the first
	// period 22:30 is too late, in the second 19:30 is not. The schedule repeats every week, and the idle time may be
	// longer than that.
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
