package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Resolve computes the whole answer: which environments are live, what is in each, and a decision about every open
// pull request and every environment file. It is pure; the same arguments give the same snapshot.
func Resolve(c *config.Config, f Facts, m Memory, now time.Time) *Snapshot {
	stays := map[string]*hold{}
	r := newResolver(c, f, m, now, stays)
	for r.run(); r.isTurnedAway; r.run() { // each time another one, and who stays is not turned away again
		r = newResolver(c, f, m, now, stays)
	}
	r.depart()
	r.files()
	r.finish()
	return r.snapshot
}

func newResolver(c *config.Config, f Facts, m Memory, now time.Time, stays map[string]*hold) *resolver {
	n := len(m.Environments) // and about as many will be live
	last := m.compositions.of(c)
	next := compositions{config: c, baseline: last.baseline, plain: make(map[string]*composition, n), linked: map[string]*composition{}}
	r := &resolver{
		stays: stays, Config: c, facts: f, memory: m.settled(now), now: now, last: last, next: next,
		hosts: make(map[string]string, n), was: make(map[string]*Remembered, n), lived: make(map[string]lived, n), ghosts: map[string][]ghost{},
		leaving: map[string]*Remembered{}, left: map[string]int{}, moves: map[string]string{}, composed: make(map[string]*composed, n),
		lives: make(map[string]*living, n), asked: map[string]*wish{}, inWhich: make(map[string]string, n), named: make(map[string]bool, n), tally: newTally(),
		snapshot: &Snapshot{
			Rows: []Row{}, Decisions: make([]Decision, 0, n), Unread: []string{},
			Memory: Memory{
				At: now.UTC(), Commit: c.Commit, Repositories: map[string]int64{}, Overlays: c.Overlays(),
				Environments: make(map[string]Remembered, n), Since: make(map[string]Decided, n),
				Defaults: map[string]config.ServiceRef{}, Confirmed: map[string]bool{}, compositions: next,
				Lives: make(map[string]Life, n), Intents: map[string]Intent{}, Left: map[string]Left{},
			},
		},
	}
	r.snapshot.Memory.Agreed = r.agreed()
	r.slots = c.Claims(r.snapshot.Memory.Agreed)
	return r
}

// agreed is the time by which claims of slots are over, or not: the newest that can be trusted, and at which what configuration
// says was read, because somebody may have written a later end since. It never goes back.
func (r *resolver) agreed() time.Time {
	if !r.agrees() {
		return r.memory.Agreed
	}
	at := r.now.UTC()
	if read := r.facts.ConfigReadAt.UTC(); !read.IsZero() && read.Before(at) {
		at = read
	}
	return latest(r.memory.Agreed, at)
}

type resolver struct {
	*config.Config
	facts    Facts
	memory   Memory
	now      time.Time
	slots    map[string]config.Claim // who holds each slot now
	hosts    map[string]string       // host → environment
	was      map[string]*Remembered  // what was live, by name
	lived    map[string]lived        // the members of what was live, by the subject that now speaks for each
	ghosts   map[string][]ghost      // the members that nobody speaks for, by environment
	leaving  map[string]*Remembered  // own environments whose pull requests ask for another one, by subject
	left     map[string]int          // how many members have left an environment with a given name
	stays    map[string]*hold        // why those stay in the environment with a given name that they are in, whom no other lets in, by subject
	composed map[string]*composed    // what was put together in this answer, by name
	last     compositions            // of the last answer
	next     compositions            // of this one
	lives    map[string]*living      // what was live, by name, and what goes live
	asked    map[string]*wish        // by name
	measured bool                    // there is a measurement of now
	gap      time.Time               // until when it isn't known what was used; zero where all is
	room     []*living               // what may sleep for others, the idlest first; nil where nobody asked
	inWhich  map[string]string       // the environment of each live member, by subject
	moves    map[string]string       // own environments that went because their pull requests run elsewhere now
	named    map[string]bool         // environments that a decision was made about
	tally    tally
	brake    bool // too many would go at once
	// isTurnedAway says that one was added to those who stay: the answer is to be made anew.
	isTurnedAway bool
	snapshot     *Snapshot
}

func (r *resolver) run() {
	for _, p := range r.Problems {
		r.snapshot.Problems = append(r.snapshot.Problems, p.Error())
	}
	r.reserve()
	var candidates []*candidate
	for _, key := range r.Repositories() {
		repository, ok := r.heard(key)
		if !ok {
			r.unread(key)
			continue
		}
		r.snapshot.Memory.Repositories[key] = repository.ID
		r.renamed(key, repository)
		fullName, part := config.Printable(cmp.Or(repository.FullName, key)), config.RepositoryPart(r.Policy, key)
		for _, pr := range repository.PullRequests {
			candidates = append(candidates, &candidate{
				PullRequest: pr, repository: fullName, repositoryID: repository.ID, key: key, own: config.NumberedName(part, pr.Number), person: person(r.Config, pr),
			})
		}
	}
	r.attribute()
	for _, c := range candidates {
		r.recognise(c)
	}
	open := openIn(candidates)
	wishes := r.wishes(candidates)
	r.live(wishes)
	r.grace(open)
	r.inOrder(wishes)
	r.holdMoves(wishes)
	r.brake = r.brakes(wishes)
	r.decideInTurn(wishes)
	r.link()
	r.settle()
}

// reserve gives what is live its hosts before anybody else asks for them.
func (r *resolver) reserve() {
	for name, was := range r.memory.Environments {
		was.Members = slices.Clone(was.Members)
		r.was[name] = &was
		for _, h := range was.Hosts {
			r.hosts[h] = name
		}
	}
}

// subject is how a pull request is remembered.
func subject(repository string, number int) string {
	return strings.ToLower(repository) + "#" + strconv.Itoa(number)
}

// recognise finds the environment that a pull request is in.
func (r *resolver) recognise(c *candidate) {
	if in, ok := r.lived[c.subject()]; ok {
		c.was, c.label = in.was, in.member.Label
		if !isGiven(in.was.Row.Name) {
			c.own = in.was.Row.Name // derived once: another alias is no reason to move it
		}
	}
}

// unread notes a repository that no whole read exists of.
func (r *resolver) unread(key string) {
	r.snapshot.Unread = append(r.snapshot.Unread, key)
	if id, ok := r.memory.Repositories[key]; ok {
		r.snapshot.Memory.Repositories[key] = id
	}
	problem := key + " was never read; its pull requests are unknown"
	if other, ok := r.facts.Repositories[key]; ok {
		problem = fmt.Sprintf("%s is another repository now (ID %d → %d), so nothing that it has gets a preview; give the name back, or previewctl confirm --repository %s to take it as it is",
			key, r.memory.Identity(key), other.ID, key)
	}
	r.snapshot.Problems = append(r.snapshot.Problems, problem)
	for about, was := range r.memory.Since { // who waits there keeps his place; it may be remembered by another name
		if repository, _, ok := strings.Cut(about, "#"); ok && (repository == key || r.ServicesOf(repository) == nil) {
			r.snapshot.Memory.Since[about] = was
		}
	}
}

// renamed goes on with what was decided about a repository's pull requests while it was called as configuration names it.
func (r *resolver) renamed(key string, repository Repository) {
	now := strings.ToLower(config.Printable(repository.FullName))
	if now == "" || now == key {
		return
	}
	moved := map[string]Decided{}
	for about, was := range r.memory.Since {
		if name, number, ok := strings.Cut(about, "#"); ok && name == key {
			moved[now+"#"+number] = was
		}
	}
	if len(moved) > 0 { // only the first time
		maps.Copy(moved, r.memory.Since)
		r.memory.Since = moved
	}
}

// keep goes on answering a live environment as it was, whatever holds it now.
func (r *resolver) keep(was Remembered, h *hold, head string) {
	r.serve(was)
	r.decided(Decision{
		Outcome: Live, Environment: was.Row.Name,
		Rule: h.rule, Withheld: h.withheld, Reason: "it stays as it was: " + h.reason, Remedy: h.remedy, Repository: was.Row.Repository, Number: was.member().Number,
		Title: was.Row.Title, Author: was.Row.Author, Owner: was.Row.Owner, URL: was.Row.PullRequestURL, HeadSHA: config.Printable(head),
	})
}

// serve adds an environment to the snapshot.
func (r *resolver) serve(e Remembered) {
	for _, h := range e.Hosts {
		r.hosts[h] = e.Row.Name
	}
	r.tally.count(e)
	for _, m := range e.Members {
		r.inWhich[m.subject()] = e.Row.Name
	}
	r.snapshot.Memory.Environments[e.Row.Name] = e
}

// subject is how what a decision is about is remembered.
func (d *Decision) subject() string {
	if d.Number > 0 {
		return subject(d.Repository, d.Number)
	}
	return d.Environment
}

func (r *resolver) decided(d Decision) {
	d.Reason, d.Remedy = config.Printable(d.Reason), config.Printable(d.Remedy)
	about := d.subject()
	r.memory.since(about, &d, r.now)
	r.named[d.Environment] = true
	r.snapshot.Decisions = append(r.snapshot.Decisions, d)
	r.snapshot.Memory.Since[about] = Decided{Outcome: d.Outcome, Rule: d.Rule, Since: d.Since, Place: r.place(about, d)}
}
