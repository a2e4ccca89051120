package generator_test

import (
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
	seed      = flag.Uint64("seed", 0, "seed of the first random sequence; 0 runs the seeds from 1 and then a few new ones")
	sequences = flag.Int("sequences", defaultSequences, "number of random sequences")
)

const (
	steps        = 20
	newSequences = 5 // sequences with a new seed in each run
)

// TestNoPreviewIsLost runs random sequences of events around the generator: pull requests, webhooks, failures of GitHub,
// Git, Prometheus and the cluster, restarts, lost state and clock jumps. The generator, Git and the GitHub client are
// real; GitHub and Argo CD are simulated. After each step an environment must still be live if its pull request is open
// and labelled and its removal wasn't confirmed. At the end everything can be read and is confirmed; then exactly the
// desired environments are live.
func TestNoPreviewIsLost(t *testing.T) {
	t.Parallel()
	var failed atomic.Bool // stops the other sequences
	first, last := max(*seed, 1), max(*seed, 1)+uint64(*sequences)
	for n := first; n < last; n++ {
		runSequence(t, n, &failed)
	}
	if *seed == 0 && *sequences >= defaultSequences {
		n := uint64(time.Now().UnixNano())
		t.Logf("%d more sequences from -seed %d", newSequences, n)
		for i := range uint64(newSequences) {
			runSequence(t, n+i, &failed)
		}
	}
}

func runSequence(t *testing.T, seed uint64, failed *atomic.Bool) {
	t.Helper()
	t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
		t.Parallel()
		if failed.Load() {
			return
		}
		b, d := newConfigRepository(t), &disk{File: store.File(t.TempDir() + "/state")}
		secrets := [3]*secret.File{
			testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken),
			testworld.NewSecret(t, testworld.WebhookSecret),
		}
		synctest.Test(t, func(t *testing.T) {
			sim := newSimulation(t, seed, b, d, secrets)
			defer sim.close()
			for sim.number = 1; sim.number <= steps && !sim.failed; sim.number++ {
				sim.step()
			}
			if !sim.failed {
				sim.checkEnd()
			}
			if sim.failed {
				failed.Store(true)
				t.Errorf("repeat: go test ./generator -run TestNoPreviewIsLost -seed %d -sequences 1\n%s", seed, strings.Join(sim.history, "\n"))
			}
			if testing.Verbose() && *sequences == 1 {
				t.Log(strings.Join(sim.history, "\n"))
			}
		})
	})
}

// settings are the parts of previewset.yaml that change.
type settings struct {
	label           string
	unconfigured    string // a repository that isn't configured
	deletionsAtOnce int    // limits.deletionsAtOnce
}

func (s settings) policy() string {
	text := `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  web: {repository: acme/shop, paths: ["web/**"], image: ghcr.io/acme/web, tag: "{{ .SHA }}", public: true, calls: [gateway]}
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway, tag: "{{ .SHA }}", public: true, calls: [orders], data: [redis],
    default: {branch: main}}
  orders: {repository: acme/shop, paths: ["orders/**"], image: ghcr.io/acme/orders, tag: "{{ .SHA }}", data: [postgres]}
  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer, tag: "{{ .SHA }}"}
profiles:
  full: {run: all}
`
	if s.unconfigured != "" {
		text = strings.ReplaceAll(text, "repository: "+s.unconfigured, "repository: acme/gateway")
	}
	text += "activity: {prometheus: {url: \"http://prometheus.example\", preset: ingress-nginx}}\n" +
		"lifetime: {deleteAfterIdle: 24h, sleep: {idleAfter: 10m}}\n"
	return text + fmt.Sprintf("pullRequests: {label: %s}\nlimits: {deletionsAtOnce: %d}\n", s.label, s.deletionsAtOnce)
}

// trackedRepository is a repository that the configuration names.
type trackedRepository struct {
	key      string
	repo     *githubtest.Repo
	name     string           // its name on GitHub now
	namesake *githubtest.Repo // another repository that has its name now; nil if there is none
	opened   int              // number of the last pull request
	// private says that our token can't read it.
	private bool
}

func (l *trackedRepository) isReadable() bool {
	return l.name == l.key && l.namesake == nil && !l.private
}

// liveEnvironment is an environment of the last answer.
type liveEnvironment struct {
	repository *trackedRepository
	number     int
	// grantedBy are the labels for which the generator may have created it. readLabels are the labels that the generator may
	// have read since it last read everything.
	grantedBy, readLabels map[string]bool
	// state is the state in its last row.
	state preview.State
	// uncertain says that a running read may have begun while its pull request was closed or had no label.
	uncertain bool
	// deletedLabel is the label that its pull request lost because the label was deleted; "" if a person took it off.
	deletedLabel string
}

// simulation is one sequence: the systems around the generator, and the expectations about its answers.
type simulation struct {
	*rand.Rand
	t       *testing.T
	seed    uint64
	number  int // of the current step
	history []string
	failed  bool

	hub           *simulatedGitHub
	lags          lags
	filters       filterMistakes
	repositories  []*trackedRepository
	faults        int
	hiding        bool  // the current faults may hide pull requests
	hidden        bool  // the facts of the generator may lack pull requests
	delivered     int64 // ID of the last webhook
	lateWebhooks  []githubtest.Delivery
	config        *configRepository
	settings      settings
	configRemoved bool
	argocd        *argoCD
	noCluster     bool
	disk          *disk
	secrets       [3]*secret.File
	clockOffset   atomic.Int64 // of the generator's clock
	process       *process

	answered       bool // since the last start
	configLoaded   bool // a valid configuration was read since the last start
	stateLost      bool // the saved state was lost and no answer came since
	stateEverLost  bool
	answeredAt     time.Time // time of the last answer
	lastBody       string
	lastRows       []map[string]any
	departures     []departure
	maxDepartures  int  // highest limits.deletionsAtOnce meanwhile
	allRead        bool // the generator has read everything
	inForce        map[settings]bool
	environments   map[string]*liveEnvironment
	confirmed      map[string]bool // removal was confirmed
	usage          *usage
	sleepRequested map[string]bool // by environment, after a request
	// atStepEnd runs at the end of this step, atNextStep at the begin of the next one.
	atStepEnd, atNextStep func()
}

func newSimulation(t *testing.T, seed uint64, b *configRepository, d *disk, secrets [3]*secret.File) *simulation {
	t.Helper()
	sim := &simulation{
		Rand: rand.New(
			rand.NewPCG(seed, 2),
		), t: t, seed: seed, hub: newSimulatedGitHub(), config: b, argocd: newArgoCD(t), noCluster: seed%2 == 0, disk: d, secrets: secrets,
		settings: settings{
			label: "preview", deletionsAtOnce: int(seed/2%2) * 2,
		}, inForce: map[settings]bool{}, environments: map[string]*liveEnvironment{}, confirmed: map[string]bool{},
		usage: newUsage(), sleepRequested: map[string]bool{}, lags: lags{Rand: rand.New(rand.NewPCG(seed, 3))},
		filters: filterMistakes{Rand: rand.New(rand.NewPCG(seed, 4))},
	}
	sim.hub.AllowToken("gh-t0ken", "acme/none")
	sim.hub.AddRepository("acme/previews")
	for key, n := range map[string]int{"acme/gateway": 2, "acme/mailer": 1, "acme/shop": 4} {
		if seed%20 == 10 && key == "acme/shop" {
			n = 105
		}
		sim.repositories = append(sim.repositories, &trackedRepository{key: key, name: key, opened: n})
	}
	slices.SortFunc(sim.repositories, func(a, b *trackedRepository) int { return strings.Compare(a.key, b.key) })
	for _, l := range sim.repositories {
		l.repo = sim.hub.AddRepository(l.key)
		n := l.opened
		l.opened = 0
		for range n - 24 { // of a list with two pages, few pull requests are labelled
			l.opened = l.repo.Open(githubtest.PullRequest{Files: sim.events().randomFiles()})
		}
		for range min(n, 24) {
			sim.events().openPullRequest(l)
		}
	}
	sim.hub.LoseDeliveries(1 << 40) // deliverWebhooks sends them instead
	sim.hub.AddHook("http://generator.example", "")
	sim.events().pushConfig(sim.settings.policy(), &sim.settings, false)
	sim.startService()
	sim.waitRandomly()
	sim.checkAnswer()
	synctest.Wait() // the filter of the first request is saved
	return sim
}

func (sim *simulation) close() {
	sim.process.stop()
	sim.hub.ClearFaults()
	_ = sim.hub.server.Close()
}

func (sim *simulation) logf(format string, args ...any) {
	sim.history = append(sim.history, time.Now().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (sim *simulation) failf(format string, args ...any) {
	sim.t.Helper()
	sim.logf("FAILED: "+format, args...)
	sim.t.Errorf("seed %d step %d: %s", sim.seed, sim.number, fmt.Sprintf(format, args...))
	if !sim.failed {
		sim.failed = true
		sim.logf("%s", sendRequest(sim.t, sim.process.private, http.MethodGet, "/readyz?verbose", "", nil).Body)
		sim.logf("%s", sim.getAPI("/api/v1/decisions").Body)
	}
}

func pick[T any](sim *simulation, all ...T) T { return all[sim.IntN(len(all))] }

func (sim *simulation) startService() {
	sim.answered, sim.configLoaded = false, false
	var cluster generator.Cluster
	if !sim.noCluster {
		cluster = sim.argocd
	}
	sim.process = startProcess(sim.t, sim.hub, sim.config, sim.disk, cluster, sim.secrets, sim.usage, &sim.clockOffset)
	synctest.Wait()
	sim.mistypeFilter()
}

// step makes one to three changes, perhaps lets GitHub lag, delivers webhooks and checks the answer.
func (sim *simulation) step() {
	if next := sim.atNextStep; next != nil {
		sim.atNextStep = nil
		next()
	}
	sim.lags.keepReplica(sim.hub, sim.repositories)
	for range 1 + sim.IntN(3) {
		sim.events().randomEvent()
		sim.forgetCreatedLabels()
	}
	sim.events().lagRandomly()
	if sim.atStepEnd != nil {
		sim.atStepEnd()
		sim.atStepEnd = nil
	}
	sim.events().deliverWebhooks()
	sim.waitRandomly()
	sim.checkAnswer()
	sim.mistypeFilter()
	if sim.answered && !sim.failed && sim.IntN(10) == 0 {
		sim.checkNothingChanges()
	}
}

// canReadAll reports whether all sources can be read, except perhaps the config branch.
func (sim *simulation) canReadAll() bool {
	return sim.faults == 0 && !sim.disk.full.Load() &&
		!slices.ContainsFunc(sim.repositories, func(l *trackedRepository) bool { return !l.isReadable() })
}

const (
	// pollAllTime is long enough to poll everything, also after a rate limit of one minute.
	pollAllTime = pollInterval + 90*time.Second
	// noPollTime is too short for a poll.
	noPollTime = 5 * time.Second
)

func (sim *simulation) waitRandomly() {
	for _, l := range sim.environments {
		sim.noteLabels(l)
	}
	if sim.answered && sim.IntN(2) == 0 {
		sim.pollAll()
		return
	}
	time.Sleep(pick(sim, 0, noPollTime))
	synctest.Wait()
	sim.updateExpectations(false)
}

// pollAll waits until all readable sources were read.
func (sim *simulation) pollAll() {
	time.Sleep(pollAllTime)
	synctest.Wait()
	sim.updateExpectations(sim.answered && sim.canReadAll())
	sim.hidden = sim.hiding // everything was read again
	sim.filters.isSaved = sim.filters.isSaved || sim.answered && sim.configLoaded && !sim.disk.full.Load()
}

// getAPI requests a path of the API.
func (sim *simulation) getAPI(path string) testworld.Response {
	sim.t.Helper()
	return sendRequest(
		sim.t, sim.process.private, http.MethodGet, path, "",
		map[string]string{"Authorization": "Bearer " + testworld.APIToken},
	)
}
