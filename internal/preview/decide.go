package preview

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// decide decides about an environment, and about each pull request that asks for it.
func (r *resolver) decide(w *wish) {
	if h := r.over(w); h != nil {
		r.end(w, h)
	} else if w.own {
		r.decideOwn(w)
	} else {
		r.decideGiven(w)
	}
}

// about begins a decision about a pull request.
func (r *resolver) about(w *wish, c *candidate) Decision {
	return Decision{
		Environment: w.name, Repository: c.repository, Number: c.Number, Title: config.Printable(c.Title), Author: config.Printable(c.Author),
		Owner: config.Printable(cmp.Or(w.file.Owner, c.person)), URL: config.Printable(c.URL), HeadSHA: config.Printable(c.HeadSHA),
	}
}

func (d Decision) live(rule, reason string) Decision {
	d.Outcome, d.Rule, d.Reason = Live, rule, reason
	return d
}

// stays is the decision about what is live and held.
func (d Decision) stays(h *hold) Decision {
	d.Withheld, d.Remedy = h.withheld, h.remedy
	return d.live(h.rule, "it stays as it was: "+h.reason)
}

func (d Decision) held(h *hold) Decision {
	d.Outcome, d.Rule, d.Reason, d.Remedy = Held, h.rule, h.reason, h.remedy
	return d
}

func (r *resolver) decideOwn(w *wish) {
	c := w.members[0]
	e, h := r.ownEnvironment(w)
	if h == nil && w.was == nil {
		h = r.newcomer(w)
	}
	isAdopted := h != nil && h.over && w.file.Adopted
	if w.was != nil && len(w.was.Members) > 0 {
		h = r.withhold(w, h)
	}
	switch {
	case isAdopted && h.over:
		r.decided(r.about(w, c).held(h))
		r.decideGiven(&wish{name: w.name, file: w.file, isFile: true, was: w.was})
	case w.was != nil && len(w.was.Members) == 0 && h != nil:
		r.serve(*w.was)
		r.decided(r.about(w, c).stays(h))
	case h == nil:
		r.serve(*e)
		r.decided(r.about(w, c).live(ruleLabelled, r.reason(w, e)))
	case w.was != nil && !h.over: // guard held-stays-live: $ && h.withheld
		r.keep(*w.was, h, c.HeadSHA)
	default:
		r.decided(r.about(w, c).held(h))
	}
}

// withhold is what becomes of a live environment whose pull request has lost the label: it is over, unless that follows
// from configuration, or takes more at once than people do. What was withheld once stays so, however few are left of
// them and however late it is.
func (r *resolver) withhold(w *wish, h *hold) *hold {
	c, braked := w.members[0], w.was.Braked
	w.was.Braked = false
	switch {
	case h == nil || !h.over:
		w.was.Members[0].Label = r.labelOf(c) // it has that now
		return h
	case r.confirmed(w.name):
		return h
	case c.label == "":
		return &hold{
			rule: ruleWithheld, withheld: true, reason: h.reason + ", and whether it had the label that configuration asks for is not remembered",
			remedy: h.remedy + ", or previewctl confirm " + w.name + " to let it go",
		}
	case c.stillLabelled(): // guard other-label: false
		return &hold{
			rule: ruleWithheld, withheld: true, reason: "configuration asks for another label than it got its preview for",
			remedy: h.remedy + ", or previewctl confirm " + w.name + " to let it go",
		}
	}
	if r.braked(w.was, braked) {
		return &hold{
			rule: ruleWithheld, withheld: true, reason: fmt.Sprintf("it lost its label together with many others, more than the %d that may go within 10 minutes", r.deletionsAtOnce()),
			remedy: "label it again, or previewctl confirm " + w.name + " to let it go",
		}
	}
	return h
}

// labelOf is the label of configuration by which a pull request asks for an environment now.
func (r *resolver) labelOf(c *candidate) string {
	p := r.Policy.PullRequests
	if asked, _ := labelled(c.Labels, p.Label); !asked {
		if joined, _ := labelled(c.Labels, p.JoinLabel); joined {
			return p.JoinLabel
		}
	}
	return p.Label
}

// braked says whether an environment that would go stays because too many would at once, and notes the time of it.
func (r *resolver) braked(was *Remembered, before bool) bool {
	if !before {
		r.snapshot.Memory.Unlabelled = append(r.snapshot.Memory.Unlabelled, r.now.UTC().Truncate(time.Second))
	}
	was.Braked = before || // guard guarded-before: false
		r.brake
	return was.Braked
}

// stillLabelled tells a label that somebody took away from one that configuration has another name for now: only the
// first is evidence. A label that nobody remembers counts as still there.
func (c *candidate) stillLabelled() bool {
	still, _ := labelled(c.Labels, c.label)
	return still || c.label == ""
}

func (r *resolver) reason(w *wish, e *Remembered) string {
	c := w.members[0]
	parts := []string{fmt.Sprintf("it is open and labelled %q; profile %s", r.Policy.PullRequests.Label, e.Row.Profile)}
	if p := r.Broken[w.name]; p != "" {
		parts = append(parts, "its file is not in force as it stands: "+p)
	}
	if c.Problem != "" {
		parts = append(parts, c.Problem)
	}
	return strings.Join(append(parts, w.notes...), "; ")
}

// ownEnvironment makes a pull request's environment, or says why there is none.
func (r *resolver) ownEnvironment(w *wish) (*Remembered, *hold) {
	c := w.members[0]
	if h := r.letIn(c); h != nil {
		return nil, h
	}
	if problem, ok := r.Broken[w.name]; ok && r.Environments[w.name] == nil {
		return nil, brokenHold(problem)
	}
	profile := cmp.Or(c.profile, w.file.Profile, r.Policy.PullRequests.Profile)
	if h := r.unknownProfile(profile); h != nil {
		return nil, h
	}
	changed, h := r.changes(c)
	if h != nil {
		return nil, h
	}
	p := r.Policy.Profiles[profile]
	if p.Run.Mode == "changed" && len(changed) == 0 && len(w.file.Services) == 0 {
		return nil, &hold{rule: ruleUnchanged, reason: "it changes no service", remedy: r.labelForAll()}
	}
	set := r.RunSet(p, changed)
	for name := range w.file.Services {
		set[name] = true
	}
	for name := range w.file.Links {
		delete(set, name)
	}
	for _, name := range changed {
		set[name] = true
	}
	if w.was != nil {
		set = w.was.grown(set, r.Policy.Services) // guard services-stay: skip
	}
	w.heads = c.heads
	return r.made(w, profile, set)
}

// letIn says why a pull request gets into no environment, its own or another.
func (r *resolver) letIn(c *candidate) (h *hold) {
	if c.hold != nil {
		return c.hold
	}
	if c.profile, h = admit(r.Config, c.PullRequest); h != nil {
		return h
	}
	if h = cmp.Or(
		c.approval(), // guard fork-approval: drop
		c.unknownPerson(), r.slotless(c),
	); h != nil {
		return h
	}
	if !config.IsSHA(c.HeadSHA) {
		return &hold{rule: ruleUnread, reason: "GitHub names no commit as its head", remedy: "push to its branch"}
	}
	return nil
}

// slotless holds the pull requests of people without a slot, where everybody needs one.
func (r *resolver) slotless(c *candidate) *hold {
	if r.Policy.Slots != "required" || r.slotOf(c.person) != "" {
		return nil
	}
	login := c.person
	if !config.IsLogin(login) {
		login = "<login>"
	}
	return &hold{
		rule: ruleSlot, reason: cmp.Or(config.Printable(c.person), "its author") + " holds no slot, and pull requests run in their people's slots here",
		remedy: "previewctl slot claim --holders " + login,
	}
}

func brokenHold(problem string) *hold {
	return &hold{rule: ruleFile, reason: "its file can't be used: " + problem, remedy: "mend the file and push it"}
}

// unknownProfile holds what a file asks for that is broken by that, and in force as it was.
func (r *resolver) unknownProfile(profile string) *hold {
	if _, ok := r.Policy.Profiles[profile]; ok {
		return nil
	}
	return &hold{rule: ruleProfile, reason: fmt.Sprintf("its file names a profile %q, which is not there", profile), remedy: "use a profile that there is; " + config.KnownNames(r.Policy.Profiles)}
}

// changes finds what a pull request changes, and what of it can be deployed.
func (r *resolver) changes(c *candidate) (changed []string, h *hold) {
	changed, ok := changedServices(r.Config, c.key, c.PullRequest)
	if !ok {
		return nil, &hold{rule: ruleUnread, reason: cmp.Or(c.Problem, "its changed files have not been read yet"), remedy: "wait; they are read again"}
	}
	c.heads = map[string]config.ServiceRef{}
	for _, name := range changed {
		if h := r.headHold(c, *r.Policy.Services.Get(name)); h != nil {
			return nil, h
		}
		c.heads[name] = config.ServiceRef{SHA: c.HeadSHA, Branch: c.Branch, Number: c.Number}
	}
	return changed, nil
}

// made puts an environment together of what runs in it.
func (r *resolver) made(w *wish, profile string, set map[string]bool) (*Remembered, *hold) {
	run, h := r.pins(w, set)
	if h != nil {
		return nil, h
	}
	if h := r.cycle(w); h != nil {
		return nil, h
	}
	made, err := r.composition(r.ingredients(w, r.plan(w, profile, run)), r.last.plain[w.name], w.was)
	if err != nil {
		return nil, &hold{rule: ruleTag, reason: err.Error(), remedy: "mend it in " + config.PolicyFile}
	}
	e := made.environment
	if h := cmp.Or(r.moved(w, &e), r.collision(w, &e)); h != nil {
		return nil, h
	}
	r.composed[w.name] = &composed{composition: made, links: w.file.Links}
	w.noteHandovers(run)
	return &e, nil
}

// membersOf are the pull requests that are in an environment, as they are remembered.
func (r *resolver) membersOf(w *wish) []Member {
	members := []Member{}
	for _, c := range w.members {
		if c.hold != nil && !c.isIn(w.name) {
			continue
		}
		m := Member{
			Repository: c.key, RepositoryID: c.repositoryID, Number: c.Number,
			Label: cmp.Or(c.join, r.Policy.PullRequests.Label),
		}
		in := r.lived[c.subject()]
		switch {
		case c.hold != nil:
			m.Label, m.Profile = c.label, in.member.Profile
		case !w.own: // what has an own environment is kept whole
			m.Profile = c.profile
		}
		m.RepositoryID = cmp.Or(m.RepositoryID, in.member.RepositoryID)
		members = append(members, m)
	}
	for _, g := range w.ghosts {
		members = append(members, g.Member)
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Number, b.Number))
	})
	return members
}

func (r *resolver) labelForAll() string {
	for _, name := range slices.Sorted(maps.Keys(r.Policy.Profiles)) {
		if r.Policy.Profiles[name].Run.Mode == "all" {
			return fmt.Sprintf("label it %q to run all", r.Policy.PullRequests.Label+":"+name)
		}
	}
	return "change a service's files, or add a profile with run: all to " + config.PolicyFile
}

func (r *resolver) pins(w *wish, set map[string]bool) (map[string]config.ServiceRef, *hold) {
	run := map[string]config.ServiceRef{}
	for i := range r.Policy.Services {
		s := &r.Policy.Services[i]
		if !set[s.Name] {
			continue
		}
		pin, ok := w.heads[s.Name]
		if !ok {
			var h *hold
			if pin, h = r.pin(w, s); h != nil {
				return nil, h
			}
		}
		run[s.Name] = pin
	}
	return run, nil
}

// pin is what a service runs at that no member changes: what the file says, else its default. Where that can't be told,
// the service stays at what it already runs.
func (r *resolver) pin(w *wish, s *config.Service) (config.ServiceRef, *hold) {
	ref, file, chosen := s.Default, config.PolicyFile, false
	if own, ok := w.file.Services[s.Name]; ok {
		ref, file, chosen = &own, path.Join(config.OverlaysFolder, w.name, config.EnvironmentFile), true
	}
	pin, h := r.resolveRef(s, ref, file)
	if h == nil && pin.SHA != "" {
		if h = r.unready(s.Repository, *s, pin.SHA); h == nil && !chosen {
			r.snapshot.Memory.Defaults[s.Name] = pin
		}
	}
	if h == nil {
		return pin, nil
	}
	if w.was != nil {
		if was, ok := w.was.Run[s.Name]; ok {
			if chosen || h.rule == ruleRef {
				w.notes = append(w.notes, fmt.Sprintf("service %s stays at %s: %s", s.Name, cmp.Or(short(was.SHA), "kustomize-base's image"), h.reason))
			}
			return was, nil
		}
	}
	if last, ok := r.memory.Defaults[s.Name]; ok && !chosen && h.rule == ruleReady {
		return last, nil
	}
	return config.ServiceRef{}, h
}

// headHold holds the head of a pull request that can't be deployed yet as a service, or at all.
func (r *resolver) headHold(c *candidate, s config.Service) *hold {
	// Two commits with the same first 7 characters take a minute to make.
	if c.isFork() && !s.TagUses("SHA") {
		return &hold{
			rule: ruleApproval, reason: fmt.Sprintf("it comes from a fork, and the tag of service %s doesn't name the whole commit that was approved", s.Name),
			remedy: "use {{ .SHA }} in that tag in " + config.PolicyFile,
		}
	}
	return r.unready(c.key, s, c.HeadSHA)
}

// unready holds a commit until what the service waits for is green on it: every result of that name of that app, and at
// least one.
func (r *resolver) unready(repository string, s config.Service, sha string) *hold {
	if s.Ready == nil {
		return nil
	}
	seen, green := false, true
	for _, check := range r.facts.Repositories[strings.ToLower(repository)].Checks[sha] {
		if check.Name == s.Ready.Check && strings.EqualFold(check.App, s.Ready.App) {
			seen, green = true, green && check.Green
		}
	}
	if seen &&
		green { // guard ready: true
		return nil
	}
	return &hold{
		rule: ruleReady, reason: fmt.Sprintf("building %s: check %q of %s is not green on it for service %s", short(sha), s.Ready.Check, s.Ready.App, s.Name),
		remedy: "wait for it, or see there why it fails",
	}
}

func (r *resolver) plan(w *wish, profile string, run map[string]config.ServiceRef) Plan {
	p := r.Policy.Profiles[profile]
	return Plan{
		Name: w.name, Owner: w.owner(), Profile: profile, Dataset: cmp.Or(w.file.Dataset, p.Dataset),
		Components: slices.Concat(p.Components, w.file.Components), Run: run,
		State: w.state(),
	}
}

// moved keeps a live environment in its namespace: in another one it would be another, without its data.
func (r *resolver) moved(w *wish, e *Remembered) *hold {
	if w.was == nil || w.was.Row.Namespace == e.Row.Namespace || r.confirmed(w.name) { // guard namespace-stays: true
		return nil
	}
	return &hold{
		rule: ruleMoved, withheld: true, reason: fmt.Sprintf("its namespace would be %s now", e.Row.Namespace),
		remedy: "change namespacePrefix back, or previewctl confirm " + w.name + " to begin anew there",
	}
}

// collision holds what would take a name, a namespace, a host or an Application that isn't its own.
func (r *resolver) collision(w *wish, e *Remembered) *hold {
	if was, ok := r.was[w.name]; ok && w.was == nil {
		return &hold{rule: ruleTaken, reason: fmt.Sprintf("its name %s is that of %s's environment", w.name, was.member().subject()), remedy: "give one of the repositories another alias in " + config.PolicyFile}
	}
	namespace := e.Row.Namespace
	if pattern, ok := r.protects(namespace); ok {
		return &hold{rule: ruleProtected, reason: fmt.Sprintf("its namespace would be %s, which %q protects", namespace, pattern), remedy: "change namespacePrefix or protectedNamespaces in " + config.PolicyFile}
	}
	if owner, ok := r.facts.Cluster.Taken[namespace]; ok {
		return &hold{rule: ruleTaken, reason: fmt.Sprintf("an Application %s exists already, %s", namespace, owner), remedy: "rename or remove that Application"}
	}
	for _, h := range e.Hosts {
		if other, ok := r.hosts[h]; ok && other != w.name {
			remedy := "give one of the repositories another alias in " + config.PolicyFile
			if !w.own {
				remedy = "give it another name"
			}
			return &hold{rule: ruleTaken, reason: fmt.Sprintf("its host %s is environment %s's", h, other), remedy: remedy}
		}
	}
	return nil
}

func (r *resolver) protects(namespace string) (pattern string, ok bool) {
	for _, p := range slices.Concat(r.Policy.ProtectedNamespaces, r.facts.Protected, []string{r.Policy.Baseline.Namespace}) {
		if match, err := path.Match(p, namespace); err == nil && match {
			return p, true
		}
	}
	return "", false
}
