package preview

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

const (
	// clockStep is the longest between two answers that isn't a clock that jumped, or a service that was away; and how far
	// the clock may be from GitHub's.
	clockStep = 5 * time.Minute
	// measuredFor is how long a measurement says something.
	measuredFor = 3 * time.Minute
)

// living is a live environment on its way through its states.
type living struct {
	Life
	name    string
	was     *Remembered
	wish    *wish // nil where nobody asks for it now
	file    *config.Environment
	profile string
	rules   *config.LifetimeSettings
	intent  Intent
	state   string
	// measured says that it is known whether it was used lately.
	measured bool
	// links are the environments that it leads to, linkers those that lead to it.
	links, linkers []*living
	// waits is its number in the queue of those that are to wake; 0 where it doesn't wait.
	waits int
}

// beginLife is that of an environment which is new, or of which nothing is remembered: it counts as just used.
func (r *resolver) beginLife() Life {
	now := r.now.UTC()
	return Life{Since: now.Truncate(time.Second), Unsure: !r.agrees(), Changed: now, Pushed: now, Active: now}
}

// live finds out how each environment that was live is used, before anything is decided.
func (r *resolver) live(wishes []*wish) {
	for _, w := range wishes {
		w.pushed, w.knowsHeads = r.headsOf(w)
		if w.was != nil || r.asked[w.name] == nil {
			r.asked[w.name] = w
		}
	}
	r.measure()
	for name, was := range r.was {
		r.lives[name] = r.living(name, was)
	}
	r.lead()
	r.spread()
	r.remain()
}

// living is one environment as it was.
func (r *resolver) living(name string, was *Remembered) *living {
	l := &living{name: name, was: was, wish: r.asked[name], file: r.file(name), profile: was.Row.Profile, rules: r.LifetimeOf(was.Row.Profile), state: was.Row.State, intent: r.memory.Intents[name]}
	life, ok := r.memory.Lives[name]
	if l.Life = life; !ok {
		l.Life = r.beginLife()
		l.recover(r.memory, r.now.UTC())
	}
	if l.Unsure && r.agrees() {
		l.Since, l.Unsure = r.now.UTC().Truncate(time.Second), false
	}
	if l.wish != nil {
		l.listen(r.now.UTC())
		if l.wish.source() == sourceEnvironment && was.Row.Source != sourceEnvironment { // its end counts from now on
			l.Since, l.Unsure = r.now.UTC().Truncate(time.Second), !r.agrees()
		}
	}
	l.Active = latest(l.Active, latest(l.Pushed, latest(l.intent.Woken, l.intent.Renewed)))
	r.use(l)
	r.settled(l)
	return l
}

// recover lets an environment stay for as long as somebody may have extended it, where memory is lost.
func (l *living) recover(m Memory, now time.Time) {
	if m.At.IsZero() {
		l.intent.Renewed, l.intent.Extended = now, now.Add(forEver)
		m.Intents[l.name] = l.intent
	}
}

// listen takes what the pull requests and the file of an environment say of it.
func (l *living) listen(now time.Time) {
	if w := l.wish; w.knowsHeads && w.pushed != l.Heads {
		if l.Heads != "" && isPush(w.pushed, l.Heads) {
			l.Pushed = now
		}
		l.Heads = w.pushed
	}
	if !l.wish.ends() {
		l.Closed = time.Time{}
	}
}

// measure finds out of which time the newest measurement says something. Between two of them may be a gap.
func (r *resolver) measure() {
	m := r.facts.Activity
	r.snapshot.Memory.Measured, r.snapshot.Memory.Jumped = r.memory.Measured, r.memory.Jumped
	if age := r.now.Sub(m.At); m.At.IsZero() ||
		age < 0 || age > measuredFor { // guard old-measurement: false
		return
	}
	r.measured = true
	if begins := m.At.Add(-m.Window); begins.After(r.memory.Measured) {
		r.gap = begins.UTC()
	}
	r.snapshot.Memory.Measured = latest(r.memory.Measured, m.At.UTC())
}

// use notes when an environment was last used. What isn't known to be idle is in use; only of one that sleeps it is known
// without a measurement, since all that can come are visits.
func (r *resolver) use(l *living) {
	used, ok := r.facts.Activity.Used[l.was.Row.Namespace]
	l.measured = r.measured && // guard measurement-is-new: true
		ok // guard namespace-is-measured: true
	switch {
	case l.measured && used:
		l.Active = latest(l.Active, r.facts.Activity.At.UTC())
	case l.measured && (l.state != Asleep || l.Changed.After(r.memory.Measured)): // else it slept through the gap
		l.Active = latest(l.Active, r.gap) // guard gap: skip
	case !l.measured && l.state != Asleep: // guard unknown-use: false
		l.Active = latest(l.Active, r.now.UTC())
	}
	if len(l.file.Handover) > 0 { // how people's own tools use it, nobody measures
		l.Active = latest(l.Active, r.now.UTC())
	}
}

// agrees says whether the clock is GitHub's, as far as anybody can know.
func (r *resolver) agrees() bool {
	jumped := r.memory.Jumped
	return r.facts.Skew != nil && r.facts.Skew.Abs() <= clockStep && // guard clock-agrees: true
		(jumped.IsZero() || r.now.Sub(jumped) > clockStep) // guard clock-jumped-just-now: true
}

// headsOf are the commits that people push for an environment to be as it is: those of its pull requests, of what its file
// chooses, and of the file itself, each as a hash. What services run at by default isn't among them: it would keep all awake
// for ever. A member that can't be heard now has the one that it had. known is false where a repository that the file chooses
// from can't be read.
func (r *resolver) headsOf(w *wish) (heads string, known bool) {
	var all []string
	add := func(what string, of ...any) {
		sum := sha256.Sum256([]byte(fmt.Sprintln(of...)))
		all = append(all, what+"="+hex.EncodeToString(sum[:8]))
	}
	for _, c := range w.members {
		if w.own || c.hold == nil || c.isIn(w.name) {
			add(Member{Repository: c.key, RepositoryID: c.repositoryID, Number: c.Number}.lasting(), c.HeadSHA)
		}
	}
	all = append(all, r.lastHeads(w)...)
	for name, ref := range w.file.Services {
		sha, ok := r.chosen(name, ref)
		if !ok {
			return "", false
		}
		add(name, sha)
	}
	if w.claim != nil {
		add("claim", w.claim.Holders, w.claim.Since)
	}
	if tree := r.FolderTree(w.name); tree != "" {
		add("folder", tree)
	}
	return strings.Join(sortedSet(all), " "), true
}

// lastHeads are those of the members of an environment that is or was live which can't be heard now, as they are remembered.
func (r *resolver) lastHeads(w *wish) (heads []string) {
	last, unheard := r.memory.Lives[w.name].Heads, []Member{}
	for _, g := range w.ghosts {
		unheard = append(unheard, g.Member)
	}
	if left, ok := r.memory.Left[w.name]; ok && w.was == nil {
		last = left.Heads
		for _, m := range left.Members {
			if _, heard := r.heardAs(m.Repository); !heard {
				unheard = append(unheard, m)
			}
		}
	}
	for _, m := range unheard {
		for head := range strings.FieldsSeq(last) {
			if strings.HasPrefix(head, m.lasting()+"=") {
				heads = append(heads, head)
			}
		}
	}
	return heads
}

// isPush says whether there is a commit among heads that wasn't there before. That a pull request was closed, or left, is none.
func isPush(heads, last string) bool {
	if heads == last {
		return false
	}
	before := strings.Fields(last)
	return slices.ContainsFunc(strings.Fields(heads), func(head string) bool { return !slices.Contains(before, head) })
}

// chosen is the commit that a file's ref names now; empty where it names none.
func (r *resolver) chosen(service string, ref config.Ref) (sha string, ok bool) {
	s := r.Policy.Services.Get(service)
	if s == nil {
		return "", true
	}
	repository, ok := r.heard(strings.ToLower(s.Repository))
	switch {
	case ref.SHA != "":
		sha = ref.SHA
	case ref.Branch != "":
		sha = repository.Branches[ref.Branch]
	case ref.Tag != "":
		sha = repository.Tags[ref.Tag]
	default:
		pr, _ := openPullRequest(repository, ref.PullRequest)
		sha = pr.HeadSHA
	}
	return sha, ok
}

// lead finds out which environments lead to which, as they were.
func (r *resolver) lead() {
	for name, l := range r.lives {
		for service := range l.file.Links {
			if _, runs := l.was.Run[service]; runs {
				continue
			}
			target, _ := r.follow(name, service, r.before())
			if to := r.lives[target]; to != nil && to != l {
				l.links, to.linkers = append(l.links, to), append(to.linkers, l)
			}
		}
	}
}

// spread counts the use of an environment as that of all that it leads to.
func (r *resolver) spread() {
	var next []*living
	for _, l := range r.lives {
		if len(l.links) > 0 {
			next = append(next, l)
		}
	}
	for len(next) > 0 {
		l := next[0]
		next = next[1:]
		for _, to := range l.links {
			if l.Active.After(to.Active) {
				to.Active = l.Active
				next = append(next, to)
			}
		}
	}
}
