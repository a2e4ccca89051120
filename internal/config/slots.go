package config

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// At is the pool as it stands at a time. A claim past its until is over, and the head of the queue holds the slot from
// then on, as does who waits where a slot is free. Nobody needs to write that down for it to be so.
func (p *SlotPool) At(now time.Time) *SlotPool {
	at := &SlotPool{APIVersion: p.APIVersion, Kind: p.Kind, Slots: maps.Clone(p.Slots), Queue: slices.Clone(p.Queue)}
	var free []freed
	for name, claim := range p.Slots {
		if until, over := claim.over(now); over {
			at.Slots[name] = Claim{}
			free = append(free, freed{name, until})
		}
	}
	for len(free) > 0 && len(at.Queue) > 0 {
		slices.SortFunc(free, func(a, b freed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.name, b.name)) })
		slot, next := free[0], at.Queue[0]
		at.Queue = at.Queue[1:]
		since := slot.at
		if next.Since != nil && next.Since.After(since) {
			since = *next.Since
		}
		if len(next.Holders) == 0 || next.Until != nil && !next.Until.After(since) {
			continue // it was over before it began
		}
		if !since.IsZero() {
			next.Since = &since
		}
		if until, over := next.over(now); over {
			free[0].at = until
			continue
		}
		at.Slots[slot.name], free = next, free[1:]
	}
	return at
}

// freed is a slot that nobody holds, and since when; the zero time is of one that nobody is written down for.
type freed struct {
	name string
	at   time.Time
}

// over says whether nobody holds by a claim any more, and since when.
func (c Claim) over(now time.Time) (since time.Time, over bool) {
	switch {
	case len(c.Holders) == 0:
		return time.Time{}, true
	case c.Until == nil:
		return time.Time{}, false
	}
	return *c.Until, !c.Until.After(now)
}

// Claims are the slots and who holds each at a time; nil where slots aren't in use.
func (c *Config) Claims(now time.Time) map[string]Claim {
	if c.Slots == nil || c.Policy == nil || c.Policy.Slots == "off" {
		return nil
	}
	return c.Slots.At(now).Slots
}
