package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// explainer makes the decisions.
type explainer struct {
	*resolved
	states     stateExplainer
	lastTicket int
	decisions  []Decision
	decided    map[string]Decided // what memory keeps of the decisions, by subject
	hasOne     map[string]bool    // environments with a decision
}

// explain makes a decision about every open pull request and every environment.
func explain(r *resolved) explanation {
	e := newExplainer(r)
	for _, k := range r.reconciler.kept {
		e.explainKept(k)
	}
	for _, res := range r.reconciler.results {
		e.explainResult(res)
	}
	gone := e.explainGone()
	e.explainFiles()
	return explanation{e.sorted(), e.decided, gone}
}

func (e *explainer) sorted() []Decision {
	slices.SortStableFunc(e.decisions, compareDecisions)
	return e.decisions
}

func newExplainer(r *resolved) *explainer {
	e := &explainer{
		resolved: r, states: stateExplainer{r, &scheduler{r.input, r.lifecycles, r.live}}, lastTicket: r.lastTicket,
		decisions: make([]Decision, 0, len(r.previous)), decided: make(map[string]Decided, len(r.previous)),
		hasOne: make(map[string]bool, len(r.previous)),
	}
	maps.Copy(e.decided, r.ids.carried)
	return e
}

// decide completes a decision: with the state of a live environment, its time, and its ticket.
func (e *explainer) decide(d Decision) {
	d.Reason, d.Remedy = config.Printable(d.Reason), config.Printable(d.Remedy)
	about := d.subject()
	last, wasDecided := e.ids.decided[about]
	d.Since = e.now.UTC().Truncate(time.Second)
	if wasDecided && last.Outcome == d.Outcome && last.Rule == d.Rule && last.Since.Before(d.Since) {
		d.Since = last.Since // a new wording is no new decision
	}
	ticket := e.ticket(d, last.Ticket)
	if l := e.lifecycles.byName[d.Environment]; d.Outcome == Live && l != nil {
		e.states.describe(&d, l)
	}
	e.hasOne[d.Environment] = true
	e.decisions = append(e.decisions, d)
	e.decided[about] = Decided{Outcome: d.Outcome, Rule: d.Rule, Since: d.Since, Ticket: ticket}
}

// ticket returns the ticket of a waiting environment: behind all others at first. It is kept while the next commit is
// built, or GitHub can't be read. Another hold ends the wait.
func (e *explainer) ticket(d Decision, last int) int {
	switch {
	case d.Rule == RuleLimit && last == 0: // also for members that wait elsewhere meanwhile
		e.lastTicket++
		return e.lastTicket
	case d.Rule == RuleLimit, d.Outcome == Held && (d.Rule == RuleReady || d.Rule == RuleUnread):
		return last
	}
	return 0
}

// explainKept explains an environment that stays as it was.
func (e *explainer) explainKept(k kept) {
	d := Decision{
		Environment: k.Row.Name, Repository: k.Row.Repository, Number: k.soleMember().Number, Title: k.Row.Title,
		Author: k.Row.Author, Owner: k.Row.Owner, URL: k.Row.PullRequestURL, HeadSHA: config.Printable(k.head),
	}
	e.decide(d.asKept(k.hold))
}

// explainResult explains a desired environment, and each pull request that asks for it.
func (e *explainer) explainResult(res *result) {
	for _, m := range res.members {
		e.explainMember(res, m)
	}
	desired := res.desired
	for _, o := range desired.orphans {
		d := Decision{
			Environment: desired.name, Repository: o.Repository, Number: o.Number, Owner: desired.previous.Row.Owner,
		}
		e.decide(d.asKept(o.hold))
	}
	if !res.isOwnSubject {
		return
	}
	owner := config.Printable(desired.shownOwner())
	d := Decision{Environment: desired.name, Owner: owner, Author: owner}
	switch {
	case res.hold == nil:
		e.decide(d.asLive(desired.ownRule(), e.ownReason(res)))
	case res.live != nil:
		e.decide(d.asKept(res.hold))
	default:
		e.decide(d.asHeld(res.hold))
	}
}

func (e *explainer) explainMember(res *result, m memberResult) {
	desired := res.desired
	d := Decision{
		Environment: desired.name, Repository: m.repository, Number: m.Number, Title: config.Printable(m.Title),
		Author: config.Printable(m.Author),
		Owner:  config.Printable(cmp.Or(desired.file.Owner, m.owner)), URL: config.Printable(m.URL),
		HeadSHA: config.Printable(m.HeadSHA), LostSlot: e.lost[strings.ToLower(m.owner)].Slot,
	}
	switch m.outcome {
	case memberKept:
		e.explainKept(kept{res.live, m.hold, m.HeadSHA})
	case memberKeepsDedicated:
		d.Environment = m.dedicated.Row.Name
		e.decide(d.asKept(m.hold))
	case memberStays:
		e.decide(d.asKept(m.hold))
	case memberKeptOut:
		e.decide(d.asHeld(m.hold))
	case memberRuns:
		e.decide(d.asLive(RuleLabelled, e.memberReason(res, m)))
	}
}

// memberReason explains a pull request that runs.
func (e *explainer) memberReason(res *result, m memberResult) string {
	desired, label := res.desired, e.cfg.Policy.PullRequests.Label
	if !desired.isDedicated {
		first := fmt.Sprintf("it is open and labelled %q; it runs in environment %s",
			cmp.Or(m.joinLabel, label), desired.name)
		return strings.Join(append([]string{first}, res.planned.notes...), "; ")
	}
	parts := []string{fmt.Sprintf("it is open and labelled %q; profile %s", label, res.live.Row.Profile)}
	if p := e.fileProblem(desired.name); p != "" {
		parts = append(parts, "the newest version of its file is invalid and not used: "+p)
	}
	if lost := e.lostSlotText(m.owner); lost != "" {
		parts = append(parts, lost)
	}
	if place := e.slotQueuePlace(m.owner); place != nil {
		parts = append(parts, config.Printable(m.owner)+" has "+place.String())
	}
	if m.Problem != "" {
		parts = append(parts, m.Problem)
	}
	return strings.Join(append(parts, res.planned.notes...), "; ")
}

// ownRule returns the rule of an environment that a file or a slot makes.
func (d *desiredEnvironment) ownRule() Rule {
	if d.claim != nil {
		return RuleSlot
	}
	return RuleFile
}

// ownReason explains a live environment that a file or a slot makes.
func (e *explainer) ownReason(res *result) string {
	desired := res.desired
	parts := []string{"its file is in " + config.OverlaysFolder + "/" + desired.name}
	if desired.claim != nil {
		parts[0] = "its slot is " + e.slotClaim(desired.name).String()
		parts = append(parts, e.losersOf(desired.name)...)
	}
	if p := e.fileProblem(desired.name); p != "" {
		parts = append(parts, "the newest version of its file is invalid and not used: "+p)
	}
	return strings.Join(append(parts, res.planned.notes...), "; ")
}

// explainGone returns the environments that were removed lately, and adds those without another decision.
func (e *explainer) explainGone() []Decision {
	var removed []Decision
	for name, previous := range e.previous {
		if !e.live.has(name) {
			removed = append(removed, e.goneDecision(previous))
		}
	}
	slices.SortFunc(removed, compareDecisions)
	gone := slices.DeleteFunc(slices.Clone(e.memory.Gone), func(d Decision) bool { return e.now.Sub(d.Since) > goneFor })
	gone = append(gone, removed...)
	gone = gone[max(0, len(gone)-goneMax):]
	for _, d := range gone {
		if !e.hasOne[d.Environment] {
			e.decisions = append(e.decisions, d)
		}
	}
	for _, d := range gone {
		e.hasOne[d.Environment] = true
	}
	return gone
}

// goneDecision explains an environment that was removed.
func (e *explainer) goneDecision(previous *Remembered) Decision {
	name := previous.Row.Name
	d := Decision{
		Outcome: Gone, Rule: RuleClosed, Reason: "its pull request was closed or merged, or lost its label",
		Remedy: "reopen or label it to bring it back",
		Since:  e.now.UTC().Truncate(time.Second), Environment: name, Repository: previous.Row.Repository,
		Number: previous.soleMember().Number,
		Title:  previous.Row.Title, Author: previous.Row.Author, Owner: previous.Row.Owner, URL: previous.Row.PullRequestURL,
	}
	switch to, isMoved := e.reconciler.movedTo[name]; {
	case isMoved:
		d.Rule, d.Reason, d.Remedy = RuleMoved, "its pull request runs in environment "+to+" now", "previewctl show "+to
	case previous.Row.Source == FromFile:
		d.Rule, d.Reason, d.Remedy = RuleFile, "its file was taken out of the config branch",
			"bring it back with previewctl create "+name
	case previous.Row.Source == FromSlot:
		reason := strings.Join(append([]string{"its claim ended or was released"}, e.losersOf(name)...), "; ")
		d.Rule, d.Reason, d.Remedy = RuleSlot, reason, "previewctl slot claim "+name+" --holders <login>"
	}
	if left, ok := e.expired[name]; ok {
		d.Rule, d.Reason, d.Remedy = left.Rule, left.Reason, comeBackRemedy(e.cfg, name, e.now)
	}
	if e.isConfirmed(name) {
		d.Rule, d.Reason = RuleConfirmed, "a person confirmed its removal"
		d.Remedy = "label its pull request, in a repository that configuration names, to bring it back"
	}
	return d
}

// explainFiles explains the environment files without another decision.
func (e *explainer) explainFiles() {
	for name, file := range e.cfg.Environments {
		d := Decision{Outcome: Held, Rule: RuleFile, Environment: name, Author: file.Owner, Owner: file.Owner}
		switch {
		case e.hasOne[name]:
			continue
		case file.PullRequest == "":
			d.Reason, d.Remedy = "it is the file of a slot without a holder", "previewctl slot claim "+name+" --holders <login>"
		default:
			d.Reason, d.Remedy = "it adjusts "+file.PullRequest+", which is not known to be open",
				"take the folder out, or reopen the pull request"
		}
		e.decide(d)
	}
	for name, problem := range e.cfg.Broken {
		if e.cfg.Environments[name] == nil && !e.hasOne[name] {
			e.decide(Decision{
				Outcome: Held, Rule: RuleFile, Environment: config.Printable(name), Reason: problem,
				Remedy: "fix the file and push it",
			})
		}
	}
}
