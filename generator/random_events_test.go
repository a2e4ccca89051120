package generator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
)

// events changes the systems around the generator: GitHub, the config branch, Prometheus, the cluster, the disk and the
// clock.
type events struct{ *simulation }

func (sim *simulation) events() events { return events{sim} }

// randomEvent makes one random change.
func (sim events) randomEvent() {
	switch sim.IntN(29) {
	case 0, 1, 2, 3, 4, 5, 6:
		sim.changePullRequest()
	case 7:
		sim.changeManyPullRequests()
	case 8, 9:
		sim.moveRepository()
	case 10, 11, 12, 13:
		sim.breakGitHub()
	case 14, 15:
		sim.repairAll()
	case 16, 17, 18:
		sim.changeConfig()
	case 19:
		sim.maybeBreakGitHub()
		sim.atStepEnd = func() { sim.logf("restart"); sim.process.stop(); sim.startService() }
	case 20:
		sim.maybeBreakGitHub()
		sim.atStepEnd = sim.loseState
	case 21:
		sim.confirmRandomly()
	case 22:
		sim.removeLabels()
		sim.atNextStep = func() { sim.jumpClock(); sim.removeLabels() }
	case 23:
		broken := sim.IntN(2) == 0
		sim.argocd.setBroken(broken)
		sim.logf("the cluster can't be read: %v", broken)
	case 24, 25, 26, 27:
		sim.changeLifecycle()
	default:
		full := sim.IntN(2) == 0
		sim.disk.full.Store(full)
		sim.logf("the disk is full: %v", full)
		if full {
			sim.atNextStep = sim.openUnsaved
		}
	}
}

func (sim events) jumpClock() {
	jump := pick(sim.simulation, -48*time.Hour, -time.Hour, 3*time.Hour, 400*24*time.Hour)
	sim.clockOffset.Add(int64(jump))
	sim.logf("the clock jumps by %s", jump)
}

// maybeBreakGitHub lets GitHub fail in half of the restarts.
func (sim events) maybeBreakGitHub() {
	if sim.IntN(2) == 0 {
		return
	}
	sim.repairAll()
	switch {
	case sim.repositories[2].opened > 100 && sim.IntN(2) == 0:
		sim.inject(githubtest.Fault{Match: `/pulls\?`, Kind: githubtest.NextLinkMissing})
	case sim.IntN(3) == 0:
		sim.inject(githubtest.Fault{Match: `/pulls\?`, Status: 200, Body: "[]"})
		sim.inject(githubtest.Fault{Match: `/pulls/\d+$`, Status: 500})
	case sim.IntN(2) == 0:
		sim.inject(
			pick(
				sim.simulation, githubtest.Fault{Match: `/pulls\?`, Status: 500},
				githubtest.Fault{Match: `/pulls\?`, Status: 200, Body: "null"},
				githubtest.Fault{Match: `/pulls\?`, Kind: githubtest.CutOff},
			),
		)
	default:
		sim.breakGitHub()
	}
}

// loseState restarts with lost or damaged state. If no live environment tells a repository's identity by its configured
// name, its name is restored first, and no replica answers for another owner of the name: without state the generator
// can't know the first one.
func (sim events) loseState() {
	for _, l := range sim.repositories {
		tells := func(row map[string]any) bool { return row["repository"] == l.key }
		if !sim.noCluster && slices.ContainsFunc(sim.lastRows, tells) {
			continue
		}
		if l.namesake != nil {
			sim.restoreName(l)
		}
		if !sim.lags.forgetNamesake(l) {
			sim.logf("state isn't lost, because a replica may tell of another repository named %s", l.key)
			return
		}
	}
	how := sim.IntN(3)
	sim.logf("restart with saved state %s", []string{"lost", "cut off", "garbage"}[how])
	sim.process.stop()
	damageState(sim.t, string(sim.disk.File), how)
	sim.stateLost, sim.stateEverLost, sim.departures, sim.filters.isSaved = true, true, nil, false
	for _, l := range sim.environments {
		l.deletedLabel = ""
	}
	sim.startService()
}

// confirmRandomly confirms one or all environments that wait for confirmation.
func (sim events) confirmRandomly() {
	if !sim.answered || sim.atStepEnd != nil {
		return
	}
	names := sim.waitingForConfirmation()
	if len(names) == 0 {
		return
	}
	if sim.IntN(2) == 0 {
		names = []string{pick(sim.simulation, names...)}
	}
	sim.atStepEnd = func() { sim.confirm(names) }
}

func (sim events) confirm(names []string) {
	sim.t.Helper()
	sim.logf("confirmed: %v", names)
	body, err := json.Marshal(map[string][]string{"environments": names})
	if err != nil {
		sim.t.Fatal(err)
	}
	sim.post("/api/v1/confirm", string(body))
	for _, n := range names {
		sim.confirmed[n] = true
	}
	synctest.Wait()
}

// post sends a request that the API must accept.
func (sim events) post(path, body string) {
	sim.t.Helper()
	a := sendRequest(sim.t, sim.process.private, http.MethodPost, path, body,
		map[string]string{"Authorization": "Bearer " + testworld.APIToken})
	if a.Code != http.StatusAccepted {
		sim.failf("%s %s: %d %s", path, body, a.Code, a.Body)
	}
}

// deliverWebhooks delivers webhooks once or twice, in any order, late or never.
func (sim events) deliverWebhooks() {
	var now []githubtest.Delivery
	for _, d := range sim.hub.Deliveries() {
		if d.ID > sim.delivered {
			sim.delivered = d.ID
			now = append(now, d)
		}
	}
	if len(now) > 10 {
		sim.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
		now = now[:3]
	}
	if sim.IntN(4) == 0 {
		now, sim.lateWebhooks = append(now, sim.lateWebhooks...), nil
	}
	sim.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
	for _, d := range now {
		switch sim.IntN(10) {
		case 0, 1, 2:
			sim.logf("webhook %s is lost", d.Event)
		case 3:
			sim.logf("webhook %s is late", d.Event)
			sim.lateWebhooks = append(sim.lateWebhooks, d)
		case 4, 5:
			sim.sendWebhook(d)
			sim.sendWebhook(d)
		default:
			sim.sendWebhook(d)
		}
	}
}

func (sim events) sendWebhook(d githubtest.Delivery) {
	sim.t.Helper()
	if !sim.mayArrive(d) {
		sim.logf("webhook %s is lost while GitHub lags", d.Event)
		return
	}
	sim.logf("webhook %s arrives", d.Event)
	a := sendRequest(sim.t, sim.process.public, http.MethodPost, "/webhooks/github", string(d.Body), map[string]string{
		"X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID, "X-Hub-Signature-256": testworld.Sign(testworld.WebhookSecret, string(d.Body)),
	})
	if a.Code != http.StatusAccepted {
		sim.failf("webhook: %d %s", a.Code, a.Body)
	}
	synctest.Wait()
}
