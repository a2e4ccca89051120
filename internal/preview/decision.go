package preview

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Outcome is the result of a decision.
type Outcome string

// The outcomes. A live environment that is asleep has its state as outcome.
const (
	Live          Outcome = "live" // awake or waking
	Held          Outcome = "held"
	AsleepOutcome         = Outcome(Asleep)
	Gone          Outcome = "gone"
)

// Rule is the stable word for the cause of a decision. Scripts and metrics use it.
type Rule string

// The rules of admission. Their order is that of admissionRules.
const (
	RuleJoin       Rule = "join"
	RuleUnlabelled Rule = "unlabelled"
	RuleFork       Rule = "fork"
	RuleDraft      Rule = "draft"
	RuleProfile    Rule = "profile"
	RuleApproval   Rule = "approval"
	RuleUnread     Rule = "unread"
	RuleSlot       Rule = "slot"
	RuleFile       Rule = "file"
	RuleReady      Rule = "ready"
	RuleUnchanged  Rule = "unchanged"
	RuleRef        Rule = "ref"
	RuleLink       Rule = "link"
	RuleTag        Rule = "tag"
	RuleMoved      Rule = "moved"
	RuleTaken      Rule = "taken"
	RuleProtected  Rule = "protected"
)

// The rules of other steps.
const (
	RuleConflict  Rule = "conflict"  // two members of an environment change the same service
	RuleLimit     Rule = "limit"     // a limit is reached
	RuleLabelled  Rule = "labelled"  // an open pull request has the label
	RuleWithheld  Rule = "withheld"  // the environment waits for confirmation
	RuleConfirmed Rule = "confirmed" // a person confirmed the removal
	RuleClosed    Rule = "closed"    // the pull request is closed or unlabelled
	RuleLeaving   Rule = "leaving"   // GitHub shows that the pull request leaves, and a second read must show the same
	RuleGrace     Rule = "grace"     // the pull request is closed, and lifetime.grace runs
	RuleIdle      Rule = "idle"      // no activity for lifetime.deleteAfterIdle
	RuleExpired   Rule = "expired"   // the fixed end has come
)

// Decision explains why a pull request or an environment is live, held, asleep or gone.
type Decision struct {
	// Outcome is one of live, held, asleep and gone.
	Outcome Outcome `json:"outcome"`
	// Rule is the stable word for the cause, such as unlabelled, draft or fork.
	Rule Rule `json:"rule"`
	// Reason explains the decision in a sentence.
	Reason string `json:"reason"`
	// Remedy says what the author can do; empty if nothing needs to be done.
	Remedy string `json:"remedy"`
	// Since is the time of the decision.
	Since time.Time `json:"since"`

	// State is the environment's state: awake, waking or asleep; missing if it isn't live.
	State State `json:"state,omitempty"`
	// NotStarted reports whether the environment has been asleep since its creation: no commit has run in it. It wakes on
	// the first visit.
	NotStarted bool `json:"not_started,omitempty"`
	// SleepsAt is the earliest time at which the environment falls asleep without further use; missing if none is known.
	SleepsAt *time.Time `json:"sleeps_at,omitempty"`
	// ExpiresAt is the earliest time at which the environment expires without further use; missing if none is known.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// ExpiresAnyway says whether it expires at this time even if it is used: its pull request is closed, or its expiry
	// is fixed.
	ExpiresAnyway bool `json:"expires_anyway,omitempty"`

	// LiveSince is the time at which the environment went live; missing if it isn't live, or has just been made.
	LiveSince *time.Time `json:"live_since,omitempty"`
	// Queue is the place in the queue that Reason names; missing if it waits in none.
	Queue *QueuePlace `json:"queue,omitempty"`
	// SlotClaim is the current claim on the environment's slot; missing if the environment is no slot.
	SlotClaim *SlotClaim `json:"slot_claim,omitempty"`

	// Withheld reports whether the environment waits for confirmation: POST /api/v1/confirm removes it.
	Withheld bool `json:"withheld"`

	// Environment is the name of the environment, or the name that it would have; empty if there is none.
	Environment string `json:"environment"`
	// Repository is the repository, "owner/name"; empty for an environment file.
	Repository string `json:"repository"`
	// Number is the number of the pull request; 0 for an environment file.
	Number int `json:"number"`
	// Title is the pull request's title.
	Title string `json:"title"`
	// Author is the GitHub login of the pull request's author.
	Author string `json:"author"`
	// Owner is the owner of the environment. A bot's pull request belongs to the person who labelled it.
	Owner string `json:"owner"`
	// LostSlot is the slot that the owner of the pull request held until recently; missing if there is none.
	LostSlot string `json:"lost_slot,omitempty"`
	// URL is the address of the pull request.
	URL string `json:"url"`
	// HeadSHA is the pull request's head commit, deployed or not.
	HeadSHA string `json:"head_sha"`
}

// subject is the key of a pull request in memory.
func subject(repository string, number int) string {
	return strings.ToLower(repository) + "#" + strconv.Itoa(number)
}

// subject is the key of a decision in Memory.Since.
func (d *Decision) subject() string {
	if d.Number > 0 {
		return subject(d.Repository, d.Number)
	}
	return d.Environment
}

func compareDecisions(a, b Decision) int {
	return cmp.Or(
		cmp.Compare(strings.ToLower(a.Repository), strings.ToLower(b.Repository)),
		cmp.Compare(a.Number, b.Number), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Rule, b.Rule),
	)
}

// asLive returns the decision about a live environment.
func (d Decision) asLive(rule Rule, reason string) Decision {
	d.Outcome, d.Rule, d.Reason = Live, rule, reason
	return d
}

// asKept returns the decision about a live environment that a hold keeps as it is.
func (d Decision) asKept(h *hold) Decision {
	d.Withheld, d.Remedy = h.needsConfirmation, h.remedy
	return d.asLive(h.rule, "it stays as it was: "+h.reason)
}

// asHeld returns the decision about a pull request or environment without a live environment.
func (d Decision) asHeld(h *hold) Decision {
	d.Outcome, d.Rule, d.Reason, d.Remedy, d.Queue = Held, h.rule, h.reason, h.remedy, h.queue
	return d
}

// hold is the cause for which a pull request gets no environment, or a live environment stays as it is.
type hold struct {
	rule           Rule
	reason, remedy string
	queue          *QueuePlace // that the reason names
	// needsConfirmation is true if the author didn't cause the hold: a person may confirm the removal.
	needsConfirmation bool
	// allowsRemoval is true if the hold is evidence for a removal (docs/decisions/0004-evidence-rule.md).
	// All other holds keep new environments out and leave live ones as they are.
	allowsRemoval bool
	// isGuard is true if the deletion guard holds, isCounted if it counts the removal.
	isGuard, isCounted bool
}
