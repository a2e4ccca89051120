package generator_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

var (
	seed      = flag.Uint64("seed", 0, "of the first random sequence; 0 takes 1 and the following, and then some that nobody has seen yet")
	sequences = flag.Int("sequences", 200, "how many random sequences are played")
)

const (
	steps = 20
	fresh = 5 // sequences that are others each time
)

// TestNoPreviewIsLost plays random sequences of what people, GitHub, Git, the cluster and the machine do to the service:
// its real parts, a real Git repository, a simulated GitHub behind a network, and an Argo CD that asks. At no step does an
// environment vanish whose pull request is open and labelled, unless somebody confirmed it; in the end, with everything
// readable and confirmed, the set is exact.
func TestNoPreviewIsLost(t *testing.T) {
	t.Parallel()
	var failed atomic.Bool // the others needn't go on
	first, last := max(*seed, 1), max(*seed, 1)+uint64(*sequences)
	for n := first; n < last; n++ {
		playSequence(t, n, &failed)
	}
	if *seed == 0 && *sequences >= 100 {
		n := uint64(time.Now().UnixNano())
		t.Logf("and %d sequences from -seed %d", fresh, n)
		for i := range uint64(fresh) {
			playSequence(t, n+i, &failed)
		}
	}
}

func playSequence(t *testing.T, seed uint64, failed *atomic.Bool) {
	t.Helper()
	t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
		t.Parallel()
		if failed.Load() {
			return
		}
		b, d := newBranch(t), &disk{File: store.File(t.TempDir() + "/state")}
		secrets := [3]*secret.File{testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken), testworld.NewSecret(t, "hush")}
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, seed, b, d, secrets)
			defer p.close()
			for p.number = 1; p.number <= steps && !p.failed; p.number++ {
				p.step()
			}
			if !p.failed {
				p.end()
			}
			if p.failed {
				failed.Store(true)
				t.Errorf("again: go test ./generator -run TestNoPreviewIsLost -seed %d -sequences 1\n%s", seed, strings.Join(p.story, "\n"))
			}
			if testing.Verbose() && *sequences == 1 {
				t.Log(strings.Join(p.story, "\n"))
			}
		})
	})
}

// settings are what changes in previewset.yaml.
type settings struct {
	label   string
	without string // a repository that isn't configured
	atOnce  int    // deletionsAtOnce
}

func (s settings) policy() string {
	text := `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  web: {repository: acme/shop, paths: ["web/**"], image: ghcr.io/acme/web, tag: "{{ .SHA }}", public: true, calls: [gateway]}
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway, tag: "{{ .SHA }}", public: true, calls: [orders], data: [redis], default: {branch: main}}
  orders: {repository: acme/shop, paths: ["orders/**"], image: ghcr.io/acme/orders, tag: "{{ .SHA }}", data: [postgres]}
  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer, tag: "{{ .SHA }}"}
profiles:
  full: {run: all}
`
	if s.without != "" {
		text = strings.ReplaceAll(text, "repository: "+s.without, "repository: acme/gateway")
	}
	text += "activity: {prometheus: {url: \"http://prometheus.example\", preset: ingress-nginx}}\n" +
		"lifetime: {deleteAfterIdle: 24h, sleep: {idleAfter: 10m}}\n"
	return text + fmt.Sprintf("pullRequests: {label: %s}\nlimits: {deletionsAtOnce: %d}\n", s.label, s.atOnce)
}

// place is a repository as configuration names it.
type place struct {
	key  string
	repo *githubtest.Repo
	name string           // that GitHub has for it now
	heir *githubtest.Repo // somebody else's that has its name now
	open int              // how many pull requests were ever opened
	// private says that our token can't read it.
	private bool
}

func (l *place) home() bool { return l.name == l.key && l.heir == nil && !l.private }

// live is an environment of the last answer.
type live struct {
	place  *place
	number int
	// asked are the labels that it may be remembered to have got its preview for; seen those that the service may have read
	// since it surely had read what was there.
	asked, seen map[string]bool
	// state is that of its last row.
	state string
	// shaky says that a read may still be under way that began when its pull request was closed or not labelled.
	shaky bool
}

// play is a world that things happen to, and the service's answers.
type play struct {
	*rand.Rand
	t      *testing.T
	seed   uint64
	number int // of the step
	story  []string
	failed bool

	hub       *hub
	places    []*place
	faults    int
	lying     bool  // the faults may hide that there is something
	lies      bool  // what the service has read may do so
	delivered int64 // the last webhook that was looked at
	late      []githubtest.Delivery
	branch    *branch
	settings  settings
	removed   bool // the config branch
	argocd    *argoCD
	without   bool // a cluster
	disk      *disk
	secrets   [3]*secret.File
	jump      atomic.Int64 // of the clock
	process   *process

	answered bool // since the start
	loaded   bool // a configuration, since the start
	lost     bool // memory, and nothing was answered since
	everLost bool
	asked    time.Time // when the last answer came
	body     string    // it
	rows     []map[string]any
	went     []departure
	most     int  // that may go at once
	sure     bool // everything that can be was read
	inForce  map[settings]bool
	live     map[string]*live
	may      map[string]bool // confirmed to go
	usage    *usage
	sleeps   map[string]bool // asked to
	// restart is what comes last in this step, next what comes first in the next one.
	restart, next func()
}

func newPlay(t *testing.T, seed uint64, b *branch, d *disk, secrets [3]*secret.File) *play {
	t.Helper()
	p := &play{
		Rand: rand.New(rand.NewPCG(seed, 2)), t: t, seed: seed, hub: newHub(), branch: b, argocd: newArgoCD(t), without: seed%2 == 0, disk: d, secrets: secrets,
		settings: settings{label: "preview", atOnce: int(seed/2%2) * 2}, inForce: map[settings]bool{}, live: map[string]*live{}, may: map[string]bool{},
		usage: newUsage(), sleeps: map[string]bool{},
	}
	p.hub.AllowToken("gh-t0ken", "acme/none")
	p.hub.AddRepository("acme/previews")
	for key, n := range map[string]int{"acme/gateway": 2, "acme/mailer": 1, "acme/shop": 4} {
		if seed%20 == 10 && key == "acme/shop" {
			n = 105
		}
		p.places = append(p.places, &place{key: key, name: key, open: n})
	}
	slices.SortFunc(p.places, func(a, b *place) int { return strings.Compare(a.key, b.key) })
	for _, l := range p.places {
		l.repo = p.hub.AddRepository(l.key)
		n := l.open
		l.open = 0
		for range n - 24 { // with a second page, few have a preview
			l.open = l.repo.Open(githubtest.PullRequest{Files: p.files()})
		}
		for range min(n, 24) {
			p.opens(l)
		}
	}
	p.hub.LoseDeliveries(1 << 40) // the play is the network: see deliver
	p.hub.AddHook("http://generator.example", "")
	p.push(p.settings.policy(), &p.settings, false)
	p.begin()
	p.wait()
	p.check()
	return p
}

func (p *play) close() {
	p.process.stop()
	p.hub.ClearFaults()
	_ = p.hub.server.Close()
}

func (p *play) tell(format string, args ...any) {
	p.story = append(p.story, time.Now().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.tell("FAILED: "+format, args...)
	p.t.Errorf("seed %d step %d: %s", p.seed, p.number, fmt.Sprintf(format, args...))
	if !p.failed {
		p.failed = true
		p.tell("%s", over(p.t, p.process.private, http.MethodGet, "/readyz?verbose", "", nil).Body)
		p.tell("%s", p.api("/api/v1/decisions").Body)
	}
}

func pick[T any](p *play, all ...T) T { return all[p.IntN(len(all))] }

func (p *play) begin() {
	p.answered, p.loaded = false, false
	var cluster generator.Cluster
	if !p.without {
		cluster = p.argocd
	}
	p.process = startProcess(p.t, p.hub, p.branch, p.disk, cluster, p.secrets, p.usage, &p.jump)
	synctest.Wait()
}

// step lets one to three things happen, tells the service of them or not, and asks.
func (p *play) step() {
	if next := p.next; next != nil {
		p.next = nil
		next()
	}
	for range 1 + p.IntN(3) {
		p.event()
	}
	if p.restart != nil {
		p.restart()
		p.restart = nil
	}
	p.deliver()
	p.wait()
	p.check()
	if p.answered && !p.failed && p.IntN(10) == 0 {
		p.nothing()
	}
}

// calm says whether everything can be read, if the config branch is there.
func (p *play) calm() bool {
	return p.faults == 0 && !p.disk.full.Load() && !slices.ContainsFunc(p.places, func(l *place) bool { return !l.home() })
}

const (
	// surely is a time in which everything is polled, also where GitHub wanted to be left alone for a minute.
	surely = pollInterval + 90*time.Second
	// soon is a time in which it isn't.
	soon = 5 * time.Second
)

func (p *play) wait() {
	for _, l := range p.live {
		p.note(l)
	}
	if p.answered && p.IntN(2) == 0 {
		p.poll()
		return
	}
	time.Sleep(pick(p, 0, soon))
	synctest.Wait()
	p.advance(false)
}

// poll waits until everything was read that can be.
func (p *play) poll() {
	time.Sleep(surely)
	synctest.Wait()
	p.advance(p.answered && p.calm())
	p.lies = p.lying // whatever was hidden before was read since
}

// nothing happens, and the answer stays the same byte by byte.
func (p *play) nothing() {
	p.tell("nothing happens")
	p.uses("used") // else what is idle may fall asleep
	p.poll()
	p.check()
	if p.hub.open.Load() > 0 || p.failed {
		return
	}
	before := p.ask()
	p.poll()
	if after := p.ask(); before.Body != after.Body && p.hub.open.Load() == 0 {
		p.fail("nothing happened, and the answer is another one")
	}
	p.check()
}

// end makes everything readable and says so to nobody, has what is withheld confirmed, and compares with what is to be.
func (p *play) end() {
	p.heal()
	p.settings = settings{label: p.settings.label}
	p.push(p.settings.policy(), &p.settings, false)
	for _, l := range p.places {
		for n := 1; n <= l.open; n++ {
			l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Draft = false })
		}
	}
	for range 2 { // the first may be the first answer
		p.poll()
		p.check()
	}
	withheld := p.withheld()
	for len(withheld) > 0 && !p.failed {
		p.confirm(withheld)
		p.poll()
		again := p.withheld()
		if len(again) == len(withheld) {
			p.fail("%v are withheld though they were confirmed", again)
		}
		withheld = again
	}
	p.exactly(p.wanted(p.settings))
}

func (p *play) exactly(want map[string]string) {
	p.t.Helper()
	rows := p.ask().Rows(p.t)
	for _, r := range rows {
		name, _ := r["name"].(string)
		if want[name] != r["head_sha"] {
			p.fail("in the end %s is at %v, want %q", name, r["head_sha"], want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		p.fail("in the end %v are missing", want)
	}
}

func (p *play) decisions() []preview.Decision {
	p.t.Helper()
	var got struct{ Decisions []preview.Decision }
	if a := p.api("/api/v1/decisions"); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil {
		p.t.Fatalf("%d %s", a.Code, a.Body)
	}
	return got.Decisions
}

// api asks as previewctl does.
func (p *play) api(path string) testworld.Response {
	p.t.Helper()
	return over(p.t, p.process.private, http.MethodGet, path, "", map[string]string{"Authorization": "Bearer " + testworld.APIToken})
}

// withheld are the environments that wait for somebody to confirm that they may go.
func (p *play) withheld() []string {
	p.t.Helper()
	var names []string
	for _, d := range p.decisions() {
		if d.Withheld {
			names = append(names, d.Environment)
		}
	}
	slices.Sort(names)
	return names
}
