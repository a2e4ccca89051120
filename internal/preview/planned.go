package preview

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/previewset/previewset/internal/config"
)

// planner plans environments and composes their rows.
type planner struct {
	in         *input
	lifecycles *lifecycles
	live       *liveSet
	last       compositions
	// readyDefaults are the ready commits of services that run at their default ref.
	readyDefaults map[string]config.ServiceRef
}

// plannedEnvironment is the plan of an environment. The environment rules fill it in, in their order.
type plannedEnvironment struct {
	*planner
	desired *desiredEnvironment
	heads   map[string]config.ServiceRef // services at the head of a member
	// labelProfile is the profile that labels name, or named when a held member was admitted last.
	labelProfile string
	profile      string
	runSet       map[string]bool              // the services that run
	run          map[string]config.ServiceRef // the same, with their commits
	notes        []string                     // what differs from what the file says
	composed     *composition
}

func (p *plannedEnvironment) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

func checkFile(planned *plannedEnvironment) *hold {
	problem := planned.in.fileProblem(planned.desired.name)
	if problem == "" || planned.in.cfg.Environments[planned.desired.name] != nil {
		return nil
	}
	return &hold{rule: RuleFile, reason: "its file can't be used: " + problem, remedy: "fix the file and push it"}
}

// checkMemberProfiles notes the profile that the labels of the members name. A held member keeps the one that it named.
func checkMemberProfiles(planned *plannedEnvironment) *hold {
	if planned.desired.isDedicated {
		return nil
	}
	var first Member
	for _, m := range planned.desired.rememberedMembers(planned.in.cfg.Policy.PullRequests) {
		switch {
		case m.Profile == "":
		case first.Profile == "":
			first = m
		case first.Profile != m.Profile:
			return &hold{
				rule: RuleProfile,
				reason: fmt.Sprintf("its pull requests' labels name two profiles: %s of %s and %s of %s", first.Profile,
					first.subject(), m.Profile, m.subject()),
				remedy: "keep only one of these labels",
			}
		}
	}
	planned.labelProfile = first.Profile
	return nil
}

// checkProfile notes the profile in force.
func checkProfile(planned *plannedEnvironment) *hold {
	policy := planned.in.cfg.Policy
	planned.profile = cmp.Or(planned.labelProfile, planned.desired.file.Profile, policy.PullRequests.Profile)
	if _, ok := policy.Profiles[planned.profile]; ok {
		return nil
	}
	return &hold{
		rule:   RuleProfile,
		reason: fmt.Sprintf("its file names a profile %q, which doesn't exist", planned.profile),
		remedy: "use an existing profile; " + config.KnownNames(policy.Profiles),
	}
}

func checkLinkCycle(planned *plannedEnvironment) *hold { return cycleHold(planned.in, planned.desired) }

// composePlanned composes the row.
func composePlanned(planned *plannedEnvironment) *hold {
	made, err := planned.compose()
	if err != nil {
		return &hold{rule: RuleTag, reason: err.Error(), remedy: "fix it in " + config.PolicyFile}
	}
	planned.composed = made
	for _, s := range slices.Sorted(maps.Keys(made.plan.Env)) {
		if _, runs := planned.run[s]; !runs {
			planned.note("variables of service %s have no effect: it doesn't run here", s)
		}
	}
	for _, s := range sortedSet(slices.Clone(planned.desired.file.Handover)) {
		if _, runs := planned.run[s]; !runs {
			planned.note("service %s can't be handed over: it doesn't run here", s)
		}
	}
	return nil
}

func (p *plannedEnvironment) compose() (*composition, error) {
	desired, profile := p.desired, p.in.cfg.Policy.Profiles[p.profile]
	state := p.firstState()
	if desired.previous != nil {
		state = desired.previous.Row.State
	}
	parts := &ingredients{
		plan: Plan{
			Name: desired.name, Owner: desired.shownOwner(), Profile: p.profile,
			Dataset:    cmp.Or(desired.file.Dataset, profile.Dataset),
			Components: slices.Concat(profile.Components, desired.file.Components, desired.debugComponent(p.in.cfg)),
			Run:        p.run, State: state, Reset: desired.file.Reset, Env: desired.file.Variables(),
			Redeployed: p.in.memory.Requests[desired.name].Redeployed,
			Secrets:    desired.secretsMark(), Editors: desired.editors(), Generation: generationOf(p.in, desired, p.run),
		},
		source: desired.source(), isLease: desired.isLease(), purpose: desired.purpose(), person: desired.limitOwner(),
		handover: desired.file.Handover, members: desired.rememberedMembers(p.in.cfg.Policy.PullRequests),
		expires: p.lifecycles.fixedEnd(desired, p.profile),
	}
	parts.single, parts.labels = singlePullRequest(desired, parts.members)
	return p.last.compose(parts, p.last.plain[desired.name], desired.previous)
}

// firstState returns the state of a new environment. With lifetime.start it is asleep until its first use.
func (p *plannedEnvironment) firstState() State {
	desired, asked := p.desired, p.in.memory.Requests[p.desired.name]
	isUsed := desired.isLease() || isKeptAwake(desired.file) || desired.isReviewRequested() ||
		!asked.Woken.IsZero() || !asked.Renewed.IsZero()
	if p.in.cfg.LifetimeOf(p.profile).StartsAsleep && !isUsed {
		return Asleep
	}
	return Awake
}

func (p *plannedEnvironment) row() *Row { return &p.composed.environment.Row }

// checkNamespaceKept keeps a live environment in its namespace. In another one it would lose its data.
func checkNamespaceKept(planned *plannedEnvironment) *hold {
	desired, namespace := planned.desired, planned.row().Namespace
	isKept := desired.previous == nil || desired.previous.Row.Namespace == namespace
	if isKept || planned.in.isConfirmed(desired.name) { // guard namespace-stays: true
		return nil
	}
	return &hold{
		rule: RuleMoved, needsConfirmation: true, reason: fmt.Sprintf("its namespace would be %s now", namespace),
		remedy: "change namespacePrefix back, or previewctl confirm " + desired.name + " to begin anew there",
	}
}

func checkNameFree(planned *plannedEnvironment) *hold {
	desired, other := planned.desired, planned.in.previous[planned.desired.name]
	if other == nil || desired.previous != nil {
		return nil
	}
	return &hold{
		rule:   RuleTaken,
		reason: fmt.Sprintf("its name %s is that of %s's environment", desired.name, other.soleMember().subject()),
		remedy: "give one of the repositories another alias in " + config.PolicyFile,
	}
}

func checkNotProtected(planned *plannedEnvironment) *hold {
	namespace := planned.row().Namespace
	for _, p := range slices.Concat(planned.in.cfg.Policy.ProtectedNamespaces, planned.in.facts.Protected,
		[]string{planned.in.cfg.Policy.Baseline.Namespace}) {
		if match, err := path.Match(p, namespace); err == nil && match {
			return &hold{
				rule:   RuleProtected,
				reason: fmt.Sprintf("its namespace would be %s, which %q protects", namespace, p),
				remedy: "change namespacePrefix or protectedNamespaces in " + config.PolicyFile,
			}
		}
	}
	return nil
}

func checkApplicationFree(planned *plannedEnvironment) *hold {
	namespace := planned.row().Namespace
	owner, taken := planned.in.facts.Cluster.Taken[namespace]
	if !taken {
		return nil
	}
	return &hold{
		rule:   RuleTaken,
		reason: fmt.Sprintf("an Application %s exists already, %s", namespace, owner),
		remedy: "rename or remove that Application",
	}
}

func checkHostsFree(planned *plannedEnvironment) *hold {
	for _, h := range planned.composed.environment.Hosts {
		other, taken := planned.live.hosts[h]
		if !taken || other == planned.desired.name {
			continue
		}
		remedy := "give one of the repositories another alias in " + config.PolicyFile
		if !planned.desired.isDedicated {
			remedy = "give it another name"
		}
		return &hold{rule: RuleTaken, reason: fmt.Sprintf("its host %s is environment %s's", h, other), remedy: remedy}
	}
	return nil
}

// singlePullRequest returns the facts of the only pull request of an environment; zero if there are several, or none. A
// held pull request keeps the facts that it had: ApplicationSets may select by them.
func singlePullRequest(desired *desiredEnvironment, members []Member) (facts pullRequestFacts, labels []string) {
	if len(members) != 1 {
		return facts, nil
	}
	number, id := members[0].Number, members[0].RepositoryID
	for _, m := range desired.members {
		if m.hold == nil {
			return pullRequestFacts{
				number: m.Number, repositoryID: id, title: m.Title, branch: m.Branch, targetBranch: m.TargetBranch,
				headSHA: m.HeadSHA, author: m.Author, repository: m.repository, url: m.URL,
			}, m.Labels
		}
	}
	previous := desired.previous
	if previous == nil || len(previous.Members) != 1 || previous.Row.Number != strconv.Itoa(number) {
		return facts, nil
	}
	last := previous.Row
	return pullRequestFacts{
		number: number, repositoryID: id, title: last.Title, branch: last.Branch, targetBranch: last.TargetBranch,
		headSHA: last.HeadSHA, author: last.Author, repository: last.Repository, url: last.PullRequestURL,
	}, last.Labels
}
