package generator_test

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// checkNothingChanges checks that the answer stays identical while nothing happens.
func (sim *simulation) checkNothingChanges() {
	sim.logf("nothing happens")
	sim.events().setUsage("used") // idle environments would fall asleep
	for range 2 {                 // environments go after the second observation
		sim.pollAll()
		sim.checkAnswer()
	}
	if sim.hub.open.Load() > 0 || sim.failed {
		return
	}
	before := sim.getParams()
	sim.pollAll()
	if after := sim.getParams(); before.Body != after.Body && sim.hub.open.Load() == 0 {
		sim.failf("the answer changed, but nothing happened")
	}
	sim.checkAnswer()
}

// checkEnd repairs everything without webhooks, confirms all removals, and compares with the desired environments.
func (sim *simulation) checkEnd() {
	sim.events().repairAll()
	sim.settings = settings{label: sim.settings.label}
	sim.events().pushConfig(sim.settings.policy(), &sim.settings, false)
	for _, l := range sim.repositories {
		for n := 1; n <= l.opened; n++ {
			l.repo.Edit(n, func(pr *githubtest.PullRequest) { pr.Draft = false })
		}
	}
	for range 3 { // the first poll may give the first answer, and the first of two observations
		sim.pollAll()
		sim.checkAnswer()
	}
	waiting := sim.waitingForConfirmation()
	for len(waiting) > 0 && !sim.failed {
		sim.events().confirm(waiting)
		sim.pollAll()
		again := sim.waitingForConfirmation()
		if len(again) == len(waiting) {
			sim.failf("%v still wait for confirmation", again)
		}
		waiting = again
	}
	sim.checkEndRows(sim.desiredEnvironments(sim.settings))
}

func (sim *simulation) checkEndRows(want map[string]string) {
	sim.t.Helper()
	rows := sim.getParams().Rows(sim.t)
	for _, r := range rows {
		name, _ := r["name"].(string)
		if want[name] != r["head_sha"] {
			sim.failf("at the end %s is at %v, want %q", name, r["head_sha"], want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		sim.failf("at the end %v are missing", want)
	}
}

func (sim *simulation) decisions() []preview.Decision {
	sim.t.Helper()
	var got struct{ Decisions []preview.Decision }
	if a := sim.getAPI("/api/v1/decisions"); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil {
		sim.t.Fatalf("%d %s", a.Code, a.Body)
	}
	return got.Decisions
}

// waitingForConfirmation are the environments that wait for confirmation.
func (sim *simulation) waitingForConfirmation() []string {
	sim.t.Helper()
	var names []string
	for _, d := range sim.decisions() {
		if d.Withheld {
			names = append(names, d.Environment)
		}
	}
	slices.Sort(names)
	return names
}
