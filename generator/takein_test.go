package generator_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// wantLogged checks that a log has all parts.
func wantLogged(t *testing.T, logged string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(logged, part) {
			t.Errorf("the log lacks %s", part)
		}
	}
}

func TestConfirmedEnvironmentsAreRemovedAtOnce(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Interval, o.Token, o.APIToken = time.Hour, argo, api })
		s.Start(t)
		w.Change(func() { w.Tree = testworld.Tree(2, testworld.DeployPolicy) })
		time.Sleep(time.Hour)
		synctest.Wait()
		all := []string{"gateway-pr-1: live withheld*", "gateway-pr-2: live withheld*", "shop-pr-7: live withheld*", "shop-pr-8: held unlabelled"}
		if diff := cmp.Diff(all, s.Decisions(t)); diff != "" {
			t.Fatalf("before: %s", diff)
		}
		branches, shop := w.Reads()

		got := s.Confirm(t, `{"environments": ["shop-pr-7", "gateway-pr-2"], "caller": "ali\u001bce"}`)
		if got.Code != http.StatusAccepted || !strings.HasPrefix(got.Message(t), "confirmed;") {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"gateway-pr-1"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
			t.Errorf("afterwards: %s", diff)
		}
		all = []string{
			"gateway-pr-1: live withheld*", "gateway-pr-2: held unlabelled", "shop-pr-7: held unlabelled",
			"shop-pr-8: held unlabelled",
		}
		if diff := cmp.Diff(all, s.Decisions(t)); diff != "" {
			t.Errorf("decisions: %s", diff)
		}
		if b, r := w.Reads(); b != branches || r != shop {
			t.Errorf("the confirmation caused %d reads of the config branch and %d of acme/shop", b-branches, r-shop)
		}
		wantLogged(t, s.Log.String(),
			`"msg":"removal confirmed"`, `"names":["shop-pr-7","gateway-pr-2"]`, `"caller":"alice"`, `"address":"`, `"level":"WARN"`)
		if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound {
			t.Errorf("a second confirmation: %d %s", got.Code, got.Body)
		}
		// A confirmation counts once: an environment with a new label stays.
		w.Change(func() {
			w.Repositories["acme/shop"] = testworld.Repository(
				"acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "deploy"), "orders/main.go"),
			)
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		w.Change(func() { w.Tree = testworld.Tree(3, testworld.Policy) })
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody).Names(t); !slices.Contains(got, "shop-pr-7") {
			t.Errorf("%v are live; the old confirmation removed shop-pr-7 again", got)
		}
	})
}

func TestConfirmedRepositoryCountsAsEmpty(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	w := testworld.New()
	w.RepositoryErrs["acme/shop"] = testworld.ErrOutage
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		s.Start(t)
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
			!strings.Contains(got.Message(t), "acme/shop was never read") {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		if got := s.Confirm(t, `{"repositories": ["acme/gateway"]}`); got.Code != http.StatusNotFound {
			t.Errorf("a repository that was read: %d %s", got.Code, got.Body)
		}
		if got := s.Confirm(t, `{"repositories": ["ACME/Shop"], "caller": "alice"}`); got.Code != http.StatusAccepted {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
			t.Error(diff)
		}
		if got := s.Confirm(t, `{"repositories": ["acme/shop"]}`); got.Code != http.StatusNotFound {
			t.Errorf("a second confirmation: %d %s", got.Code, got.Body)
		}
	})
	// The confirmation survives a restart. Once the repository can be read, its pull requests count as usual.
	again := testworld.Ready(t, w, keep)
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, again.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	w.Change(func() { clear(w.RepositoryErrs) })
	again.Refresh(t.Context())
	if diff := cmp.Diff(testworld.AllNames, again.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("after the repository was read: %s", diff)
	}
}

// The confirmation of a new repository is saved even though no row changes.
func TestConfirmedRepositoryIsSavedWithoutRowChange(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.RepositoryErrs["acme/mailer"] = testworld.ErrOutage
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		s.Start(t)
		w.Change(func() {
			w.Tree = testworld.Tree(
				2,
				strings.Replace(testworld.Policy, "profiles:", "  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer}\nprofiles:", 1),
			)
			for _, as := range []string{"run", "link"} {
				w.Tree.Kustomizations["kustomize-base/services/mailer/"+as] = true
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.Confirm(t, `{"repositories": ["acme/mailer"]}`); got.Code != http.StatusAccepted {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		synctest.Wait()
	})
	if got := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("after a restart: %d %s", got.Code, got.Body)
	}
}

// The last ready commit of a service's default is saved even though no live environment runs it.
func TestLastReadyCommitIsSavedWithoutRowChange(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.Tree = testworld.Tree(
		1,
		strings.Replace(
			testworld.Policy, "public: true, calls: [orders]",
			"public: true, calls: [orders], default: {branch: main}, ready: {check: image, app: ci}", 1,
		)+
			"limits: {environments: 1}\n",
	)
	own := testworld.PullRequest(1, "bob")
	own.Created = testworld.Start.Add(-time.Hour)
	gateway := func(main string, green bool, prs ...preview.PullRequest) {
		r := testworld.Repository("acme/Gateway", prs...)
		r.Branches["main"] = main
		r.Checks = map[string][]preview.Check{
			main: {{Name: "image", App: "ci", Green: green}}, own.HeadSHA: {{Name: "image", App: "ci", Green: true}},
		}
		w.Change(func() { w.Repositories["acme/gateway"] = r })
	}
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice"), "orders/a"))
	gateway(strings.Repeat("1", 40), true, own)
	s := testworld.Ready(t, w, keep)
	if diff := cmp.Diff([]string{"gateway-pr-1: live labelled", "shop-pr-7: held limit"}, s.Decisions(t)); diff != "" {
		t.Fatal(diff)
	}
	gateway(strings.Repeat("2", 40), true, own)
	s.Refresh(t.Context())
	gateway(strings.Repeat("3", 40), false)
	again := testworld.Ready(t, w, keep)
	if got := again.GetParams(t, testworld.ParamsBody).Body; !strings.Contains(got, "ghcr.io/acme/gateway:"+strings.Repeat("2", 40)) {
		t.Errorf("gateway isn't at its last ready commit: %v %s", again.Decisions(t), got)
	}
}

func TestManyRequestsAreOneSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		_, keep := testworld.NewStore(t)
		s := testworld.NewService(t, w, keep, testworld.WithRealTime, testworld.WithClock)
		s.Start(t)
		testworld.Advance(time.Second)
		s.Request(t, "shop-pr-7", "sleep", "")
		testworld.Advance(time.Second)
		before := s.Metrics(t)["previewset_memory_saves_total{outcome=success}"]
		hang := make(chan struct{})
		w.Change(func() { w.Blocked = map[string]chan struct{}{"acme/shop": hang} })
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { s.Request(t, "shop-pr-7", "wake", "") })
		}
		all.Wait()
		synctest.Wait()
		if n := s.Metrics(t)["previewset_memory_saves_total{outcome=success}"] - before; n < 1 || n > 50 {
			t.Errorf("the state was saved %v times", n)
		}
		if got := s.Metrics(t)["previewset_wakes_total{by=request}"]; got != 1 {
			t.Errorf("the environment woke %v times", got)
		}
		close(hang)
	})
}

// A request waits while the state can't be saved. It has no effect before.
func TestRequestWaitsUntilStateIsSaved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		file, keep := testworld.NewStore(t)
		d := &disk{File: file}
		s := testworld.NewService(t, w, testworld.WithRealTime, testworld.WithClock, func(o *generator.Options) { o.Store = d })
		s.Start(t)
		testworld.Advance(time.Second)
		d.full.Store(true)
		s.Request(t, "shop-pr-7", "sleep", "")
		testworld.Advance(time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("state %s, but the state wasn't saved", got)
		}
		d.full.Store(false)
		testworld.Advance(2 * time.Minute)
		if got := s.States(t)["shop-pr-7"]; got != preview.Asleep {
			t.Errorf("state %s", got)
		}
		w.Change(func() {
			w.ConfigErr = errors.New("outage")
			w.RepositoryErrs["acme/shop"] = w.ConfigErr
		})
		again := testworld.Ready(t, w, keep, testworld.WithRealTime)
		if got := again.States(t)["shop-pr-7"]; got != preview.Asleep {
			t.Errorf("after a restart during an outage: state %s", got)
		}
	})
}
