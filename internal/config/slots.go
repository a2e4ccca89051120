package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// At returns the pool at a time. A claim ends at its until; then, or if a slot is free, the head of the queue becomes
// the holder. The file needs no change for that.
//
// The loop replays all changes of holders until now in their order: the head of the queue gets the slot that is free
// for the longest time. Its claim begins when both the slot and the claim are there.
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
			continue // it ended while it waited in the queue
		}
		if !since.IsZero() {
			next.Since = &since // zero: the file names no time at which the slot became free
		}
		if until, over := next.over(now); over {
			free[0].at = until // it had the slot, and has ended too: the slot is free since then
			continue
		}
		at.Slots[slot.name], free = next, free[1:]
	}
	return at
}

// freed is a free slot, and the time since when it is free; zero if the file names no holder.
type freed struct {
	name string
	at   time.Time
}

// over reports whether a claim has ended or has no holder, and since when.
func (c Claim) over(now time.Time) (since time.Time, over bool) {
	switch {
	case len(c.Holders) == 0:
		return time.Time{}, true
	case c.Until == nil:
		return time.Time{}, false
	}
	return *c.Until, !c.Until.After(now)
}

// Claims returns the claim on each slot at a time, nil if slots are off.
func (c *Config) Claims(now time.Time) map[string]Claim {
	if c.Slots == nil || c.Policy == nil || c.Policy.Slots == slotsOff {
		return nil
	}
	return c.Slots.At(now).Slots
}

// slotsOff is the value of `slots` without slots.
const slotsOff = "off"

func (c *Config) loadSlots(t Tree, prev *Config) Problems {
	file, ok := t.Files[SlotsFile]
	switch {
	case !ok && prev != nil && prev.Slots != nil && c.Policy.Slots != slotsOff:
		// All claims would end at once.
		return Problems{{File: SlotsFile, Message: "is missing, and slots are on", Remedy: "restore it, or set slots: off"}}
	case !ok:
		return nil
	}
	c.Slots = &SlotPool{}
	d := decodeFile(SlotsFile, file, c.Slots)
	if len(d.problems) == 0 {
		d.header(c.Slots.APIVersion, c.Slots.Kind, "SlotPool")
		(&validator{decoder: d, cfg: c}).validateSlots()
		c.shortenPurposes()
	}
	return d.problems
}

// shortenPurposes shortens the purposes of claims. A long one is no mistake of the file: all slots would wait for its
// author.
func (c *Config) shortenPurposes() {
	for name, claim := range c.Slots.Slots {
		claim.Purpose = Shorten(claim.Purpose, maxPurpose)
		c.Slots.Slots[name] = claim
	}
	for i := range c.Slots.Queue {
		c.Slots.Queue[i].Purpose = Shorten(c.Slots.Queue[i].Purpose, maxPurpose)
	}
}

func (v *validator) validateSlots() {
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Slots.Slots)) {
		if why := v.cfg.Policy.NameProblem(name); why != "" {
			v.mistake("slots."+name, "can't be a slot's name: "+why, "rename it")
		}
		validateClaim(v.decoder, "slots."+name, v.cfg.Slots.Slots[name])
	}
	for i, claim := range v.cfg.Slots.Queue {
		validateClaim(v.decoder, fmt.Sprintf("queue[%d]", i), claim)
	}
}

func validateClaim(d *decoder, at string, claim Claim) {
	for i, login := range claim.Holders {
		if !loginPattern.MatchString(login) {
			d.mistake(
				fmt.Sprintf("%s.holders[%d]", at, i),
				fmt.Sprintf("%q is not a GitHub login", Printable(login)),
				"write the login without @",
			)
		}
	}
	if claim.Since != nil && claim.Until != nil && !claim.Until.After(*claim.Since) {
		d.mistake(at+".until", "is not after since", "write the end of the claim")
	}
}
