package preview

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Resolve computes the whole answer: which environments are live, what is in each, and a decision about every open
// pull request and every environment file. It is pure; the same arguments give the same snapshot.
func Resolve(c *Config, f Facts, m Memory, now time.Time) *Snapshot {
	r := newResolver(c, f, m, now)
	for _, p := range c.Problems {
		r.snapshot.Problems = append(r.snapshot.Problems, p.Error())
	}
	r.run()
	r.depart()
	r.files()
	r.finish()
	return r.snapshot
}

func newResolver(c *Config, f Facts, m Memory, now time.Time) *resolver {
	return &resolver{
		Config: c, facts: f, memory: m, now: now,
		hosts: map[string]string{}, lived: map[string]Remembered{}, named: map[string]bool{}, tally: newTally(),
		snapshot: &Snapshot{
			Rows: []Row{}, Decisions: []Decision{}, Unread: []string{},
			Memory: Memory{
				Repositories: map[string]bool{}, Overlays: c.overlays(),
				Environments: map[string]Remembered{}, Since: map[string]Decided{},
				Defaults: map[string]Pin{}, Confirmed: map[string]bool{},
			},
		},
	}
}

type resolver struct {
	*Config
	facts    Facts
	memory   Memory
	now      time.Time
	hosts    map[string]string     // host → environment
	lived    map[string]Remembered // what was live, by subject
	named    map[string]bool       // environments that a decision was made about
	tally    tally
	brake    bool // too many lose their label at once
	snapshot *Snapshot
}

// candidate is an open pull request on its way to a decision.
type candidate struct {
	PullRequest
	repository string // as GitHub spells it
	key        string // lower case
	name       string
	was        *Remembered // nil where it has no environment
}

func (r *resolver) run() {
	r.reserve()
	var candidates []candidate
	for _, key := range r.Repositories() {
		repository, ok := r.facts.Repositories[key]
		if !ok {
			r.unread(key)
			continue
		}
		r.snapshot.Memory.Repositories[key] = true
		for _, pr := range repository.PullRequests {
			candidates = append(candidates, r.candidate(key, Printable(cmp.Or(repository.FullName, key)), pr))
		}
	}
	r.keepUnconfigured()
	r.inOrder(candidates)
	r.brake = r.brakes(candidates)
	for _, pr := range candidates {
		r.decide(pr)
	}
}

// reserve gives what is live its hosts before anybody else asks for them.
func (r *resolver) reserve() {
	for name, was := range r.memory.Environments {
		for _, h := range was.Hosts {
			r.hosts[h] = name
		}
		r.lived[subject(was.Repository, was.Number)] = was
	}
}

// subject is how a pull request is remembered.
func subject(repository string, number int) string {
	return fmt.Sprintf("%s#%d", strings.ToLower(repository), number)
}

func (r *resolver) candidate(key, repository string, pr PullRequest) candidate {
	c := candidate{PullRequest: pr, repository: repository, key: key, name: PullRequestName(r.Policy, key, pr.Number)}
	if was, ok := r.lived[subject(key, pr.Number)]; ok {
		c.was, c.name = &was, was.Row.Name // derived once: another alias is no reason to move it
	}
	return c
}

// unread keeps what is remembered of a repository that no whole read exists of.
func (r *resolver) unread(key string) {
	r.snapshot.Unread = append(r.snapshot.Unread, key)
	if r.memory.Repositories[key] {
		r.snapshot.Memory.Repositories[key] = true
	}
	r.snapshot.Problems = append(r.snapshot.Problems, key+" was never read; its pull requests are unknown")
	for about, was := range r.memory.Since { // who waits there keeps his place
		if repository, _, ok := strings.Cut(about, "#"); ok && repository == key {
			r.snapshot.Memory.Since[about] = was
		}
	}
	for _, was := range r.memory.Environments {
		if was.Repository == key && !r.confirmed(was.Row.Name) {
			r.keep(was, &hold{rule: ruleUnread, withheld: true, reason: "its repository can't be read", remedy: "see the service's /readyz?verbose"}, was.Row.HeadSHA)
		}
	}
}

// keepUnconfigured keeps the environments of repositories that configuration doesn't name any more: that is no
// evidence that their pull requests are over.
func (r *resolver) keepUnconfigured() {
	for _, was := range r.memory.Environments {
		if _, ok := r.repoByLower[was.Repository]; ok || r.confirmed(was.Row.Name) {
			continue
		}
		r.keep(was, &hold{
			rule: ruleWithheld, withheld: true, reason: "configuration names its repository no more",
			remedy: "name the repository again, or previewctl confirm " + was.Row.Name + " to let it go",
		}, was.Row.HeadSHA)
	}
}

// keep goes on answering a live environment as it was, whatever holds it now.
func (r *resolver) keep(was Remembered, h *hold, head string) {
	r.live(was, Decision{
		Rule: h.rule, Withheld: h.withheld, Reason: "it stays as it was: " + h.reason, Remedy: h.remedy, Repository: was.Row.Repository, Number: was.Number,
		Title: was.Row.Title, Author: was.Row.Author, URL: was.Row.PullRequestURL, HeadSHA: Printable(head),
	})
}

// live adds an environment and its decision to the snapshot.
func (r *resolver) live(e Remembered, d Decision) {
	for _, h := range e.Hosts {
		r.hosts[h] = e.Row.Name
	}
	r.tally.count(e)
	r.snapshot.Rows = append(r.snapshot.Rows, e.Row)
	r.snapshot.Memory.Environments[e.Row.Name] = e
	d.Outcome, d.Environment = Live, e.Row.Name
	r.decided(d)
}

func (r *resolver) decided(d Decision) {
	d.Reason, d.Remedy = Printable(d.Reason), Printable(d.Remedy)
	about := d.Environment
	if d.Number > 0 {
		about = subject(d.Repository, d.Number)
	}
	r.memory.since(about, &d, r.now)
	r.named[d.Environment] = true
	r.snapshot.Decisions = append(r.snapshot.Decisions, d)
	r.snapshot.Memory.Since[about] = Decided{Outcome: d.Outcome, Rule: d.Rule, Since: d.Since}
}
