package preview

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// input is the input of Resolve, with direct results of it. No step changes it.
type input struct {
	cfg    *config.Config
	facts  Facts
	memory Memory // without the effects of clock jumps
	now    time.Time
	// previous are the environments of the last snapshot.
	previous map[string]*Remembered
	// trustedAt is the newest time at which the config branch was read by a reliable clock. It never goes back.
	trustedAt time.Time
	// claims are the slots with their claims at trustedAt; nil if slots are off.
	claims map[string]config.Claim
	// slotQueue are the claims that wait for a slot at that time.
	slotQueue []config.Claim
	// lost are the slots that people lost lately, by login in lower case.
	lost map[string]LostSlot
}

func newInput(cfg *config.Config, facts Facts, memory Memory, now time.Time) *input {
	facts.Repositories = inOrder(facts.Repositories)
	in := &input{cfg: cfg, facts: facts, memory: memory.clampClockJumps(now), now: now}
	in.previous = make(map[string]*Remembered, len(memory.Environments))
	for name, e := range memory.Environments {
		e.Row.fillContents()
		in.previous[name] = &e
	}
	in.trustedAt = in.memory.Agreed
	if in.isClockReliable() {
		at := now.UTC()
		if read := facts.ConfigReadAt.UTC(); !read.IsZero() && read.Before(at) {
			at = read
		}
		in.trustedAt = latest(in.trustedAt, at)
	}
	if in.claims = cfg.Claims(in.trustedAt); in.claims != nil {
		in.slotQueue = cfg.Slots.At(in.trustedAt).Queue
	}
	in.lost = in.lostSlots()
	return in
}

// inOrder returns the repositories with their pull requests in ascending order, in which they are searched. GitHub's
// client has ordered them already; then this copies nothing.
func inOrder(repositories map[string]Repository) map[string]Repository {
	result, isCopy := repositories, false
	for key, r := range repositories {
		if slices.IsSortedFunc(r.PullRequests, byNumber) {
			continue
		}
		if !isCopy {
			result, isCopy = maps.Clone(repositories), true
		}
		r.PullRequests = slices.SortedFunc(slices.Values(r.PullRequests), byNumber)
		result[key] = r
	}
	return result
}

func byNumber(a, b PullRequest) int { return cmp.Compare(a.Number, b.Number) }

// isClockReliable is true if the clock is close to GitHub's and hasn't jumped lately.
func (in *input) isClockReliable() bool {
	jumped := in.memory.Jumped
	return in.facts.Skew != nil && in.facts.Skew.Abs() <= clockStep && // guard clock-agrees: true
		(jumped.IsZero() || in.now.Sub(jumped) > clockStep) // guard clock-jumped-just-now: true
}

// isSince reports whether a read began after a time. A read from before the clock jumped back began in the future, and
// says nothing. A zero read is one of a test or of an earlier version.
func (in *input) isSince(read, at time.Time) bool {
	return read.IsZero() || !read.Before(at) && !read.After(in.now)
}

// isConfirmed is true if a person confirmed that an environment may go.
func (in *input) isConfirmed(environment string) bool { return in.memory.Confirmed[environment] }

// readRepository returns the facts of a configured repository. It returns false if they belong to another repository
// that has the name now: its pull requests and writers say nothing about the first one.
func (in *input) readRepository(key string) (Repository, bool) {
	repository, ok := in.facts.Repositories[key]
	return repository, ok && sameIdentity(in.memory.Identity(key), repository.ID)
}

// anyRepository is readRepository for a name that may not be configured.
func (in *input) anyRepository(key string) (Repository, bool) {
	if !in.isConfigured(key) {
		return Repository{}, false
	}
	return in.readRepository(key)
}

func (in *input) isConfigured(key string) bool { return len(in.cfg.ServicesOf(key)) > 0 }

// sameIdentity is true also if one of the two is unknown.
func sameIdentity(a, b int64) bool {
	return a == b || a == 0 || b == 0 // guard same-identity: true
}

// noFile is the file of an environment without one. It never changes.
var noFile = &config.Environment{}

// file returns the environment file in force, or an empty one.
func (in *input) file(environment string) *config.Environment {
	if e := in.cfg.Environments[environment]; e != nil {
		return e
	}
	return noFile
}

// fileProblem returns why an environment's file isn't in force as it is now, or "".
func (in *input) fileProblem(environment string) string { return in.cfg.Broken[environment] }

func (in *input) isSlot(environment string) bool {
	_, ok := in.claims[environment]
	return ok
}

// hasUnknownClaim is true for a slot with an invalid claim if no earlier one is known. It may have an environment.
func (in *input) hasUnknownClaim(slot string) bool {
	return in.cfg.Slots != nil && in.cfg.Slots.Unknown[slot]
}

// isFreeSlot is true for a slot without holder. It has no environment, whatever its file says.
func (in *input) isFreeSlot(environment string) bool {
	claim, ok := in.claims[environment]
	return ok && len(claim.Holders) == 0
}

// slotOf returns the slot that a person holds, or "". Of several it returns the first by name.
func (in *input) slotOf(person string) string {
	if person == "" {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(in.claims)) {
		if slices.ContainsFunc(in.claims[name].Holders, func(h string) bool { return strings.EqualFold(h, person) }) {
			return name
		}
	}
	return ""
}

// slotReleasedAt returns the time at which a slot becomes free; zero if unknown or never.
func (in *input) slotReleasedAt(slot string) time.Time {
	until := in.claims[slot].Until
	if until == nil || len(in.cfg.Slots.Queue) > 0 && len(in.cfg.Slots.At(*until).Slots[slot].Holders) > 0 {
		return time.Time{}
	}
	return *until
}

// deletionsAtOnce is the number of environments that may go within guardWindow without confirmation.
func (in *input) deletionsAtOnce() int { return cmp.Or(in.cfg.Policy.Limits.DeletionsAtOnce, 10) }

// deletionsAtOncePercent is the share of environments that may go within guardWindow without confirmation.
func (in *input) deletionsAtOncePercent() int {
	return cmp.Or(in.cfg.Policy.Limits.DeletionsAtOncePercent, 50)
}

// isRewritten is true if the config branch may have been force-pushed: the last commit isn't a known ancestor.
func (in *input) isRewritten() bool {
	return in.memory.Commit != in.cfg.Commit && !in.cfg.IsAncestor(in.memory.Commit)
}
