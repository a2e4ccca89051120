package generator_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// lagFor is how long GitHub answers from a lagging replica. It is shorter than the time between two polls, and so
	// short that pollAll reads everything afterwards.
	lagFor = 80 * time.Second
	// keptReplicas is the number of last steps with a replica.
	keptReplicas = 6
)

// lags lets GitHub answer from replicas with the state of earlier steps. It has random numbers of its own.
type lags struct {
	*rand.Rand
	replicas []replica
	until    time.Time // the end of the last lag
}

// replica is the state of an earlier step.
type replica struct {
	*githubtest.Replica
	namesakes []*trackedRepository // the repositories with a name that another one had
}

// keepReplica keeps the present state.
func (l *lags) keepReplica(h *simulatedGitHub, repositories []*trackedRepository) {
	kept := replica{Replica: h.Replica()}
	for _, r := range repositories {
		if r.namesake != nil {
			kept.namesakes = append(kept.namesakes, r)
		}
	}
	l.replicas = append(l.replicas, kept)
	l.replicas = l.replicas[max(0, len(l.replicas)-keptReplicas):]
}

// forgetNamesake drops the replicas in which another repository has the name. It returns false if one of them may
// answer now.
func (l *lags) forgetNamesake(of *trackedRepository) bool {
	shows := func(r replica) bool { return slices.Contains(r.namesakes, of) }
	if !slices.ContainsFunc(l.replicas, shows) {
		return true
	}
	l.replicas = slices.DeleteFunc(l.replicas, shows)
	return !l.isLagging()
}

func (l *lags) isLagging() bool { return time.Now().Before(l.until) }

// lagRandomly lets lists, direct reads or both lag, of one or all repositories, and causes a read.
func (sim events) lagRandomly() {
	l := &sim.lags
	if l.IntN(3) > 0 || len(l.replicas) == 0 {
		return
	}
	back := 1 + l.IntN(len(l.replicas))
	at := sim.repositories[l.IntN(len(sim.repositories))]
	where := fmt.Sprintf(`GET /(repos/%s|repositories/%d)`, at.key, at.repo.ID)
	if l.IntN(3) == 0 {
		where = `GET /(repos/[^/]+/[^/]+|repositories/\d+)`
	}
	what := []string{`/pulls\?`, `/pulls/\d+$`, `/pulls(\?|/\d+$)`, `/pulls(\?|/\d+$)`}[l.IntN(4)]
	sim.hub.Inject(githubtest.Fault{Match: where + what, For: lagFor, Replica: l.replicas[len(l.replicas)-back].Replica})
	l.until = time.Now().Add(lagFor)
	sim.hidden = true // without saved state and cluster the generator can't know that such an answer is old
	sim.logf("GitHub lags for %s by %d steps: %s", lagFor, back, where+what)
	at.repo.SetBranch("noise", githubtest.SHA(fmt.Sprint(sim.number)))
}

// mayArrive says whether a webhook can arrive now. While GitHub lags, none arrives about an earlier state of a pull
// request: a late webhook and a stale read that agree are two mistakes at once.
func (sim events) mayArrive(d githubtest.Delivery) bool {
	var body struct {
		Repository  struct{ ID int64 }
		PullRequest *struct {
			Number int
			State  string
			Labels []struct{ Name string }
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(d.Body, &body); err != nil {
		sim.t.Fatal(err)
	}
	i := slices.IndexFunc(sim.repositories, func(l *trackedRepository) bool { return l.repo.ID == body.Repository.ID })
	if body.PullRequest == nil || i < 0 || !sim.lags.isLagging() {
		return true
	}
	pr, _ := sim.repositories[i].repo.PullRequest(body.PullRequest.Number)
	var labels []string
	for _, l := range body.PullRequest.Labels {
		labels = append(labels, l.Name)
	}
	return pr.State == body.PullRequest.State && slices.Equal(pr.Labels, labels)
}

// leaving are the environments that stay until a second read of GitHub shows the same.
func (sim *simulation) leaving() []string {
	sim.t.Helper()
	var names []string
	for _, d := range sim.decisions() {
		if d.Rule == preview.RuleLeaving {
			names = append(names, d.Environment)
		}
	}
	return names
}
