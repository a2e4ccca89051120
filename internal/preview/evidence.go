package preview

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// departure returns how a member leaves its environment by the state of its pull request; empty if it stays. Changes of
// configuration aren't departures: they are read from Git.
func departure(cfg *config.Config, environment string, last Member, pr PullRequest) string {
	labels := parseLabels(cfg.Policy.PullRequests, pr.Labels)
	isInSlot := isNamed(environment) && last.Label != "" && !isJoinLabel(last.Label)
	switch {
	case pr.Closed:
		return leavesClosed
	case isJoinLabel(last.Label) && hasLabelValue(pr.Labels, last.Label):
		return ""
	case labels.isUnlabelled():
		if still, _ := labelled(pr.Labels, last.Label); still || last.Label == "" {
			return "" // the configured label changed, or the earlier one is unknown: a person decides
		}
		return leavesUnlabelled
	case isInSlot:
		return "" // the claim of its owner decides
	case labels.isJoining:
		if len(labels.joins) != 1 || labels.joins[0] == environment {
			return ""
		}
		return labels.joins[0]
	case isJoinLabel(last.Label):
		return leavesJoin
	}
	return ""
}

// KnownPullRequests returns the pull requests with an environment by number, of the repository with the identity or, if
// that is unknown, with the name.
func (m Memory) KnownPullRequests(cfg *config.Config, repository string, id int64) map[int]Known {
	known := map[int]Known{}
	for name, e := range m.Environments {
		for _, member := range e.Members {
			if (id == 0 || member.RepositoryID != id) && (member.Repository != repository || member.RepositoryID != 0) {
				continue
			}
			leaving, other := m.Leaving[member.lasting()], known[member.Number].NeedsDirectRead
			known[member.Number] = Known{
				Updated: member.Updated, IsClosed: leaving.IsSure && leaving.To == leavesClosed,
				NeedsDirectRead: func(pr PullRequest) bool {
					to := departure(cfg, name, member, pr)
					return to != "" && (to != leaving.To || !leaving.IsSure) || other != nil && other(pr)
				},
			}
		}
	}
	return known
}

// LostLabels returns the labels by which live pull requests of a repository asked for their environments and that they
// lack now. Deleting or renaming a label takes it off all pull requests, so it matters whether the repository still has
// it. The pull requests are in ascending order.
func (m Memory) LostLabels(cfg *config.Config, repository string, id int64, open []PullRequest) []string {
	var names []string
	for name, e := range m.Environments {
		for _, member := range e.Members {
			if (id == 0 || member.RepositoryID != id) && (member.Repository != repository || member.RepositoryID != 0) {
				continue
			}
			pr, isOpen := findByNumber(open, member.Number)
			isKnown := m.Leaving[member.lasting()].IsLabelDeleted
			if isOpen && !isKnown && losesLabel(member, departure(cfg, name, member, pr)) {
				names = append(names, labelNames(e, member)...)
			}
		}
	}
	return sortedSet(names)
}

// evidence keeps the members that GitHub shows as leaving, until there is enough evidence.
type evidence struct {
	in  *input
	ids *identities
}

// keepLeaving makes orphans of members that leave without enough evidence. GitHub may have answered from a copy that
// lags behind. They leave after two direct reads that show the same and are about one poll apart, or after one read that
// shows the same as a webhook.
func keepLeaving(in *input, ids *identities) {
	e := evidence{in, ids}
	for _, orphans := range ids.orphans {
		for _, o := range orphans {
			e.note(o.Member, in.memory.Leaving[o.lasting()])
		}
	}
	listed := make(map[string]*pullRequest, len(ids.pullRequests))
	for _, pr := range ids.pullRequests {
		listed[pr.subject()] = pr
	}
	for _, about := range slices.Sorted(maps.Keys(ids.memberships)) {
		m := ids.memberships[about]
		key, _, _ := strings.Cut(about, "#")
		if h := e.hold(m, in.facts.Repositories[key], listed[about]); h != nil {
			ids.addOrphan(m, h)
			ids.pullRequests = slices.DeleteFunc(ids.pullRequests, func(pr *pullRequest) bool { return pr == listed[about] })
		}
	}
}

func (e evidence) note(m Member, l Leaving) {
	if l.To != "" {
		e.ids.leaving[m.lasting()] = l
	}
}

// hold returns why a member stays although GitHub shows that it leaves; nil if it may leave, or doesn't. Listed is its
// pull request; nil if the list lacks it.
func (e evidence) hold(m membership, repository Repository, listed *pullRequest) *hold {
	name, number, to := m.environment.Row.Name, m.last.Number, leavesClosed
	isClosed, wasRead := repository.Observed[number]
	if listed != nil {
		isClosed, to = false, departure(e.in.cfg, name, m.last, listed.PullRequest)
	}
	_, isUnread := repository.Unread[number]
	if to == "" || isUnread || repository.Observed == nil || e.in.isConfirmed(name) {
		return nil
	}
	l := e.in.memory.Leaving[m.last.lasting()]
	if l.To != to {
		l = Leaving{To: to}
	}
	if wasRead && isClosed == (listed == nil) || l.IsSure { // guard observed-directly: true
		isAnnounced := slices.ContainsFunc(repository.Announced, func(pr PullRequest) bool {
			return pr.Number == number && departure(e.in.cfg, name, m.last, pr) == to
		})
		l = l.observed(e.in, repository.ReadAt.UTC(), isAnnounced)
	}
	h := l.labelHold(m, repository)
	e.note(m.last, l)
	if h != nil {
		return h
	}
	return l.hold()
}

// observed returns the departure after a direct read at a time.
func (l Leaving) observed(in *input, at time.Time, isAnnounced bool) Leaving {
	if l.IsSure {
		return l
	}
	poll := in.facts.PollInterval
	isSecond := !l.Seen.IsZero() && at.Sub(l.Seen) >= max(poll-poll/10, time.Second) && // polls aren't exactly periodic
		!at.After(in.now) && // a read before the clock jumped back may be the first one
		!at.Equal(l.Read)
	if l.Read = at; l.Seen.IsZero() {
		if l.Seen = at; at.After(in.now) { // it began before the clock jumped back
			l.Seen = in.now.UTC()
		}
	}
	if isSecond || isAnnounced { // guard second-observation: true
		l.IsSure = true
	}
	return l
}

// hold returns why the member stays; nil if there is enough evidence.
func (l Leaving) hold() *hold {
	if l.IsSure {
		return nil
	}
	shows := "shows that its pull request joins environment " + l.To
	switch l.To {
	case leavesClosed:
		shows = "shows its pull request as closed"
	case leavesUnlabelled:
		shows = "shows its pull request without its label"
	case leavesJoin:
		shows = "shows its pull request without its join label"
	}
	if l.Seen.IsZero() {
		return &hold{
			rule: RuleLeaving, reason: "GitHub's list " + shows + ", which no direct read has confirmed",
			remedy: "wait; it is read again",
		}
	}
	return &hold{
		rule: RuleLeaving, reason: "GitHub " + shows + " since " + moment(l.Seen) + ", and a second read must agree",
		remedy: "wait for the next poll; to keep the environment, take that change back on GitHub",
	}
}
