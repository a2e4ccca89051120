package preview

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
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
// environment vanish whose pull request is open and has the label that configuration asked for when the environment
// went live, unless a person confirmed it; in the end, with everything read and confirmed, exactly the desired
// environments are live.
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
		pulls: map[string][]*PullRequest{}, unreadable: map[string]bool{}, green: map[string]bool{}, approved: map[string]bool{},
		asked:  map[string]string{},
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
		if what = "stays where it is"; pr.isFork() { // a branch of the repository itself is there as long as the repository
			what, pr.HeadRepositoryID = "comes from where nobody knows", 0
		}
	case 6:
		pr.Changes = pick(p, nil, &Changes{}, &Changes{Paths: []string{"orders/a"}}, &Changes{Paths: []string{"web/a", "products/b"}})
		what = "changes something else"
	default:
		pr.Labels = pick(p, nil, []string{"preview"}, []string{"Preview"}, []string{"deploy"}, []string{"preview", "deploy"},
			[]string{"preview:full"}, []string{"preview-with:x"}, []string{"preview", "preview-with:x"},
			[]string{"preview-with:x", "preview-with:y"}, []string{"preview:full", "preview:checkout"})
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
		s.hand = pick(p, "", "services: {gateway: {branch: main}}\n", "services: {orders: {pullRequest: 2}}\n",
			"services: {web: {branch: gone}}\n", "profile: full\nowner: jakub\n", "oops: 1\n", links)
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

// load reads the config branch as the generator does: in place of an invalid file the last valid one stays in force.
func (p *play) load() {
	p.t.Helper()
	s := p.policy
	text := testfixture.Replace(p.t, readyDemo(p.t), "pullRequests: {", "pullRequests: {label: "+s.label+", forks: "+s.forks+", ",
		"alias: shop", "alias: "+s.alias) +
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
	for _, folder := range secretFolders {
		tree.Kustomizations["kustomize-base/"+folder] = true
	}
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
	p.deletionGuardHolds(before, m.Confirmed)
	p.forksHaveNoSecrets(before)
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
