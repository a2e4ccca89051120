package preview

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"
)

func (r *resolver) decide(c candidate) {
	d := Decision{
		Environment: c.name, Repository: c.repository, Number: c.Number,
		Title: Printable(c.Title), Author: Printable(c.Author), URL: Printable(c.URL), HeadSHA: Printable(c.HeadSHA),
	}
	e, h := r.environment(c)
	if h == nil && c.was == nil {
		h = r.limited(c)
	}
	if c.was != nil {
		h = r.withhold(c, h)
	}
	switch {
	case h == nil:
		d.Rule, d.Reason = ruleLabelled, r.reason(c, e)
		r.live(*e, d)
	case c.was != nil && !h.over:
		r.keep(*c.was, h, c.HeadSHA)
	default:
		d.Outcome, d.Rule, d.Reason, d.Remedy = Held, h.rule, h.reason, h.remedy
		r.decided(d)
	}
}

// withhold is what becomes of a live environment whose pull request has lost the label: it is over, unless that follows
// from configuration, or takes more at once than people do. What was withheld once stays so, however few are left of
// them and however late it is.
func (r *resolver) withhold(c candidate, h *hold) *hold {
	braked := c.was.Braked
	c.was.Braked = false
	switch {
	case h == nil || !h.over:
		c.was.Label = r.Policy.PullRequests.Label // it has that now
		return h
	case r.confirmed(c.name):
		return h
	case c.stillLabelled():
		return &hold{
			rule: ruleWithheld, withheld: true, reason: "configuration asks for another label than it got its preview for",
			remedy: h.remedy + ", or previewctl confirm " + c.name + " to let it go",
		}
	}
	if !braked {
		r.snapshot.Memory.Unlabelled = append(r.snapshot.Memory.Unlabelled, r.now.UTC().Truncate(time.Second))
	}
	if braked || r.brake {
		c.was.Braked = true
		return &hold{
			rule: ruleWithheld, withheld: true, reason: fmt.Sprintf("it lost its label together with many others, more than the %d that may go within 10 minutes", r.deletionsAtOnce()),
			remedy: "label it again, or previewctl confirm " + c.name + " to let it go",
		}
	}
	return h
}

// stillLabelled tells a label that somebody took away from one that configuration has another name for now: only the
// first is evidence. A label that nobody remembers counts as still there.
func (c candidate) stillLabelled() bool {
	still, _ := labelled(c.Labels, c.was.Label)
	return still || c.was.Label == ""
}

func (r *resolver) reason(c candidate, e *Remembered) string {
	reason := fmt.Sprintf("it is open and labelled %q; profile %s", r.Policy.PullRequests.Label, e.Row.Profile)
	if p := r.broken[c.name]; p != "" {
		reason += "; its file is not in force as it stands: " + p
	}
	if c.Problem != "" {
		reason += "; " + c.Problem
	}
	return reason
}

// environment makes a pull request's environment, or says why there is none.
func (r *resolver) environment(c candidate) (*Remembered, *hold) {
	profile, h := r.admit(c.PullRequest)
	if h != nil {
		return nil, h
	}
	if h = c.approval(); h != nil {
		return nil, h
	}
	if !shaPattern.MatchString(c.HeadSHA) {
		return nil, &hold{rule: ruleUnread, reason: "GitHub names no commit as its head", remedy: "push to its branch"}
	}
	if problem, ok := r.broken[c.name]; ok && r.Environments[c.name] == nil {
		return nil, &hold{rule: ruleFile, reason: "its file can't be used: " + problem, remedy: "mend the file and push it"}
	}
	file := r.fileOf(c)
	profile = cmp.Or(profile, file.Profile, r.Policy.PullRequests.Profile)
	if _, ok := r.Policy.Profiles[profile]; !ok { // a file that is broken by that, and in force as it was
		return nil, &hold{rule: ruleProfile, reason: fmt.Sprintf("its file names a profile %q, which is not there", profile), remedy: "use a profile that there is; " + known(r.Policy.Profiles)}
	}
	run, h := r.runs(c, profile, file)
	if h != nil {
		return nil, h
	}
	k, err := r.compose(r.plan(c, profile, file, run))
	if err != nil {
		return nil, &hold{rule: ruleTag, reason: err.Error(), remedy: "mend it in " + policyFile}
	}
	if h := cmp.Or(r.moved(c, k), r.collision(c, k)); h != nil {
		return nil, h
	}
	e := &Remembered{Repository: c.key, Number: c.Number, Label: r.Policy.PullRequests.Label, Row: r.row(c, file, k.row()), Hosts: k.hostNames(), Run: run}
	if c.was != nil && reflect.DeepEqual(e, c.was) {
		return c.was, nil // thousands of equal rows then stand in memory once, not once a snapshot
	}
	return e, nil
}

// fileOf is the file that adjusts this pull request's environment; an empty one where there is none.
func (r *resolver) fileOf(c candidate) *Environment {
	if e := r.Environments[c.name]; e != nil && e.PullRequest != "" {
		return e
	}
	return &Environment{}
}

// runs says what runs in a pull request's environment, and at what.
func (r *resolver) runs(c candidate, profile string, file *Environment) (map[string]Pin, *hold) {
	changed, ok := r.changedServices(c.key, c.PullRequest)
	if !ok {
		return nil, &hold{rule: ruleUnread, reason: cmp.Or(c.Problem, "its changed files have not been read yet"), remedy: "wait; they are read again"}
	}
	p := r.Policy.Profiles[profile]
	if p.Run.Mode == "changed" && len(changed) == 0 && len(file.Services) == 0 {
		return nil, &hold{rule: ruleUnchanged, reason: "it changes no service", remedy: r.labelForAll()}
	}
	set := r.runSet(p, changed)
	for name := range file.Services {
		set[name] = true
	}
	if c.was != nil {
		set = c.was.grown(set, r.Policy.Services)
	}
	return r.pins(c, set, changed, file)
}

func (r *resolver) labelForAll() string {
	for _, name := range slices.Sorted(maps.Keys(r.Policy.Profiles)) {
		if r.Policy.Profiles[name].Run.Mode == "all" {
			return fmt.Sprintf("label it %q to run all", r.Policy.PullRequests.Label+":"+name)
		}
	}
	return "change a service's files, or add a profile with run: all to " + policyFile
}

func (r *resolver) pins(c candidate, set map[string]bool, changed []string, file *Environment) (map[string]Pin, *hold) {
	run := map[string]Pin{}
	for _, s := range r.Policy.Services {
		if !set[s.Name] {
			continue
		}
		if slices.Contains(changed, s.Name) {
			if h := r.headHold(c, s); h != nil {
				return nil, h
			}
			run[s.Name] = Pin{SHA: c.HeadSHA, Branch: c.Branch, Number: c.Number}
			continue
		}
		ref := s.Default
		if own, ok := file.Services[s.Name]; ok {
			ref = &own
		}
		pin, h := r.pin(c, s, ref)
		if h != nil {
			return nil, h
		}
		run[s.Name] = pin
	}
	return run, nil
}

// pin resolves a ref of a service; where it can't be, the service stays at what it already runs.
func (r *resolver) pin(c candidate, s Service, ref *Ref) (Pin, *hold) {
	repository, read := r.facts.Repositories[strings.ToLower(s.Repository)]
	pin, ok := pinOf(repository, ref)
	if ok {
		return r.readyPin(c, s, pin, ref == s.Default)
	}
	if c.was != nil {
		if was, ok := c.was.Run[s.Name]; ok {
			return was, nil
		}
	}
	if !read {
		return Pin{}, &hold{rule: ruleUnread, reason: fmt.Sprintf("%s was never read, so what service %s runs at is unknown", s.Repository, s.Name), remedy: "wait; it is read again"}
	}
	return Pin{}, &hold{rule: ruleRef, reason: fmt.Sprintf("%s has no %s, which service %s runs at", s.Repository, ref, s.Name), remedy: "push it, or name another in " + policyFile}
}

// headHold holds the head of a pull request that can't be deployed yet as a service, or at all.
func (r *resolver) headHold(c candidate, s Service) *hold {
	if c.isFork() && !usesField(s.Tag, "SHA") && !usesField(s.Tag, "ShortSHA") {
		return &hold{
			rule: ruleApproval, reason: fmt.Sprintf("it comes from a fork, and the tag of service %s doesn't name the commit that was approved", s.Name),
			remedy: "use {{ .SHA }} in that tag in " + policyFile,
		}
	}
	return r.unready(c.key, s, c.HeadSHA)
}

// unready holds a commit until what the service waits for is green on it: every result of that name of that app, and at
// least one.
func (r *resolver) unready(repository string, s Service, sha string) *hold {
	if s.Ready == nil {
		return nil
	}
	seen, green := false, true
	for _, check := range r.facts.Repositories[strings.ToLower(repository)].Checks[sha] {
		if check.Name == s.Ready.Check && strings.EqualFold(check.App, s.Ready.App) {
			seen, green = true, green && check.Green
		}
	}
	if seen && green {
		return nil
	}
	return &hold{
		rule: ruleReady, reason: fmt.Sprintf("building %s: check %q of %s is not green on it for service %s", short(sha), s.Ready.Check, s.Ready.App, s.Name),
		remedy: "wait for it, or see there why it fails",
	}
}

// readyPin is what a service that nobody's head is deployed as runs at: the commit that its ref is at once that is ready,
// until then the last one that was.
func (r *resolver) readyPin(c candidate, s Service, pin Pin, isDefault bool) (Pin, *hold) {
	var h *hold
	if pin.SHA != "" {
		h = r.unready(s.Repository, s, pin.SHA)
	}
	if h == nil {
		if isDefault && pin != (Pin{}) {
			r.snapshot.Memory.Defaults[s.Name] = pin
		}
		return pin, nil
	}
	if c.was != nil {
		if was, ok := c.was.Run[s.Name]; ok {
			return was, nil
		}
	}
	if last, ok := r.memory.Defaults[s.Name]; ok && isDefault {
		return last, nil
	}
	return Pin{}, h
}

func (r *resolver) plan(c candidate, profile string, file *Environment, run map[string]Pin) Plan {
	p := r.Policy.Profiles[profile]
	return Plan{
		Name: c.name, Owner: cmp.Or(file.Owner, c.Author), Profile: profile, Dataset: cmp.Or(file.Dataset, p.Dataset),
		Components: slices.Concat(p.Components, file.Components), Run: run,
	}
}

// moved keeps a live environment in its namespace: in another one it would be another, without its data.
func (r *resolver) moved(c candidate, k *composer) *hold {
	if c.was == nil || c.was.Row.Namespace == k.k.Namespace || r.confirmed(c.name) {
		return nil
	}
	return &hold{
		rule: ruleMoved, withheld: true, reason: fmt.Sprintf("its namespace would be %s now", k.k.Namespace),
		remedy: "change namespacePrefix back, or previewctl confirm " + c.name + " to begin anew there",
	}
}

// collision holds what would take a name, a namespace, a host or an Application that isn't its own.
func (r *resolver) collision(c candidate, k *composer) *hold {
	if was, ok := r.memory.Environments[c.name]; ok && c.was == nil {
		return &hold{rule: ruleTaken, reason: fmt.Sprintf("its name %s is that of %s's environment", c.name, subject(was.Repository, was.Number)), remedy: "give one of the repositories another alias in " + policyFile}
	}
	namespace := k.k.Namespace
	if pattern, ok := r.protects(namespace); ok {
		return &hold{rule: ruleProtected, reason: fmt.Sprintf("its namespace would be %s, which %q protects", namespace, pattern), remedy: "change namespacePrefix or protectedNamespaces in " + policyFile}
	}
	if owner, ok := r.facts.Cluster.Taken[namespace]; ok {
		return &hold{rule: ruleTaken, reason: fmt.Sprintf("an Application %s exists already, %s", namespace, owner), remedy: "rename or remove that Application"}
	}
	for _, h := range k.hostNames() {
		if other, ok := r.hosts[h]; ok && other != k.plan.Name {
			return &hold{rule: ruleTaken, reason: fmt.Sprintf("its host %s is environment %s's", h, other), remedy: "give one of the repositories another alias in " + policyFile}
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
