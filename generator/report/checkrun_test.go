package report_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// checkRuns returns commit, result and buttons of each check run.
func (r *reported) checkRuns() []string {
	var all []string
	for _, run := range r.shop.CheckRuns() {
		line := strings.TrimLeft(run.SHA, "0") + " " + run.Status + " " + run.Conclusion
		for _, action := range run.Actions {
			line += " [" + action.Label + "]"
		}
		all = append(all, line)
	}
	return all
}

func (r *reported) wantCheckRuns(t *testing.T, after string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.checkRuns()); diff != "" {
		t.Errorf("after %s: %s", after, diff)
	}
}

func TestCheckRunFollowsThePreview(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	r.refresh(t)
	r.wantCheckRuns(t, "the label", "3ef in_progress  [Redeploy]")
	r.deploy(t, healthy)
	r.wantCheckRuns(t, "the sync", "3ef completed success [Redeploy]")
	ready := r.shop.CheckRuns()[0]
	if ready.Name != "previewset" || ready.ExternalID != "acme/shop#7" || ready.Title != "Preview shop-pr-7: ready" ||
		ready.DetailsURL != "https://shop-pr-7.preview.example.dev" {
		t.Errorf("%+v", ready)
	}
	r.deploy(t, crashing)
	compareStatuses(t, "check-failed", []string{r.shop.CheckRuns()[0].Summary})
	writes := r.writes()
	r.restart(t)
	r.refresh(t)
	r.wantCheckRuns(t, "a crash and a restart", "3ef completed failure [Redeploy]")
	if r.writes() != writes {
		t.Error("written again after a restart")
	}
	r.setHead(0xbeef, "Preview")
	r.refresh(t)
	r.setHead(0xcafe, "Preview")
	r.refresh(t)
	r.wantCheckRuns(t, "two pushes", "3ef completed failure [Redeploy]", "beef completed neutral", "cafe in_progress  [Redeploy]")
	r.setHead(0xcafe, "bug")
	r.refresh(t)
	r.wantCheckRuns(t, "the label is gone", "3ef completed failure [Redeploy]", "beef completed neutral", "cafe completed neutral")
	writes = r.writes()
	if r.refresh(t); r.writes() != writes {
		t.Error("written again without a change")
	}
}

// GitHub doesn't open a completed check run again.
func TestDeploymentAfterAFailureIsAnotherCheckRun(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	r.deploy(t, crashing)
	r.deploy(t, func(a *preview.ApplicationStatus) { a.Health = "Progressing" })
	r.wantCheckRuns(t, "a fix", "3ef completed failure [Redeploy]", "3ef in_progress  [Redeploy]")
	r.deploy(t, healthy)
	r.wantCheckRuns(t, "the end of the deployment", "3ef completed failure [Redeploy]", "3ef completed success [Redeploy]")
}

// A required check of a held pull request is red with the reason, and not yellow forever.
func TestHeldPullRequestHasAFailedCheckRun(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	wrong := testworld.PullRequest(9, "alice", "preview:**@team**")
	r.Change(func() { r.Repositories["acme/shop"] = testworld.Repository("acme/shop", wrong) })
	r.refresh(t)
	isOfNine := func(run githubtest.AppCheckRun) bool { return run.ExternalID == "acme/shop#9" }
	i := slices.IndexFunc(r.shop.CheckRuns(), isOfNine)
	if i < 0 {
		t.Fatalf("%+v", r.shop.CheckRuns())
	}
	run := r.shop.CheckRuns()[i]
	if run.Conclusion != "failure" {
		t.Errorf("%+v", run)
	}
	outside := strings.Split(run.Summary, "```")
	if len(outside) != 3 {
		t.Fatal(run.Summary)
	}
	if strings.Contains(outside[0]+outside[2]+run.Title, "@team") || !strings.Contains(outside[1], "@team") {
		t.Errorf("%s\n%s", run.Title, run.Summary)
	}
}

// After the state was lost, the check run is found by its App and its external ID.
func TestCheckRunIsFoundAfterTheStateWasLost(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	r.deploy(t, healthy)
	_, other := testworld.NewStore(t)
	r.options = append(r.options, other)
	r.restart(t)
	r.refresh(t)
	r.wantCheckRuns(t, "a lost state", "3ef completed success [Redeploy]")
}

// A preview that goes up and down is told each time, because a required check depends on it. Its text isn't.
func TestCheckRunHasFewEditsInAnHour(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	for i := range 20 {
		r.deploy(t, func(a *preview.ApplicationStatus) {
			crashing(a)
			a.Unhealthy.Message = fmt.Sprint("crash number ", i)
		})
	}
	if writes := r.writes(); writes < 9 || writes > 13 {
		t.Errorf("%d writes in 40 minutes", writes)
	}
	r.deploy(t, healthy)
	r.wantCheckRuns(t, "many edits", "3ef completed success [Redeploy]")
}

// sleeping is a service with a preview that is asleep. GitHub sends webhooks to it.
func sleeping(t *testing.T) *reported {
	t.Helper()
	r := putToSleep(t, newReported(t, report.Check))
	r.wantCheckRuns(t, "sleep", "3ef completed success [Wake] [Extend]")
	return r
}

func putToSleep(t *testing.T, r *reported) *reported {
	t.Helper()
	r.options = append(r.options, testworld.WithWebhooks(t), testworld.WithClock)
	lifetime := "lifetime: {deleteAfterIdle: 24h, maxExtension: 96h}\n"
	r.Change(func() { r.Tree = testworld.Tree(2, testworld.Policy+lifetime) })
	r.restart(t)
	r.deploy(t, healthy)
	hooks := httptest.NewServer(r.service.PublicHandler())
	t.Cleanup(hooks.Close)
	r.github.AddHook(hooks.URL+"/webhooks/github", testworld.WebhookSecret, "check_run")
	r.service.Request(t, "shop-pr-7", preview.ActionSleep, "")
	r.refresh(t)
	return r
}

// click clicks on a button of the newest check run, and returns the log lines about it.
func (r *reported) click(t *testing.T, login, button string) string {
	t.Helper()
	runs := r.shop.CheckRuns()
	if !r.shop.As(login).RequestAction(runs[len(runs)-1].ID, button) {
		t.Fatalf("no button %s in %+v", button, runs)
	}
	return r.deliver(t)
}

// deliver waits until GitHub has sent its webhooks, and returns the new log lines.
func (r *reported) deliver(t *testing.T) string {
	t.Helper()
	before := len(r.service.Log.String())
	r.github.Deliveries()
	r.refresh(t)
	return r.service.Log.String()[before:]
}

func (r *reported) state(t *testing.T) preview.State {
	t.Helper()
	return r.service.States(t)["shop-pr-7"]
}

func TestButtonsOfACheckRun(t *testing.T) {
	t.Parallel()
	r := sleeping(t)
	r.shop.SetPermission("wendy", "write")
	expiry := func() time.Time { return *r.service.Environment(t, "shop-pr-7").Decision.ExpiresAt }
	before := expiry()
	log := r.click(t, "wendy", "extend")
	if extended := expiry().Sub(before); extended < 48*time.Hour || !strings.Contains(log, `"caller":"wendy"`) {
		t.Errorf("extended by %s: %s", extended, log)
	}
	log = r.click(t, "wendy", "wake")
	if r.state(t) == preview.Asleep || !strings.Contains(log, `"action":"wake"`) {
		t.Errorf("it is %s: %s", r.state(t), log)
	}
	r.wantCheckRuns(t, "a wake", "3ef completed success [Redeploy]")
	patches := func() int { return len(r.service.Environment(t, "shop-pr-7").Kustomize.Patches) }
	old := patches()
	if log = r.click(t, "mallory", "redeploy"); strings.Contains(log, "request received") {
		t.Errorf("a reader redeploys: %s", log)
	}
	log = r.click(t, "wendy", "redeploy")
	if patches() != old+2 || !strings.Contains(log, `"action":"redeploy"`) {
		t.Errorf("%d patches, before %d: %s", patches(), old, log)
	}
}

// GitHub's webhooks have the new name of a renamed repository, and the configuration has the old one.
func TestButtonInARenamedRepository(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Check)
	r.shop.Rename("acme/store")
	pr := r.Repositories["acme/shop"].PullRequests[0]
	r.Change(func() { r.Repositories["acme/shop"] = testworld.Repository("acme/Store", pr) })
	putToSleep(t, r)
	r.shop.SetPermission("wendy", "write")
	if log := r.click(t, "wendy", "wake"); r.state(t) == preview.Asleep {
		t.Errorf("it doesn't wake: %s", log)
	}
}

func TestClicksWithoutEffect(t *testing.T) {
	t.Parallel()
	r := sleeping(t)
	r.shop.SetPermission("wendy", "write")
	run := r.shop.CheckRuns()[0]
	webhook := func(app, id int64, externalID, button string) string {
		return fmt.Sprintf(`{"action":"requested_action","repository":{"full_name":"acme/shop"},
			"requested_action":{"identifier":%q},"check_run":{"id":%d,"name":"previewset","external_id":%q,"app":{"id":%d}},
			"sender":{"login":"wendy","id":%d}}`,
			button, id, externalID, app, githubtest.ID("wendy"))
	}
	good := webhook(7, run.ID, run.ExternalID, "wake")
	for name, body := range map[string]string{
		"another App":         webhook(9, run.ID, run.ExternalID, "wake"),
		"another check run":   webhook(7, run.ID+1, run.ExternalID, "wake"),
		"no check run":        webhook(7, 0, "", "wake"),
		"another external ID": webhook(7, run.ID, "acme/shop#8", "wake"),
		"an unknown button":   webhook(7, run.ID, run.ExternalID, "sleep"),
		"another repository":  strings.Replace(good, "acme/shop\"", "acme/gateway\"", 1),
		"another account":     strings.Replace(good, `"login":"wendy","id":`, `"login":"wendy","id":1`, 1),
	} {
		before := len(r.service.Log.String())
		r.service.Deliver(t, "check_run", name, body)
		r.refresh(t)
		if log := r.service.Log.String()[before:]; r.state(t) != preview.Asleep || strings.Contains(log, "request received") {
			t.Fatalf("%s has an effect: %s", name, log)
		}
	}
	if log := r.click(t, "mallory", "wake"); r.state(t) != preview.Asleep || !strings.Contains(log, "may not push") {
		t.Errorf("a reader wakes it: %s", log)
	}
	r.github.Inject(githubtest.Fault{Match: "/collaborators/", Status: 500, Times: 9})
	if log := r.click(t, "wendy", "wake"); r.state(t) != preview.Asleep || !strings.Contains(log, "may push") {
		t.Errorf("without a known permission: %s", log)
	}
	r.github.ClearFaults()
	r.service.Deliver(t, "check_run", "a good one", good)
	if r.refresh(t); r.state(t) == preview.Asleep {
		t.Error("the webhooks of this test never have an effect")
	}
}

// After a click on "Re-run", GitHub waits for another check run.
func TestRerunOfACheckRun(t *testing.T) {
	t.Parallel()
	r := sleeping(t)
	r.shop.SetPermission("wendy", "write")
	run := r.shop.CheckRuns()[0]
	rerun := func(login string) (runs int) {
		t.Helper()
		r.shop.As(login).RerequestCheckRun(run.ID)
		r.deliver(t)
		return len(r.shop.CheckRuns())
	}
	if runs := rerun("mallory"); runs != 1 {
		t.Errorf("a reader makes %d check runs", runs)
	}
	if runs := rerun("wendy"); runs != 2 {
		t.Errorf("a click on Re-run makes %d check runs", runs)
	}
	if runs := rerun("wendy"); runs != 2 {
		t.Errorf("a click on Re-run of a check run that isn't the newest makes %d check runs", runs)
	}
	suite := fmt.Sprintf(`{"action":"rerequested","repository":{"full_name":"acme/shop"},
		"check_suite":{"head_sha":%q,"app":{"id":7}},"sender":{"login":"wendy","id":%d}}`, run.SHA, githubtest.ID("wendy"))
	for i := range 20 {
		r.service.Deliver(t, "check_suite", fmt.Sprint("all checks ", i), suite)
		r.refresh(t)
	}
	if runs := len(r.shop.CheckRuns()); runs < 3 || runs > 12 {
		t.Errorf("20 clicks on Re-run all checks make %d check runs; at most 10 an hour", runs)
	}
	last := r.shop.CheckRuns()[len(r.shop.CheckRuns())-1]
	if last.SHA != run.SHA || last.Conclusion != run.Conclusion {
		t.Errorf("the newest check run is %+v, the first was %+v", last, run)
	}
}

// Webhooks about the generator's own check runs cause no reads.
func TestOwnCheckRunsCauseNoReads(t *testing.T) {
	t.Parallel()
	r := sleeping(t)
	before := r.RepositoryReads["acme/shop"]
	for kind, content := range map[string]string{
		"check_run": `{"name":"previewset","app":{"id":7}}`, "check_suite": `{"app":{"id":7}}`,
	} {
		body := fmt.Sprintf(`{"action":"completed","repository":{"full_name":"acme/shop"},%q:%s}`, kind, content)
		if got := r.service.Deliver(t, kind, kind, body); !strings.Contains(got.Body, "changes nothing") {
			t.Errorf("%s: %s", kind, got.Body)
		}
	}
	if reads := r.RepositoryReads["acme/shop"]; reads != before {
		t.Errorf("%d reads", reads-before)
	}
	other := `{"action":"completed","repository":{"full_name":"acme/shop"},"check_run":{"name":"image","app":{"id":7}}}`
	if got := r.service.Deliver(t, "check_run", "other", other); !strings.Contains(got.Body, "read again") {
		t.Errorf("another check run of the App: %s", got.Body)
	}
}
