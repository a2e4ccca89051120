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

// The rules. Those of admission are in admissionRules, in the order in which they are checked.
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
	RuleConflict   Rule = "conflict"
	RuleUnchanged  Rule = "unchanged"
	RuleRef        Rule = "ref"
	RuleLink       Rule = "link"
	RuleTag        Rule = "tag"
	RuleMoved      Rule = "moved"
	RuleTaken      Rule = "taken"
	RuleProtected  Rule = "protected"
	RuleLimit      Rule = "limit"
	RuleLabelled   Rule = "labelled"  // an open pull request has the label
	RuleWithheld   Rule = "withheld"  // the environment waits for confirmation
	RuleConfirmed  Rule = "confirmed" // a person confirmed the removal
	RuleClosed     Rule = "closed"    // the pull request is closed or unlabelled
	RuleGrace      Rule = "grace"     // the pull request is closed, and lifetime.grace runs
	RuleIdle       Rule = "idle"      // no activity for lifetime.deleteAfterIdle
	RuleExpired    Rule = "expired"   // the fixed end has come
)

// Decision explains why a pull request or an environment is live, held, asleep or gone.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	Rule    Rule    `json:"rule"`
	Reason  string  `json:"reason"`
	// Remedy says what the author can do; empty if there is nothing to do.
	Remedy string    `json:"remedy"`
	Since  time.Time `json:"since"`

	// State is empty if there is no live environment.
	State State `json:"state,omitempty"`
	// SleepsAt and ExpiresAt are the earliest times without further activity; absent if unknown or never.
	SleepsAt  *time.Time `json:"sleeps_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// ExpiresAnyway is true if activity doesn't move ExpiresAt: the pull request is closed, or the end is a date.
	ExpiresAnyway bool `json:"expires_anyway,omitempty"`

	// Withheld is true if the environment goes as soon as a person confirms it (POST /api/v1/confirm).
	Withheld bool `json:"withheld"`

	// Environment is its present or future name; empty if there is none.
	Environment string `json:"environment"`
	Repository  string `json:"repository"` // owner/name; empty for an environment file
	Number      int    `json:"number"`     // 0 for an environment file
	Title       string `json:"title"`
	Author      string `json:"author"`
	// Owner is the environment's owner, or the future one.
	Owner string `json:"owner"`
	URL   string `json:"url"`
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
	d.Outcome, d.Rule, d.Reason, d.Remedy = Held, h.rule, h.reason, h.remedy
	return d
}

// hold is the cause for which a pull request gets no environment, or a live environment stays as it is.
type hold struct {
	rule           Rule
	reason, remedy string
	// needsConfirmation is true if the author didn't cause the hold: a person may confirm the removal.
	needsConfirmation bool
	// allowsRemoval is true if the hold is evidence for a removal (docs/decisions/0004-evidence-rule.md).
	// All other holds keep new environments out and leave live ones as they are.
	allowsRemoval bool
	// isGuard is true if the deletion guard holds, isCounted if it counts the removal.
	isGuard, isCounted bool
}
