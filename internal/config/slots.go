package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// At returns the pool at a time. A claim ends at its until; then, or if a slot is free, the head of the queue becomes
// the holder. The file needs no change for that.
//
// The loop replays all changes of holders until now in their order: the head of the queue gets the slot that is free
// for the longest time. Its claim begins when both the slot and the claim are there.
func (p *SlotPool) At(now time.Time) *SlotPool {
	at := &SlotPool{
		APIVersion: p.APIVersion, Kind: p.Kind, Slots: maps.Clone(p.Slots), Queue: slices.Clone(p.Queue),
		Longest: p.Longest, Unknown: p.Unknown,
	}
	var free []freed
	for name, claim := range p.Slots {
		if until, over := claim.over(now); over && !p.Unknown[name] {
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
		next = p.limited(next)
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
	if c.Slots == nil || c.Policy == nil || c.Policy.Slots.Mode == slotsOff {
		return nil
	}
	return c.Slots.At(now).Slots
}

// slotsOff is the value of `slots` without slots.
const slotsOff = "off"

func (c *Config) loadSlots(t Tree, prev *Config) Problems {
	file, ok := t.Files[SlotsFile]
	switch {
	case !ok && prev != nil && prev.Slots != nil && c.Policy.Slots.Mode != slotsOff:
		// All claims would end at once.
		return Problems{{File: SlotsFile, Message: "is missing, and slots are on", Remedy: "restore it, or set slots: off"}}
	case !ok:
		return nil
	}
	c.Slots = &SlotPool{}
	if longest := c.Policy.Slots.MaxClaim; longest != nil {
		c.Slots.Longest = time.Duration(*longest)
	}
	d := decodeFile(SlotsFile, file, c.Slots)
	if len(d.problems) == 0 || c.Slots.Slots != nil {
		d.header(c.Slots.APIVersion, c.Slots.Kind, "SlotPool")
		(&validator{decoder: d, cfg: c}).validateSlots()
	}
	invalid := keepBrokenClaims(c, d.problems, prev)
	c.shortenPurposes()
	for name, claim := range c.Slots.Slots {
		c.Slots.Slots[name] = c.Slots.limited(claim)
	}
	return invalid
}

// keepBrokenClaims keeps each slot with an invalid claim as it was, and leaves invalid claims out of the queue. It
// returns the problems of the whole file.
func keepBrokenClaims(c *Config, problems Problems, prev *Config) (ofFile Problems) {
	broken, waiting := map[string]bool{}, map[int]bool{}
	for _, p := range problems {
		slot, isSlot := c.slotAt(p.Path)
		position, isQueue := queuePosition(p.Path)
		switch {
		case isSlot:
			broken[slot] = true
		case isQueue:
			waiting[position] = true
		default:
			ofFile = append(ofFile, p)
			continue
		}
		c.SlotProblems = append(c.SlotProblems, p)
	}
	unknown := map[string]bool{}
	for name := range broken {
		if claim, ok := prev.claimOf(name); ok {
			c.Slots.Slots[name] = claim
		} else if c.Policy.NameProblem(name) != "" {
			delete(c.Slots.Slots, name)
		} else {
			c.Slots.Slots[name], unknown[name] = Claim{}, true
		}
	}
	if len(unknown) > 0 {
		c.Slots.Unknown = unknown
	}
	position := -1
	c.Slots.Queue = slices.DeleteFunc(c.Slots.Queue, func(Claim) bool { position++; return waiting[position] })
	return ofFile
}

// slotAt returns the slot that a path is about. Of two names that fit, such as a and a.b, it is the longer one.
func (c *Config) slotAt(at string) (name string, ok bool) {
	at, isSlot := strings.CutPrefix(at, "slots.")
	for slot := range c.Slots.Slots {
		if isSlot && (at == Printable(slot) || strings.HasPrefix(at, Printable(slot)+".")) && len(slot) >= len(name) {
			name, ok = slot, true
		}
	}
	return name, ok
}

var inQueue = regexp.MustCompile(`^queue\[(\d+)\]`)

func queuePosition(at string) (int, bool) {
	m := inQueue.FindStringSubmatch(at)
	if m == nil {
		return 0, false
	}
	position, err := strconv.Atoi(m[1])
	return position, err == nil
}

// claimOf returns the claim of a slot in the file. The configuration may be nil.
func (c *Config) claimOf(slot string) (Claim, bool) {
	if c == nil || c.Slots == nil || c.Slots.Unknown[slot] {
		return Claim{}, false
	}
	claim, ok := c.Slots.Slots[slot]
	return claim, ok
}

// limited returns a claim that ends at the latest after slots.maxClaim.
func (p *SlotPool) limited(claim Claim) Claim {
	if p.Longest == 0 || claim.Since == nil || len(claim.Holders) == 0 {
		return claim
	}
	if end := claim.Since.Add(p.Longest); claim.Until == nil || end.Before(*claim.Until) {
		claim.Until = &end
	}
	return claim
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
		claim := v.cfg.Slots.Slots[name]
		validateClaim(v.decoder, "slots."+name, claim)
		if v.cfg.Slots.Longest > 0 && len(claim.Holders) > 0 && claim.Since == nil {
			v.mistake("slots."+name, "needs since, because slots.maxClaim counts from it", "write the beginning of the claim")
		}
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
