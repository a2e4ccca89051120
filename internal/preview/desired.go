package preview

import (
	"cmp"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// desired is an environment that is requested, or that was live, with its requesters: pull requests, a file, a claim. A
// dedicated environment has one pull request and its name; a named environment has the name that a file, a slot or a
// join gives.
type desired struct {
	name        string
	isDedicated bool
	members     []*member // in order of arrival
	orphans     []orphan
	departed    int                 // former members that ask for another environment now
	file        *config.Environment // empty if none is in force
	isFromFile  bool                // the file makes the environment; it doesn't only adjust it
	claim       *config.Claim       // nil if it isn't a slot, or a free one
	previous    *Remembered
}

// member is a pull request that asks for a desired environment.
type member struct {
	*pullRequest
	*admission
	hold      *hold // why it isn't admitted to this environment
	joinLabel string
	// environment is the live environment that it is in; nil if it is in none.
	environment *Remembered
}

// isIn reports whether the pull request is in a live environment of that name.
func (m *member) isIn(name string) bool {
	return m.environment != nil && m.environment.Row.Name == name
}

// isMember reports whether a pull request is a member of the environment, or becomes one.
func (w *desired) isMember(m *member) bool { return m.hold == nil || m.isIn(w.name) }

// source returns the first that claims the name.
func (w *desired) source() Source {
	switch {
	case w.claim != nil:
		return FromSlot
	case w.isFromFile:
		return FromFile
	}
	return FromPullRequest
}

// limitOwner returns the login that limits.perOwner counts the environment for, or "". A slot counts for no owner.
func (w *desired) limitOwner() string {
	switch {
	case w.claim != nil:
		return ""
	case w.isFromFile:
		return w.file.Owner
	case w.previous != nil && (len(w.orphans) > 0 || len(w.members) == 0):
		return w.previous.limitOwner() // the owners of orphans are unknown
	case len(w.members) == 0:
		return ""
	}
	if i := slices.IndexFunc(w.members, w.isMember); i >= 0 {
		return w.members[i].owner
	}
	return w.members[0].owner
}

// shownOwner returns the login that users see. A file may name another owner than the one that limits count.
func (w *desired) shownOwner() string {
	if w.claim != nil {
		return w.claim.Holders[0]
	}
	return cmp.Or(w.file.Owner, w.limitOwner())
}

// debugComponent returns component debug if a member has its label, and a service has a debugger.
func (w *desired) debugComponent(cfg *config.Config) []string {
	hasLabel := func(m *member) bool {
		is, _ := labelled(m.Labels, cfg.Policy.PullRequests.DebugLabel)
		return is && w.isMember(m)
	}
	hasDebugger := func(s config.Service) bool { return s.Debug != nil }
	if slices.ContainsFunc(w.members, hasLabel) && slices.ContainsFunc(cfg.Policy.Services, hasDebugger) {
		return []string{config.DebugComponent}
	}
	return nil
}

// editors returns the logins of the people that the environment belongs to.
func (w *desired) editors() []string {
	if w.claim != nil {
		return w.claim.Holders
	}
	if owner := w.shownOwner(); owner != "" {
		return []string{owner}
	}
	return nil
}

func (w *desired) purpose() string {
	if w.claim != nil {
		return cmp.Or(w.claim.Purpose, w.file.Purpose)
	}
	return w.file.Purpose
}

// isAbandoned reports whether a named environment is live and nothing asks for it any more.
func (w *desired) isAbandoned() bool {
	return !w.isDedicated && w.previous != nil && w.claim == nil && !w.isFromFile && len(w.orphans) == 0 &&
		!slices.ContainsFunc(w.members, w.isMember)
}

// lacksLabel reports whether it is the dedicated environment of a pull request that doesn't ask for it.
func (w *desired) lacksLabel() bool { return w.isDedicated && w.members[0].labels.isUnlabelled() }

// withOwnMembers returns a copy with members that can be changed.
func (w *desired) withOwnMembers() *desired {
	own := *w
	own.members = make([]*member, len(w.members))
	for i, m := range w.members {
		copied := *m
		own.members[i] = &copied
	}
	return &own
}

// rememberedMembers returns the pull requests that are in the environment, as memory keeps them.
func (w *desired) rememberedMembers(policy config.PullRequestPolicy) []Member {
	members := make([]Member, 0, len(w.members)+len(w.orphans))
	for _, m := range w.members {
		if w.isMember(m) {
			members = append(members, w.rememberedMember(policy, m))
		}
	}
	for _, o := range w.orphans {
		members = append(members, o.Member)
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Number, b.Number))
	})
	return members
}

func (w *desired) rememberedMember(policy config.PullRequestPolicy, m *member) Member {
	remembered := Member{
		Repository: m.key, RepositoryID: m.repositoryID, Number: m.Number,
		Label: cmp.Or(m.joinLabel, policy.Label),
	}
	var last Member
	if m.membership != nil {
		last = m.membership.last
	}
	switch {
	case m.hold != nil:
		remembered.Label, remembered.Profile = last.Label, last.Profile
	case !w.isDedicated: // a held dedicated environment is kept whole
		remembered.Profile = m.profile
	}
	remembered.RepositoryID = cmp.Or(remembered.RepositoryID, last.RepositoryID)
	if remembered.Updated = last.Updated; last.Updated.IsZero() || last.Label != remembered.Label {
		remembered.Updated = m.Updated
	}
	return remembered
}

// isNamed reports whether a name is that of a named environment.
func isNamed(name string) bool { return !config.IsPullRequestName(name) }
