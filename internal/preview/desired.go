package preview

import (
	"cmp"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// desired is an environment that is requested, or that was live, with its requesters: pull requests, a file, a claim. A
// dedicated environment has one pull request and its name; a named environment has the name that a file, a slot or a
// join gives.
type desiredEnvironment struct {
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
func (d *desiredEnvironment) isMember(m *member) bool { return m.hold == nil || m.isIn(d.name) }

// source returns the first that claims the name.
func (d *desiredEnvironment) source() Source {
	switch {
	case d.claim != nil:
		return FromSlot
	case d.isFromFile:
		return FromFile
	}
	return FromPullRequest
}

// isLease reports whether a program has the environment for a time.
func (d *desiredEnvironment) isLease() bool { return d.source() == FromFile && d.file.Lease }

// isReviewRequested reports whether a person is asked for a review of a pull request in the environment.
func (d *desiredEnvironment) isReviewRequested() bool {
	return d != nil && slices.ContainsFunc(d.members, func(m *member) bool { return m.hold == nil && m.ReviewRequested })
}

// limitOwner returns the login that limits.perOwner counts the environment for, or "". A slot counts for no owner.
func (d *desiredEnvironment) limitOwner() string {
	switch {
	case d.claim != nil:
		return ""
	case d.isFromFile:
		return d.file.Owner
	case d.previous != nil && (len(d.orphans) > 0 || len(d.members) == 0):
		return d.previous.limitOwner() // the owners of orphans are unknown
	case len(d.members) == 0:
		return ""
	}
	if i := slices.IndexFunc(d.members, d.isMember); i >= 0 {
		return d.members[i].owner
	}
	return d.members[0].owner
}

// shownOwner returns the login that users see. A file may name another owner than the one that limits count.
func (d *desiredEnvironment) shownOwner() string {
	if d.claim != nil {
		return d.claim.Holders[0]
	}
	return cmp.Or(d.file.Owner, d.limitOwner())
}

// debugComponent returns component debug if a member has its label, and a service has a debugger.
func (d *desiredEnvironment) debugComponent(cfg *config.Config) []string {
	hasLabel := func(m *member) bool {
		is, _ := labelled(m.Labels, cfg.Policy.PullRequests.DebugLabel)
		return is && d.isMember(m)
	}
	hasDebugger := func(s config.Service) bool { return s.Debug != nil }
	if slices.ContainsFunc(d.members, hasLabel) && slices.ContainsFunc(cfg.Policy.Services, hasDebugger) {
		return []string{config.DebugComponent}
	}
	return nil
}

// editors returns the logins of the people that the environment belongs to.
func (d *desiredEnvironment) editors() []string {
	if d.claim != nil {
		return d.claim.Holders
	}
	if owner := d.shownOwner(); owner != "" {
		return []string{owner}
	}
	return nil
}

func (d *desiredEnvironment) purpose() string {
	if d.claim != nil {
		return cmp.Or(d.claim.Purpose, d.file.Purpose)
	}
	return d.file.Purpose
}

// isAbandoned reports whether a named environment is live and nothing asks for it any more.
func (d *desiredEnvironment) isAbandoned() bool {
	return !d.isDedicated && d.previous != nil && d.claim == nil && !d.isFromFile && len(d.orphans) == 0 &&
		!slices.ContainsFunc(d.members, d.isMember)
}

// lacksLabel reports whether it is the dedicated environment of a pull request that doesn't ask for it.
func (d *desiredEnvironment) lacksLabel() bool {
	return d.isDedicated && d.members[0].labels.isUnlabelled()
}

// withOwnMembers returns a copy with members that can be changed.
func (d *desiredEnvironment) withOwnMembers() *desiredEnvironment {
	own := *d
	own.members = make([]*member, len(d.members))
	for i, m := range d.members {
		copied := *m
		own.members[i] = &copied
	}
	return &own
}

// rememberedMembers returns the pull requests that are in the environment, as memory keeps them.
func (d *desiredEnvironment) rememberedMembers(policy config.PullRequestPolicy) []Member {
	members := make([]Member, 0, len(d.members)+len(d.orphans))
	for _, m := range d.members {
		if d.isMember(m) {
			members = append(members, d.rememberedMember(policy, m))
		}
	}
	for _, o := range d.orphans {
		members = append(members, o.Member)
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Number, b.Number))
	})
	return members
}

func (d *desiredEnvironment) rememberedMember(policy config.PullRequestPolicy, m *member) Member {
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
	case !d.isDedicated: // a held dedicated environment is kept whole
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

// secretsMark returns the mark that the environment has already. The own environment of a pull request from a fork is
// marked from its start: also while it runs no code of the fork, because a later commit may change a service.
func (d *desiredEnvironment) secretsMark() SecretsMark {
	if d.previous != nil {
		if mark := d.previous.Row.SecretsMark(); mark != "" {
			return mark
		}
	}
	if d.isDedicated && slices.ContainsFunc(d.members, func(m *member) bool { return m.isFork() }) {
		return SecretsNever
	}
	return ""
}
