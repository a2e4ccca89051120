package preview

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

var seed = flag.Uint64("seed", 0, "of the first random sequence; 0 takes another one each time")

const (
	sequences = 200
	steps     = 60
)

// TestNoEnvironmentIsLost plays random sequences of what people, GitHub and the cluster do. At no step does an
// environment vanish whose pull request is open and has the label that configuration asked for when the environment went
// live, unless somebody confirmed it; in the end, with everything read and confirmed, exactly those are live that are to be.
func TestNoEnvironmentIsLost(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	t.Logf("random sequences from -seed %d", first)
	takenOver, linkedTakenOver := 0, 0
	for i := range uint64(sequences) {
		p := newPlay(t, first+i)
		for range steps {
			p.step()
		}
		p.end()
		takenOver, linkedTakenOver = takenOver+p.takenOver, linkedTakenOver+p.linkedTakenOver
		if t.Failed() {
			t.Fatalf("again: go test -run %s -seed %d\n%s", t.Name(), first+i, strings.Join(p.story, "\n"))
		}
	}
	if takenOver < 10*sequences || linkedTakenOver < sequences/10 {
		t.Errorf("only %d compositions were taken over, and %d with links", takenOver, linkedTakenOver)
	}
}

// play is a world that things happen to, and the service's answers.
type play struct {
	*rand.Rand
	t      *testing.T
	seed   uint64
	number int // of the step
	story  []string
	now    time.Time

	pulls      map[string][]*PullRequest // all that ever were, by repository; closed ones have no Created
	unreadable map[string]bool           // repositories
	green      map[string]bool           // commits
	approved   map[string]bool           // commits
	main       string                    // acme/gateway's head
	commits    int

	policy settings
	config *config.Config
	facts  Facts
	last   *Snapshot
	// asked is the label that configuration asked for when an environment's pull request last had it.
	asked map[string]string
	// lost are the times at which environments went for want of a label.
	lost []time.Time
	// takenOver counts the compositions of the last answer that the next one took over.
	takenOver, linkedTakenOver int
}

// settings is what changes in previewset.yaml.
type settings struct {
	label, prefix, alias, forks, limits string
	without                             string // a repository that isn't configured
	file                                string // shop-pr-3's; "" is none
	hand                                string // environment jakub's; "" is none
	holder                              string // of slot ivysaur; "" is none
	broken                              bool
}

// Two files of which one's environment links to the other's.
const (
	shares = "profile: full\nshared: true\n"
	links  = "profile: checkout\nlinks: {products: {pullRequest: acme/shop#3}}\n"
)

func newPlay(t *testing.T, seed uint64) *play {
	t.Helper()
	p := &play{
		Rand: rand.New(rand.NewPCG(seed, 1)), t: t, seed: seed, now: noon, last: &Snapshot{}, facts: factsOf(),
		pulls: map[string][]*PullRequest{}, unreadable: map[string]bool{}, green: map[string]bool{}, approved: map[string]bool{}, asked: map[string]string{},
		policy: settings{label: "preview", prefix: "preview-", alias: "shop", forks: "approved"},
	}
	if p.IntN(2) == 0 {
		p.policy.file, p.policy.hand = shares, links
	}
	p.main = p.commit()
	for repository, n := range map[string]int{"acme/shop": 6, "acme/gateway": 3, "acme/mailer": 2} {
		for i := range n {
			pr := pull(i + 1)
			pr.HeadSHA = ""
			p.pulls[repository] = append(p.pulls[repository], &pr)
		}
	}
	for _, repository := range []string{"acme/gateway", "acme/mailer", "acme/shop"} { // maps have no order, a seed has
		for _, pr := range p.pulls[repository] {
			pr.HeadSHA = p.commit()
			if p.IntN(4) == 0 {
				pr.HeadRepositoryID = 99
			}
			if repository == "acme/gateway" {
				pr.Author = "carol"
			}
		}
	}
	p.load()
	p.resolve(Memory{})
	return p
}

// commit makes a new one; two in three are green at once.
func (p *play) commit() string {
	p.commits++
	c := testfixture.SHA(fmt.Sprintf("%x", 0xabc000+p.commits))
	p.green[c] = p.IntN(3) > 0
	return c
}

func (p *play) tell(format string, args ...any) {
	p.story = append(p.story, p.now.Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.tell("FAILED: "+format, args...)
	p.t.Errorf("seed %d step %d: %s", p.seed, p.number, fmt.Sprintf(format, args...))
}

func pick[T any](p *play, all ...T) T { return all[p.IntN(len(all))] }

// any is a pull request, open or closed.
func (p *play) any() (repository string, pr *PullRequest) {
	repository = pick(p, "acme/shop", "acme/shop", "acme/gateway", "acme/mailer")
	return repository, pick(p, p.pulls[repository]...)
}

// step lets one to three things happen, and resolves.
func (p *play) step() {
	p.number++
	p.now = p.now.Add(pick(p, time.Second, time.Minute, 5*time.Minute, time.Hour))
	memory := p.last.Memory
	for range 1 + p.IntN(3) {
		switch p.IntN(20) {
		case 0, 1, 2, 3, 4, 5, 6:
			p.pullRequestChanges()
		case 7:
			p.allLabels()
		case 8:
			p.main = p.commit()
			p.tell("push to main of acme/gateway: %s", short(p.main))
		case 9, 10:
			p.checksTurnGreen()
		case 11, 12:
			p.configChanges()
		case 13, 14:
			r := pick(p, "acme/shop", "acme/gateway", "acme/mailer")
			p.unreadable[r] = !p.unreadable[r]
			p.tell("%s can't be read: %v", r, p.unreadable[r])
		case 15:
			p.tell("restart")
			p.facts = Facts{}
			memory = restarted(p.t, memory)
			p.config = nil
			p.load()
		case 16:
			memory = p.confirm(memory)
		case 17:
			if p.IntN(4) == 0 {
				p.loseMemory()
				return
			}
		default:
			p.review()
		}
	}
	p.resolve(memory)
}

func (p *play) pullRequestChanges() {
	repository, pr := p.any()
	var what string
	switch p.IntN(9) {
	case 0:
		what, pr.Created = "closes", time.Time{}
	case 1, 2:
		what, pr.Created = "opens", p.now
	case 3:
		what, pr.HeadSHA = "gets a push", p.commit()
	case 4:
		pr.Draft = !pr.Draft
		what = fmt.Sprintf("is a draft: %v", pr.Draft)
	case 5:
		what, pr.HeadRepositoryID = "comes from where nobody knows", 0
	case 6:
		pr.Changes = pick(p, nil, &Changes{}, &Changes{Paths: []string{"orders/a"}}, &Changes{Paths: []string{"web/a", "products/b"}})
		what = "changes something else"
	default:
		pr.Labels = pick(p, nil, []string{"preview"}, []string{"Preview"}, []string{"deploy"}, []string{"preview", "deploy"}, []string{"preview:full"}, []string{"preview-with:x"}, []string{"preview", "preview-with:x"}, []string{"preview-with:x", "preview-with:y"}, []string{"preview:full", "preview:checkout"})
		what = fmt.Sprintf("is labelled %q", pr.Labels)
	}
	p.tell("%s#%d %s", repository, pr.Number, what)
}

// allLabels sets the labels of a whole repository, as deleting, renaming and restoring a label do.
func (p *play) allLabels() {
	repository, labels := pick(p, "acme/shop", "acme/gateway"), pick(p, nil, []string{"preview"}, []string{"deploy"})
	for _, pr := range p.pulls[repository] {
		pr.Labels = labels
	}
	p.tell("all of %s are labelled %q", repository, labels)
}

func (p *play) checksTurnGreen() {
	repository, pr := p.any()
	commit := pick(p, pr.HeadSHA, p.main)
	p.green[commit] = true
	p.tell("%s of %s is green", short(commit), repository)
}

func (p *play) review() {
	repository, pr := p.any()
	p.approved[pr.HeadSHA] = true
	p.tell("%s#%d is approved", repository, pr.Number)
}

func (p *play) configChanges() {
	s := &p.policy
	switch p.IntN(11) {
	case 8, 9:
		s.hand = pick(p, "", "services: {gateway: {branch: main}}\n", "services: {orders: {pullRequest: 2}}\n", "services: {web: {branch: gone}}\n", "profile: full\nowner: jakub\n", "oops: 1\n", links)
	case 10:
		s.holder = pick(p, "", "carol", "dave")
	case 0, 1:
		s.label = pick(p, "preview", "preview", "deploy")
	case 2:
		s.prefix = pick(p, "preview-", "preview-", "pr-")
	case 3:
		s.alias = pick(p, "shop", "store")
	case 4:
		s.without = pick(p, "", "", "acme/shop", "acme/gateway", "acme/mailer")
	case 5:
		s.forks = pick(p, "never", "approved", "approved")
	case 6:
		s.limits = pick(p, "", "", "environments: 2, deletionsAtOnce: 2", "perOwner: 3, deletionsAtOnce: 1", "perRepository: 2")
	default:
		s.file = pick(p, "", "profile: full\n", shares, "profile: nonsense\n", "oops: 1\n")
		s.broken = p.IntN(2) == 0
	}
	p.tell("configuration is %+v", *s)
	p.load()
}

// load reads the config branch as the service does: what is broken leaves what was in force.
func (p *play) load() {
	p.t.Helper()
	s := p.policy
	text := testfixture.Replace(p.t, readyDemo(p.t), "pullRequests: {", "pullRequests: {label: "+s.label+", forks: "+s.forks+", ", "alias: shop", "alias: "+s.alias) +
		"namespacePrefix: " + s.prefix + "\nslots: on\nlimits: {" + s.limits + "}\n"
	if s.without != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "acme/Shop", "acme/shop"), s.without, s.without+"-elsewhere")
	}
	files := map[string]string{config.PolicyFile: text}
	if s.file != "" {
		files["overlays/shop-pr-3/environment.yaml"] = testfixture.EnvironmentYAML("pullRequest: acme/shop#3\n" + s.file)
	}
	if s.hand != "" {
		files["overlays/jakub/environment.yaml"] = testfixture.EnvironmentYAML(s.hand)
	}
	files[config.SlotsFile] = testfixture.SlotsYAML("slots: {ivysaur: {holders: [" + s.holder + "]}}\n")
	if s.broken && p.config != nil {
		files[config.PolicyFile] = "nonsense: [\n"
	}
	prev := p.config
	if prev == nil {
		prev = p.last.Memory.Previous()
	}
	tree := testfixture.DemoTree(files)
	tree.Commit = p.commit()
	if p.config != nil {
		tree.Ancestors = []string{p.config.Commit, p.last.Memory.Commit}
	}
	c, err := config.Load(tree, prev)
	if (err != nil) != (s.broken && p.config != nil) {
		p.fail("load: %v", err)
		return
	}
	if err == nil {
		p.config = c
	}
}

// read brings facts up to date where that can be done; the others stay as they were read last.
func (p *play) read() {
	all := maps.Clone(p.facts.Repositories)
	if all == nil {
		all = map[string]Repository{}
	}
	for _, name := range p.config.Repositories() {
		if p.unreadable[name] {
			continue
		}
		all[name] = p.repository(name)
	}
	p.facts = Facts{Repositories: all}
}

func (p *play) repository(name string) Repository {
	r := Repository{FullName: name, Branches: map[string]string{"main": p.main}, Checks: map[string][]Check{}}
	for _, pr := range p.pulls[name] {
		if pr.Created.IsZero() {
			continue
		}
		is := *pr
		is.Approvals, is.CommitAuthors = []Approval{}, []string{"alice"}
		if p.approved[is.HeadSHA] {
			is.Approvals = []Approval{{Reviewer: "bob", SHA: is.HeadSHA, Writer: true}}
		}
		r.PullRequests = append(r.PullRequests, is)
		r.Checks[is.HeadSHA] = []Check{{Name: "image", App: "github-actions", Green: p.green[is.HeadSHA]}}
	}
	r.Checks[p.main] = []Check{{Name: "image", App: "github-actions", Green: p.green[p.main]}}
	p.Shuffle(len(r.PullRequests), func(i, j int) { r.PullRequests[i], r.PullRequests[j] = r.PullRequests[j], r.PullRequests[i] })
	return r
}

// confirm lets one go that is withheld.
func (p *play) confirm(m Memory) Memory {
	var names []string
	for _, d := range p.last.Decisions {
		if d.Withheld {
			names = append(names, d.Environment)
		}
	}
	if names == nil {
		return m
	}
	name := pick(p, names...)
	p.tell("confirmed: %s", name)
	m.Confirmed = map[string]bool{name: true}
	return m
}

func (p *play) resolve(m Memory) {
	p.read()
	before := p.last
	p.last = Resolve(p.config, p.facts, m, p.now)
	for _, d := range p.last.Decisions {
		p.tell("  %s: %s by %s: %s", d.Environment, d.Outcome, d.Rule, d.Reason)
	}
	p.workIsSavedOnly(m)
	p.nothingIsLost(before, m.Confirmed)
	p.brakeHolds(before, m.Confirmed)
	p.newOnesAreAllowed(before)
	p.answerIsWhole()
	for name, e := range p.last.Memory.Environments {
		if label := p.config.Policy.PullRequests.Label; !isNamed(name) && has(p.read1(e.Members[0]).Labels, label) {
			p.asked[name] = label
		} else if !isNamed(name) && has(p.read1(e.Members[0]).Labels, "preview-with") {
			p.asked[name] = "preview-with"
		}
	}
}

// truth is what stands on GitHub, read or not.
func (p *play) truth(m Member) PullRequest { return *p.pulls[m.Repository][m.Number-1] }

// isMember says whether a pull request is in some environment now.
func (p *play) isMember(m Member) bool {
	for _, e := range p.last.Memory.Environments {
		if slices.ContainsFunc(e.Members, func(other Member) bool { return other.subject() == m.subject() }) {
			return true
		}
	}
	return false
}

// isAskedFor says whether what is configured makes an environment, whatever its pull requests do.
func (p *play) isAskedFor(name string) bool {
	return name == "jakub" && p.policy.hand != "" || name == "ivysaur" && p.policy.holder != ""
}

// has says whether one of the labels is this one, with a profile or without.
func has(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		l = strings.ToLower(l)
		return l == label || strings.HasPrefix(l, label+":")
	})
}

func (p *play) nothingIsLost(before *Snapshot, confirmed map[string]bool) {
	for name, was := range before.Memory.Environments {
		is, there := p.last.Memory.Environments[name]
		for _, m := range was.Members {
			pr, label := p.truth(m), p.asked[name]
			if isNamed(name) {
				label = "preview-with:" + name
			}
			if !there && !confirmed[name] && !pr.Created.IsZero() && has(pr.Labels, label) && !p.isMember(m) && !p.conflicts(m) {
				p.fail("%s vanished, though it is open and labelled %q", name, pr.Labels)
			}
		}
		switch {
		case confirmed[name]:
		case !there && p.isAskedFor(name):
			p.fail("%s vanished, though it is asked for", name)
		case there && is.Row.Namespace != was.Row.Namespace:
			p.fail("%s moved to %s", name, is.Row.Namespace)
		case there && !isNamed(name) && was.Run != nil && missing(was.Run, is.Run):
			p.fail("services of %s went: %v, now %v", name, was.Run, is.Run)
		}
	}
}

func missing(was, is map[string]config.ServiceRef) bool {
	for s := range was {
		if _, ok := is[s]; !ok {
			return true
		}
	}
	return false
}

// brakeHolds: no more go for want of a label within ten minutes than may, and whom it held once it lets go only when
// somebody says so.
func (p *play) brakeHolds(before *Snapshot, confirmed map[string]bool) {
	p.lost = slices.DeleteFunc(p.lost, func(at time.Time) bool { return p.now.Sub(at) >= guardWindow })
	went := false
	for name, was := range before.Memory.Environments {
		if _, there := p.last.Memory.Environments[name]; there || confirmed[name] || !p.isOpen(was) && was.Row.Source == FromPullRequest {
			continue
		}
		went = true
		p.lost = append(p.lost, p.now)
		if was.IsGuarded {
			p.fail("%s was withheld, and nobody confirmed that it may go", name)
		}
	}
	if n := len(p.lost); went && n > cmp.Or(p.config.Policy.Limits.DeletionsAtOnce, 10) {
		p.fail("%d went within ten minutes", n)
	}
}

// isOpen says whether a pull request is open as far as it was read.
func (p *play) isOpen(e Remembered) bool {
	return slices.ContainsFunc(e.Members, func(m Member) bool { return p.read1(m).Number > 0 })
}

func (p *play) read1(m Member) PullRequest {
	pr, _ := openPullRequest(p.facts.Repositories[m.Repository], m.Number)
	return pr
}

// conflicts says whether a pull request is held for what another one changes.
func (p *play) conflicts(m Member) bool {
	return slices.ContainsFunc(p.last.Decisions, func(d Decision) bool {
		return d.Rule == RuleConflict && subject(d.Repository, d.Number) == m.subject()
	})
}

// newOnesAreAllowed: what is new, and which commit is, is green, approved and within the limits.
func (p *play) newOnesAreAllowed(before *Snapshot) {
	limits, grew := p.config.Policy.Limits, false
	for name, is := range p.last.Memory.Environments {
		was, there := before.Memory.Environments[name]
		grew = grew || !there
		for s, pin := range is.Run {
			pr := p.read1(Member{Repository: strings.ToLower(p.config.Policy.Services.Get(s).Repository), Number: pin.Number})
			if pin != was.Run[s] && pr.Number > 0 && pr.HeadRepositoryID != pr.BaseRepositoryID && !p.approved[pin.SHA] {
				p.fail("%s runs %s of %s, which nobody approved", name, short(pin.SHA), s)
			}
		}
		for _, s := range []string{"orders", "gateway"} {
			if pin := is.Run[s]; pin != was.Run[s] && pin.SHA != "" && !p.green[pin.SHA] {
				p.fail("%s runs %s at %s, which isn't green", name, s, short(pin.SHA))
			}
		}
	}
	if n := len(p.last.Rows); grew && limits.Environments > 0 && n > limits.Environments {
		p.fail("%d are live after one more went live", n)
	}
}

// answerIsWhole: rows are sorted and unique, each has a decision, and so has every open pull request.
func (p *play) answerIsWhole() {
	decided := map[string]bool{}
	for _, d := range p.last.Decisions {
		if d.Outcome == Live || d.Outcome == AsleepOutcome {
			decided[d.Environment] = true
		}
		if state := p.last.Memory.Environments[d.Environment].Row.State; (d.Outcome == AsleepOutcome) != (d.State == Asleep) || (d.Outcome == AsleepOutcome && state != Asleep) {
			p.fail("%s is %s, and its row %s: %+v", d.Environment, d.Outcome, state, d)
		}
		if d.Outcome == Held && (d.Reason == "" || d.Remedy == "") {
			p.fail("%s is held, and nobody knows why or what to do: %+v", d.Environment, d)
		}
	}
	for i, r := range p.last.Rows {
		if !decided[r.Name] || (i > 0 && p.last.Rows[i-1].Name >= r.Name) {
			p.fail("row %s has no decision, or is out of order", r.Name)
		}
	}
	if len(decided) != len(p.last.Rows) || len(p.last.Rows) != len(p.last.Memory.Environments) {
		p.fail("%d decisions and %d remembered for %d rows", len(decided), len(p.last.Memory.Environments), len(p.last.Rows))
	}
}

// loseMemory restarts without, with everything readable: else the service answers nothing. What stands there again is
// whatever would get a preview today.
func (p *play) loseMemory() {
	p.tell("memory is lost")
	clear(p.unreadable)
	p.policy.broken = false
	p.last, p.config, p.lost = &Snapshot{}, nil, nil
	p.load()
	p.resolve(Memory{})
}

// end makes everything readable, ready, approved and allowed, confirms all that is withheld, and compares.
func (p *play) end() {
	p.tell("the end")
	clear(p.unreadable)
	p.policy.broken, p.policy.file, p.policy.limits, p.policy.forks, p.policy.hand, p.policy.holder = false, "", "", "approved", "", ""
	p.green[p.main] = true
	want := []string{}
	for name, pulls := range p.pulls {
		for _, pr := range pulls {
			p.green[pr.HeadSHA], p.approved[pr.HeadSHA] = true, true
			pr.Draft, pr.Changes = false, &Changes{All: true}
			pr.Labels = slices.DeleteFunc(slices.Clone(pr.Labels), func(l string) bool { return l == "preview:checkout" || strings.HasPrefix(l, "preview-with:") })
			if !pr.Created.IsZero() && has(pr.Labels, p.policy.label) && name != p.policy.without {
				want = append(want, subject(name, pr.Number))
			}
		}
	}
	p.load()
	for range 3 {
		p.now = p.now.Add(time.Hour)
		p.resolve(p.confirmAll(p.last.Memory))
	}
	got := []string{}
	for _, e := range p.last.Memory.Environments {
		for _, m := range e.Members {
			got = append(got, m.subject())
		}
		if want := p.policy.prefix + e.Row.Name; e.Row.Namespace != want {
			p.fail("%s is in %s in the end", e.Row.Name, e.Row.Namespace)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		p.fail("in the end %v are live, want %v", got, want)
	}
}

func (p *play) confirmAll(m Memory) Memory {
	m.Confirmed = map[string]bool{}
	for _, d := range p.last.Decisions {
		if d.Withheld {
			m.Confirmed[d.Environment] = true
		}
	}
	return m
}
