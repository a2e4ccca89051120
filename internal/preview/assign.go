package preview

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// rejections are the holds of members that no other environment admits, by subject. They stay in the named environment
// that they are in.
type rejections map[string]*hold

// assigned are the desired environments, and the pull requests that leave a dedicated environment for one of them.
type assigned struct {
	desired      []*desiredEnvironment
	pendingMoves map[string]*Remembered // dedicated environments by the subject of their pull request
}

// assignment is the environment that a pull request asks for.
type assignment struct {
	target    string
	joinLabel string // lower case; empty if it doesn't join
	hold      *hold  // why it stays in the environment that it is in
}

// assigner collects the desired environments.
type assigner struct {
	in          *input
	ids         *identities
	rejected    rejections
	admissions  map[*pullRequest]*admission
	named       map[string]*desiredEnvironment
	isDedicated map[string]bool // names with a pull request that asks for its dedicated environment
	assigned    *assigned
}

// assign finds for each pull request its target, and makes the desired environments.
func assign(in *input, ids *identities, admissions map[*pullRequest]*admission, rejected rejections) *assigned {
	a := &assigner{
		in: in, ids: ids, rejected: rejected, admissions: admissions, named: map[string]*desiredEnvironment{},
		isDedicated: map[string]bool{},
		assigned:    &assigned{pendingMoves: map[string]*Remembered{}},
	}
	a.addNamed()
	for _, pr := range ids.pullRequests {
		a.addPullRequest(pr)
	}
	a.addAdopted()
	for _, desired := range a.named {
		slices.SortFunc(desired.members, func(a, b *member) int { return comparePullRequests(a.pullRequest, b.pullRequest) })
		a.assigned.desired = append(a.assigned.desired, desired)
	}
	return a.assigned
}

// addNamed adds the named environments that are live, or that a file or a claim makes.
func (a *assigner) addNamed() {
	for name, previous := range a.in.previous {
		if isNamed(name) {
			desired := a.namedEnvironment(name)
			desired.previous, desired.orphans = previous, a.ids.orphans[name]
		}
	}
	for name, e := range a.in.cfg.Environments {
		if e.PullRequest == "" && !a.in.isFreeSlot(name) {
			desired := a.namedEnvironment(name)
			desired.file, desired.isFromFile = e, true
		}
	}
	for name, claim := range a.in.claims {
		if len(claim.Holders) > 0 {
			a.namedEnvironment(name).claim = &claim
		}
	}
}

func (a *assigner) namedEnvironment(name string) *desiredEnvironment {
	desired := a.named[name]
	if desired == nil {
		desired = &desiredEnvironment{name: name, file: noFile}
		a.named[name] = desired
	}
	return desired
}

func (a *assigner) addPullRequest(pr *pullRequest) {
	to := a.assignment(pr)
	m := &member{pullRequest: pr, admission: a.admissions[pr], joinLabel: to.joinLabel}
	m.hold = cmp.Or(to.hold, m.admission.hold)
	if pr.membership != nil {
		m.environment = pr.membership.environment
		if last := m.environment.Row.Name; isNamed(last) && last != to.target {
			a.namedEnvironment(last).departed++
		}
	}
	if to.target == pr.dedicatedName {
		a.addDedicated(m)
		return
	}
	if m.isIn(pr.dedicatedName) && a.in.file(pr.dedicatedName).Adopted {
		m.environment = nil // the adopted environment stays without it
	}
	desired := a.namedEnvironment(to.target)
	desired.members = append(desired.members, m)
	if m.environment != nil && !isNamed(m.environment.Row.Name) {
		a.assigned.pendingMoves[pr.subject()] = m.environment
	}
}

func (a *assigner) addDedicated(m *member) {
	name := m.dedicatedName
	desired := &desiredEnvironment{name: name, isDedicated: true, members: []*member{m}, file: noFile}
	if previous := a.in.previous[name]; m.isIn(name) {
		desired.previous = m.environment
	} else if previous != nil && len(previous.Members) == 0 {
		desired.previous = previous // adopted while the pull request was closed
	}
	if e := a.in.cfg.Environments[name]; e != nil && e.PullRequest != "" {
		desired.file = e
	}
	a.assigned.desired, a.isDedicated[name] = append(a.assigned.desired, desired), true
}

// addAdopted adds the dedicated environments that a file keeps without their pull request, and those that a file kept.
func (a *assigner) addAdopted() {
	for name, e := range a.in.cfg.Environments {
		if e.Adopted && !a.isDedicated[name] && len(a.ids.orphans[name]) == 0 {
			desired := &desiredEnvironment{name: name, file: e, isFromFile: true, previous: a.in.previous[name]}
			a.assigned.desired, a.isDedicated[name] = append(a.assigned.desired, desired), true
		}
	}
	for name, previous := range a.in.previous {
		if !isNamed(name) && len(previous.Members) == 0 && !a.isDedicated[name] {
			a.assigned.desired = append(a.assigned.desired,
				&desiredEnvironment{name: name, file: noFile, previous: previous})
		}
	}
}

// assignment returns the target of a pull request: its owner's slot, else its join, else its dedicated environment.
func (a *assigner) assignment(pr *pullRequest) assignment {
	to := assignment{target: pr.dedicatedName}
	slot := a.in.slotOf(pr.owner)
	switch {
	case pr.labels.isUnlabelled():
	case slot != "":
		to.target = slot
	case pr.labels.isJoining && !a.isJoinHeld(pr):
		name := pr.labels.joins[0]
		to.target, to.joinLabel = name, strings.ToLower(a.in.cfg.Policy.PullRequests.JoinLabel)+":"+name
	}
	if h := a.stayHold(pr, to); h != nil {
		to.target, to.hold = pr.membership.environment.Row.Name, h
	}
	return to
}

// isJoinHeld reports whether the join of a pull request isn't admitted.
func (a *assigner) isJoinHeld(pr *pullRequest) bool {
	h := a.admissions[pr].hold
	return h != nil && h.rule == RuleJoin
}

// stayHold returns why a pull request stays in the named environment that it is in: no other admits it, or its label
// may be the same. It returns nil if the pull request may leave.
func (a *assigner) stayHold(pr *pullRequest, to assignment) *hold {
	if pr.membership == nil {
		return nil
	}
	name := pr.membership.environment.Row.Name
	if !isNamed(name) || to.target == name || a.in.isConfirmed(name) || a.isHandedOver(pr) {
		return nil
	}
	relabel := "label it again, or previewctl confirm " + name + " to remove it"
	switch {
	case a.isJoinHeld(pr):
		return a.admissions[pr].hold
	case a.asksToMove(pr, to):
		if h := cmp.Or(a.admissions[pr].hold, a.rejected[pr.subject()]); h != nil && !h.allowsRemoval {
			return h
		}
	case a.isLabelUnknown(pr):
		reason := "its earlier label is unknown, because saved state was lost"
		return &hold{rule: RuleWithheld, needsConfirmation: true, reason: reason, remedy: relabel}
	case pr.isConfiguredLabelOther():
		reason := "the configured label has changed since it was admitted"
		return &hold{rule: RuleWithheld, needsConfirmation: true, reason: reason, remedy: relabel}
	}
	return nil
}

// asksToMove reports whether a pull request asks to leave a named environment for another one: by a join label, from a
// slot by the label, or because its owner holds a slot now, which comes before its join label.
func (a *assigner) asksToMove(pr *pullRequest, to assignment) bool {
	label := pr.membership.last.Label
	isInSlot := a.in.isSlot(pr.membership.environment.Row.Name)
	hasSameJoin := pr.labels.isJoining && isJoinLabel(label) && hasLabelValue(pr.Labels, label)
	return to.joinLabel != "" || (isInSlot && pr.labels.isRequested) || hasSameJoin
}

// isLabelUnknown reports whether a member may still have the label that it was admitted by: the label is unknown, and
// the pull request has no label now, or it once joined the environment.
func (a *assigner) isLabelUnknown(pr *pullRequest) bool {
	if pr.membership.last.Label != "" {
		return false
	}
	row := pr.membership.environment.Row
	hasJoined := row.Source == FromPullRequest && !a.in.isSlot(row.Name)
	return pr.labels.isUnlabelled() || hasJoined
}

// isConfiguredLabelOther reports whether a member still has the label that it was admitted by, and configuration asks
// for another one now.
func (pr *pullRequest) isConfiguredLabelOther() bool {
	label := pr.membership.last.Label
	if isJoinLabel(label) {
		return !pr.labels.isJoining && hasLabelValue(pr.Labels, label)
	}
	return label != "" && pr.labels.isUnlabelled() && pr.isStillLabelled()
}

// isJoinLabel reports whether a remembered label is one with the name of an environment.
func isJoinLabel(label string) bool { return strings.Contains(label, ":") }

// isHandedOver reports whether a pull request is in a slot that its owner holds no more. The new holder gets the slot
// without it.
func (a *assigner) isHandedOver(pr *pullRequest) bool {
	e := pr.membership.environment
	return a.in.isSlot(e.Row.Name) && e.Row.Source == FromSlot && pr.isOwnerKnown()
}

// isStillLabelled reports whether a member has the label that it was admitted by. If it has, the configured label
// changed, and that is no evidence. An unknown label counts as still there.
func (pr *pullRequest) isStillLabelled() bool {
	label := pr.membership.last.Label
	still, _ := labelled(pr.Labels, label)
	return still || label == ""
}

// Environments without a ticket come after those with one: first those that wake, then the new ones.
const (
	wakesLast   = math.MaxInt - 1
	createsLast = math.MaxInt
)

// orderByArrival returns the desired environments that are live, and the others by queue position, then by age.
func orderByArrival(all []*desiredEnvironment, decided map[string]Decided) (existing, fresh []*desiredEnvironment) {
	tickets := make(map[*desiredEnvironment]int, len(all))
	for _, desired := range all {
		if desired.previous != nil {
			existing = append(existing, desired)
			continue
		}
		tickets[desired] = cmp.Or(desired.ticket(decided), createsLast)
		fresh = append(fresh, desired)
	}
	slices.SortFunc(existing, compareDesired)
	slices.SortFunc(fresh,
		func(a, b *desiredEnvironment) int {
			return cmp.Or(cmp.Compare(tickets[a], tickets[b]), compareDesired(a, b))
		})
	return existing, fresh
}

// compareDesired puts files and claims before pull requests, and pull requests in order of arrival.
func compareDesired(a, b *desiredEnvironment) int {
	if len(a.members) == 0 || len(b.members) == 0 {
		return cmp.Or(cmp.Compare(min(1, len(a.members)), min(1, len(b.members))), cmp.Compare(a.name, b.name))
	}
	return cmp.Or(comparePullRequests(a.members[0].pullRequest, b.members[0].pullRequest), cmp.Compare(a.name, b.name))
}

// ticket returns the ticket of an environment that waits; 0 if it doesn't.
func (d *desiredEnvironment) ticket(decided map[string]Decided) int {
	ticket := decided[d.name].Ticket
	for _, m := range d.members {
		if p := decided[subject(m.repository, m.Number)].Ticket; p > 0 && (ticket == 0 || p < ticket) {
			ticket = p
		}
	}
	return ticket
}
