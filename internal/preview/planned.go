package preview

import (
	"cmp"
	"fmt"
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
	desired *desired
	heads   map[string]config.ServiceRef // services at the head of a member
	// labelProfile is the profile that labels name, or named when a held member was admitted last.
	labelProfile string
	profile      string
	set          map[string]bool              // the services that run
	run          map[string]config.ServiceRef // the same, with their commits
	notes        []string                     // what differs from what the file says
	made         *composition
}

func checkFile(d *plannedEnvironment) *hold {
	problem := d.in.fileProblem(d.desired.name)
	if problem == "" || d.in.cfg.Environments[d.desired.name] != nil {
		return nil
	}
	return &hold{rule: RuleFile, reason: "its file can't be used: " + problem, remedy: "fix the file and push it"}
}

// checkMemberProfiles notes the profile that the labels of the members name. A held member keeps the one that it named.
func checkMemberProfiles(d *plannedEnvironment) *hold {
	if d.desired.isDedicated {
		return nil
	}
	var first Member
	for _, m := range d.desired.rememberedMembers(d.in.cfg.Policy.PullRequests) {
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
	d.labelProfile = first.Profile
	return nil
}

// checkProfile notes the profile in force.
func checkProfile(d *plannedEnvironment) *hold {
	policy := d.in.cfg.Policy
	d.profile = cmp.Or(d.labelProfile, d.desired.file.Profile, policy.PullRequests.Profile)
	if _, ok := policy.Profiles[d.profile]; ok {
		return nil
	}
	return &hold{
		rule:   RuleProfile,
		reason: fmt.Sprintf("its file names a profile %q, which doesn't exist", d.profile),
		remedy: "use an existing profile; " + config.KnownNames(policy.Profiles),
	}
}

func checkLinkCycle(d *plannedEnvironment) *hold { return cycleHold(d.in, d.desired) }

// composePlanned composes the row.
func composePlanned(d *plannedEnvironment) *hold {
	made, err := d.compose()
	if err != nil {
		return &hold{rule: RuleTag, reason: err.Error(), remedy: "fix it in " + config.PolicyFile}
	}
	d.made = made
	for _, s := range sortedSet(slices.Clone(d.desired.file.Handover)) {
		if _, runs := d.run[s]; !runs {
			d.notes = append(d.notes, fmt.Sprintf("service %s can't be handed over: it doesn't run here", s))
		}
	}
	return nil
}

func (d *plannedEnvironment) compose() (*composition, error) {
	w, profile := d.desired, d.in.cfg.Policy.Profiles[d.profile]
	state := Awake
	var secrets SecretsMark
	if w.previous != nil {
		state, secrets = w.previous.Row.State, w.previous.Row.SecretsMark()
	}
	parts := &ingredients{
		plan: Plan{
			Name: w.name, Owner: w.shownOwner(), Profile: d.profile, Dataset: cmp.Or(w.file.Dataset, profile.Dataset),
			Components: slices.Concat(profile.Components, w.file.Components, w.debugComponent(d.in.cfg)),
			Run:        d.run, State: state, Reset: w.file.Reset,
			Secrets: secrets, Editors: w.editors(),
		},
		source: w.source(), purpose: w.purpose(), person: w.limitOwner(), handover: w.file.Handover,
		members: w.rememberedMembers(d.in.cfg.Policy.PullRequests), expires: d.lifecycles.fixedEnd(w, d.profile),
	}
	parts.single, parts.labels = singlePullRequest(w, parts.members)
	return d.last.compose(parts, d.last.plain[w.name], w.previous)
}

func (d *plannedEnvironment) row() *Row { return &d.made.environment.Row }

// checkNamespaceKept keeps a live environment in its namespace. In another one it would lose its data.
func checkNamespaceKept(d *plannedEnvironment) *hold {
	w, namespace := d.desired, d.row().Namespace
	isKept := w.previous == nil || w.previous.Row.Namespace == namespace
	if isKept || d.in.isConfirmed(w.name) { // guard namespace-stays: true
		return nil
	}
	return &hold{
		rule: RuleMoved, needsConfirmation: true, reason: fmt.Sprintf("its namespace would be %s now", namespace),
		remedy: "change namespacePrefix back, or previewctl confirm " + w.name + " to begin anew there",
	}
}

func checkNameFree(d *plannedEnvironment) *hold {
	w, other := d.desired, d.in.previous[d.desired.name]
	if other == nil || w.previous != nil {
		return nil
	}
	return &hold{
		rule:   RuleTaken,
		reason: fmt.Sprintf("its name %s is that of %s's environment", w.name, other.soleMember().subject()),
		remedy: "give one of the repositories another alias in " + config.PolicyFile,
	}
}

func checkNotProtected(d *plannedEnvironment) *hold {
	namespace := d.row().Namespace
	for _, p := range slices.Concat(d.in.cfg.Policy.ProtectedNamespaces, d.in.facts.Protected,
		[]string{d.in.cfg.Policy.Baseline.Namespace}) {
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

func checkApplicationFree(d *plannedEnvironment) *hold {
	namespace := d.row().Namespace
	owner, taken := d.in.facts.Cluster.Taken[namespace]
	if !taken {
		return nil
	}
	return &hold{
		rule:   RuleTaken,
		reason: fmt.Sprintf("an Application %s exists already, %s", namespace, owner),
		remedy: "rename or remove that Application",
	}
}

func checkHostsFree(d *plannedEnvironment) *hold {
	for _, h := range d.made.environment.Hosts {
		other, taken := d.live.hosts[h]
		if !taken || other == d.desired.name {
			continue
		}
		remedy := "give one of the repositories another alias in " + config.PolicyFile
		if !d.desired.isDedicated {
			remedy = "give it another name"
		}
		return &hold{rule: RuleTaken, reason: fmt.Sprintf("its host %s is environment %s's", h, other), remedy: remedy}
	}
	return nil
}

// singlePullRequest returns the facts of the only pull request of an environment; zero if there are several, or none. A
// held pull request keeps the facts that it had: ApplicationSets may select by them.
func singlePullRequest(w *desired, members []Member) (facts pullRequestFacts, labels []string) {
	if len(members) != 1 {
		return facts, nil
	}
	number, id := members[0].Number, members[0].RepositoryID
	for _, m := range w.members {
		if m.hold == nil {
			return pullRequestFacts{
				number: m.Number, repositoryID: id, title: m.Title, branch: m.Branch, targetBranch: m.TargetBranch,
				headSHA: m.HeadSHA, author: m.Author, repository: m.repository, url: m.URL,
			}, m.Labels
		}
	}
	if w.previous == nil || len(w.previous.Members) != 1 || w.previous.Row.Number != strconv.Itoa(number) {
		return facts, nil
	}
	last := w.previous.Row
	return pullRequestFacts{
		number: number, repositoryID: id, title: last.Title, branch: last.Branch, targetBranch: last.TargetBranch,
		headSHA: last.HeadSHA, author: last.Author, repository: last.Repository, url: last.PullRequestURL,
	}, last.Labels
}
