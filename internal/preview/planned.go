package preview

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

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
	desired      *desired
	heads        map[string]config.ServiceRef // services at the head of a member
	labelProfile string                       // the profile that labels name, or named when a held member was admitted last
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
				rule:   RuleProfile,
				reason: fmt.Sprintf("its pull requests' labels name two profiles: %s of %s and %s of %s", first.Profile, first.subject(), m.Profile, m.subject()),
				remedy: "leave one of them",
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
		reason: fmt.Sprintf("its file names a profile %q, which is not there", d.profile),
		remedy: "use an existing profile; " + config.KnownNames(policy.Profiles),
	}
}

// chooseServices notes the services that run.
func chooseServices(d *plannedEnvironment) *hold {
	if d.desired.isDedicated {
		return d.chooseDedicated()
	}
	return d.chooseNamed()
}

// chooseDedicated chooses what the profile and the file say, and what the pull request changes.
func (d *plannedEnvironment) chooseDedicated() *hold {
	w, profile := d.desired, d.in.cfg.Policy.Profiles[d.profile]
	changed := w.members[0].changed
	if profile.Run.Mode == "changed" && len(changed) == 0 && len(w.file.Services) == 0 {
		return &hold{rule: RuleUnchanged, reason: "it changes no service", remedy: runAllRemedy(d.in.cfg.Policy)}
	}
	set := d.in.cfg.RunSet(profile, changed)
	for name := range w.file.Services {
		set[name] = true
	}
	for name := range w.file.Links {
		delete(set, name)
	}
	for _, name := range changed {
		set[name] = true
	}
	if w.previous != nil {
		set = withRunning(set, w.previous, d.in.cfg.Policy.Services) // guard services-stay: skip
	}
	d.set = set
	return nil
}

// chooseNamed chooses what the profile and the file say, and what the members change. A service in the file counts as
// changed.
func (d *plannedEnvironment) chooseNamed() *hold {
	w, services := d.desired, d.in.cfg.Policy.Services
	targets := slices.Sorted(maps.Keys(d.heads))
	for _, name := range slices.Sorted(maps.Keys(w.file.Services)) {
		if services.Get(name) != nil {
			targets = append(targets, name)
		}
	}
	d.set = d.in.cfg.RunSet(d.in.cfg.Policy.Profiles[d.profile], targets)
	for name := range w.file.Links {
		if _, ok := d.heads[name]; ok {
			d.notes = append(d.notes, fmt.Sprintf("service %s runs here, because a pull request changes it, and isn't linked",
				name))
			continue
		}
		delete(d.set, name)
	}
	if len(d.set) == 0 {
		return d.nothingRuns()
	}
	return nil
}

func (d *plannedEnvironment) nothingRuns() *hold {
	w, policy := d.desired, d.in.cfg.Policy
	h := &hold{
		rule:   RuleUnchanged,
		reason: "it has nothing to run",
		remedy: fmt.Sprintf("previewctl set %s --profile full, or --service <service>=branch:<branch>", w.name),
	}
	switch {
	case w.claim != nil:
		h.remedy = fmt.Sprintf("label a pull request of %s %q, or add %s/%s/%s",
			strings.Join(w.claim.Holders, " or "), policy.PullRequests.Label, config.OverlaysFolder, w.name, config.EnvironmentFile)
	case !w.isFromFile:
		h.reason, h.remedy = "it changes no service", runAllRemedy(policy)
	}
	return h
}

// runAllRemedy returns how a pull request without a changed service gets an environment.
func runAllRemedy(policy *config.Policy) string {
	for _, name := range slices.Sorted(maps.Keys(policy.Profiles)) {
		if policy.Profiles[name].Run.Mode == "all" {
			return fmt.Sprintf("label it %q to run all", policy.PullRequests.Label+":"+name)
		}
	}
	return "change a service's files, or add a profile with run: all to " + config.PolicyFile
}

// resolveServices notes the commit of each service that runs.
func resolveServices(d *plannedEnvironment) *hold {
	d.run = map[string]config.ServiceRef{}
	for i := range d.in.cfg.Policy.Services {
		s := &d.in.cfg.Policy.Services[i]
		if !d.set[s.Name] {
			continue
		}
		ref, ok := d.heads[s.Name]
		if !ok {
			var h *hold
			if ref, h = d.resolveService(s); h != nil {
				return h
			}
		}
		d.run[s.Name] = ref
	}
	return nil
}

// resolveService returns the commit of a service that no member changes: of the ref in the file, else of its default.
// If that isn't known or ready, a running service stays at its commit.
func (d *plannedEnvironment) resolveService(s *config.Service) (config.ServiceRef, *hold) {
	ref, file, isChosen := s.Default, config.PolicyFile, false
	if own, ok := d.desired.file.Services[s.Name]; ok {
		ref, file, isChosen = &own, path.Join(config.OverlaysFolder, d.desired.name, config.EnvironmentFile), true
	}
	resolved, h := resolveRef(d.in, s, ref, file)
	if h == nil && resolved.SHA != "" {
		if h = readyHold(d.in.facts, s, resolved.SHA); h == nil && !isChosen {
			d.readyDefaults[s.Name] = resolved
		}
	}
	if h == nil {
		return resolved, nil
	}
	if w := d.desired; w.previous != nil {
		if last, runs := w.previous.Run[s.Name]; runs {
			if isChosen || h.rule == RuleRef {
				d.notes = append(d.notes, fmt.Sprintf("service %s stays at %s: %s",
					s.Name, cmp.Or(short(last.SHA), "kustomize-base's image"), h.reason))
			}
			return last, nil
		}
	}
	if last, ok := d.in.memory.Defaults[s.Name]; ok && !isChosen && h.rule == RuleReady {
		return last, nil
	}
	return config.ServiceRef{}, h
}

func checkLinkCycle(d *plannedEnvironment) *hold { return cycleHold(d.in, d.desired) }

// composePlanned composes the row.
func composePlanned(d *plannedEnvironment) *hold {
	made, err := d.compose()
	if err != nil {
		return &hold{rule: RuleTag, reason: err.Error(), remedy: "mend it in " + config.PolicyFile}
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
	if w.previous != nil {
		state = w.previous.Row.State
	}
	parts := &ingredients{
		plan: Plan{
			Name: w.name, Owner: w.shownOwner(), Profile: d.profile, Dataset: cmp.Or(w.file.Dataset, profile.Dataset),
			Components: slices.Concat(profile.Components, w.file.Components), Run: d.run, State: state,
		},
		source: w.source(), purpose: w.purpose(), person: w.countedOwner(), handover: w.file.Handover,
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
	for _, p := range slices.Concat(d.in.cfg.Policy.ProtectedNamespaces, d.in.facts.Protected, []string{d.in.cfg.Policy.Baseline.Namespace}) {
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
