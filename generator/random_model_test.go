package generator_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
)

// updateExpectations notes the configurations that may be in force now. AllRead says that the generator has read
// everything.
func (sim *simulation) updateExpectations(allRead bool) {
	head := sim.headSettings()
	if head != nil {
		if allRead {
			clear(sim.inForce)
			sim.configLoaded = true
		}
		sim.inForce[*head] = true
	}
	sim.allRead = allRead
	for _, l := range sim.environments {
		sim.noteLabels(l)
		if !allRead {
			continue
		}
		labels := sim.pullRequestOf(l).Labels
		clear(l.readLabels)
		for _, label := range bothLabels {
			l.readLabels[label] = hasLabel(labels, label)
		}
		if head != nil && hasLabel(labels, head.label) {
			clear(l.grantedBy)
			l.grantedBy[head.label] = true
		}
	}
}

// noteLabels adds the labels that the generator may read now.
func (sim *simulation) noteLabels(l *liveEnvironment) {
	labels := sim.pullRequestOf(l).Labels
	for _, label := range bothLabels {
		l.readLabels[label] = l.readLabels[label] || hasLabel(labels, label)
		for s := range sim.inForce {
			if s.label == label && l.readLabels[label] {
				l.grantedBy[label] = true
			}
		}
	}
}

var bothLabels = []string{"preview", "deploy"}

// headSettings are the settings at the head of the config branch; nil if it has none.
func (sim *simulation) headSettings() *settings {
	if sim.configRemoved {
		return nil
	}
	ref, err := sim.config.git.Storer.Reference(configRef)
	if err != nil {
		sim.t.Fatal(err)
	}
	i := slices.IndexFunc(sim.config.commits, func(c configCommit) bool { return c.hash == ref.Hash() })
	return sim.config.commits[i].settings
}

func (sim *simulation) pullRequestOf(l *liveEnvironment) githubtest.PullRequest {
	pr, _ := l.repository.repo.PullRequest(l.number)
	return pr
}

// hasLabel reports whether the labels contain a label, with or without a profile.
func hasLabel(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		l = strings.ToLower(l)
		return l == label || strings.HasPrefix(l, label+":")
	})
}

// hasAllLabels reports whether a pull request has every label of a set, which isn't empty.
func hasAllLabels(pr githubtest.PullRequest, labels map[string]bool) bool {
	for l, asked := range labels {
		if asked && !hasLabel(pr.Labels, l) {
			return false
		}
	}
	return len(labels) > 0
}

// mustStay reports whether an environment must stay live now.
func (sim *simulation) mustStay(name string, l *liveEnvironment) bool {
	pr := sim.pullRequestOf(l)
	if pr.State != "open" || sim.confirmed[name] || l.uncertain {
		return false
	}
	if sim.stateLost && sim.noCluster { // without saved state only current pull requests count, also for a deleted label
		head := sim.headSettings()
		return !pr.Draft && head != nil && head.unconfigured != l.repository.key && hasLabel(pr.Labels, head.label) && !sim.hidden
	}
	if l.deletedLabel != "" {
		return true
	}
	labels := map[string]bool{}
	for s := range sim.inForce {
		labels[s.label] = true
	}
	return hasAllLabels(pr, labels) || hasAllLabels(pr, l.grantedBy)
}

func (sim *simulation) getParams() testworld.Response { return sim.getParamsWith(testworld.ParamsBody) }

// checkAnswer requests the rows as Argo CD does and compares them with the last ones.
func (sim *simulation) checkAnswer() {
	sim.t.Helper()
	busy := sim.hub.open.Load() > 0
	a := sim.getParams()
	if a.Code != http.StatusOK {
		sim.logf("%d %s", a.Code, a.Message(sim.t))
		if sim.answered {
			sim.failf("the generator stopped answering: %d %s", a.Code, a.Body)
		}
		return
	}
	if a.Body != sim.lastBody || sim.failed {
		sim.lastBody, sim.lastRows = a.Body, a.Rows(sim.t)
	}
	rows := sim.lastRows
	sim.argocd.setRows(rows)
	was := sim.environments
	sim.environments = map[string]*liveEnvironment{}
	for _, name := range sim.checkRows(rows) {
		sim.environments[name] = sim.environmentNamed(name, was[name])
	}
	went, wentOf := 0, map[*trackedRepository]int{}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		l := was[name]
		if sim.environments[name] != nil {
			l.uncertain = busy && (l.uncertain || !sim.mustStay(name, l))
			continue
		}
		if sim.mustStay(name, l) {
			sim.failf("%s was removed, but its pull request is open and labelled %q", name, sim.pullRequestOf(l).Labels)
		}
		if sim.pullRequestOf(l).State == "open" && !sim.confirmed[name] && !sim.stateLost {
			went++
			wentOf[l.repository]++
		}
	}
	sim.checkStates(was)
	sim.checkDeletionGuard(went)
	sim.checkHalf(was, wentOf)
	sim.answered, sim.stateLost, sim.answeredAt = true, false, time.Now()
	sim.logf("  live: %v", slices.Sorted(maps.Keys(sim.environments)))
	if !busy && !sim.disk.full.Load() {
		clear(sim.confirmed)
	}
	if sim.allRead && !busy {
		sim.checkComplete()
	}
}

// departure counts environments that were removed after they lost their label, in the time since after.
type departure struct {
	after time.Time
	n     int
}

// checkDeletionGuard checks that at most limits.deletionsAtOnce environments lose their label and go within 10 minutes.
// The sequences have no environment files, and so no leases, which the guard lets go (internal/preview/lease_test.go).
func (sim *simulation) checkDeletionGuard(went int) {
	sim.t.Helper()
	if went > 0 {
		sim.departures = append(sim.departures, departure{after: sim.answeredAt, n: went})
	}
	sim.maxDepartures = max(sim.maxDepartures, sim.maxDeletions())
	sum := 0
	for _, d := range sim.departures {
		if time.Since(d.after) < 10*time.Minute {
			sum += d.n
		}
	}
	if sum > sim.maxDepartures {
		sim.failf("%d environments were removed within 10 minutes after they lost their label, more than %d", sum, sim.maxDepartures)
	}
	if len(sim.departures) == 0 || time.Since(sim.departures[len(sim.departures)-1].after) > 10*time.Minute {
		sim.departures, sim.maxDepartures = nil, sim.maxDeletions()
	}
}

// checkHalf checks that no more than half of a repository's environments go at once, if those are at least 4. If
// environments were created meanwhile, the share is unknown.
func (sim *simulation) checkHalf(was map[string]*liveEnvironment, wentOf map[*trackedRepository]int) {
	sim.t.Helper()
	before, after := map[*trackedRepository]int{}, map[*trackedRepository]int{}
	for _, l := range was {
		before[l.repository]++
	}
	for _, l := range sim.environments {
		after[l.repository]++
	}
	for l, n := range wentOf {
		if n >= 4 && 2*n > before[l] && after[l] == before[l]-n {
			sim.failf("%d of %d environments of %s were removed at once after they lost their label", n, before[l], l.key)
		}
	}
}

// checkComplete compares the answer with the desired environments, if everything was read and the configuration is
// known.
func (sim *simulation) checkComplete() {
	sim.t.Helper()
	if !sim.configLoaded || len(sim.inForce) != 1 {
		return
	}
	var s settings
	for s = range sim.inForce {
		break
	}
	want := sim.desiredEnvironments(s)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if sim.environments[name] == nil {
			sim.failf("%s is missing, but everything was read", name)
		}
	}
	waiting := append(sim.waitingForConfirmation(), sim.leaving()...)
	for name, l := range sim.environments {
		if pr := sim.pullRequestOf(l); want[name] == "" && !slices.Contains(waiting, name) &&
			(!pr.Draft || pr.State != "open" || !hasLabel(pr.Labels, s.label)) {
			sim.failf("%s is live and doesn't wait for confirmation, but its pull request is %s and labelled %q", name, pr.State, pr.Labels)
		}
	}
}

// desiredEnvironments are the environments that should be live, with their commits.
func (sim *simulation) desiredEnvironments(s settings) map[string]string {
	want := map[string]string{}
	for _, l := range sim.repositories {
		for n := 1; n <= l.opened; n++ {
			pr, _ := l.repo.PullRequest(n)
			if pr.State == "open" && !pr.Draft && hasLabel(pr.Labels, s.label) && s.unconfigured != l.key {
				want[fmt.Sprintf("%s-pr-%d", strings.TrimPrefix(l.key, "acme/"), n)] = pr.HeadSHA
			}
		}
	}
	return want
}

// environmentNamed returns the environment with a name. Before is its last state; nil if it is new.
func (sim *simulation) environmentNamed(name string, was *liveEnvironment) *liveEnvironment {
	if was != nil {
		return was
	}
	i := strings.LastIndex(name, "-pr-")
	number, err := strconv.Atoi(name[max(0, i)+len("-pr-"):])
	at := slices.IndexFunc(sim.repositories, func(l *trackedRepository) bool { return i > 0 && l.key == "acme/"+name[:i] })
	if err != nil || at < 0 || number > sim.repositories[at].opened {
		sim.failf("environment %s belongs to no pull request", name)
		return &liveEnvironment{repository: sim.repositories[0], number: 1}
	}
	l := &liveEnvironment{repository: sim.repositories[at], number: number, grantedBy: map[string]bool{}, readLabels: map[string]bool{}}
	sim.noteLabels(l)
	for s := range sim.inForce {
		l.grantedBy[s.label] = true
	}
	return l
}

// maxDeletions is the highest limits.deletionsAtOnce of the configurations that may be in force.
func (sim *simulation) maxDeletions() int {
	most := 0
	for s := range sim.inForce {
		n := s.deletionsAtOnce
		if n == 0 {
			n = 10
		}
		most = max(most, n)
	}
	return most
}

// checkRows returns the names of rows, and checks that the rows are sorted, distinct and complete.
func (sim *simulation) checkRows(rows []map[string]any) []string {
	sim.t.Helper()
	names := []string{}
	for _, r := range rows {
		name, _ := r["name"].(string)
		if len(names) > 0 && names[len(names)-1] >= name {
			sim.failf("row %s follows row %s", name, names[len(names)-1])
		}
		if r["namespace"] != "preview-"+name || r["revision"] == "" || r["head_sha"] == "" {
			sim.failf("the row of %s is incomplete: %v", name, r)
		}
		if first := sim.config.commits[0].hash.String(); !sim.stateEverLost && r["revision"] != first {
			sim.failf("%s is at config commit %v, but its files didn't change since %s", name, r["revision"], first)
		}
		names = append(names, name)
	}
	return names
}
