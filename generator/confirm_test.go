package generator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestConfirmIsForTheAPITokenOnly(t *testing.T) {
	t.Parallel()
	s := testworld.NewWaitingForConfirmation(t)
	const body = `{"environments": ["shop-pr-7"]}`
	for authorization, want := range map[string]string{
		" ": "missing bearer token; send the API token", "Bearer " + testworld.ArgoToken: "wrong token; send the API token",
	} {
		got := testworld.Do(t, s.Handler(), http.MethodPost, testworld.ConfirmPath, body, map[string]string{"Authorization": authorization})
		if got.Code != http.StatusUnauthorized || got.Message(t) != want {
			t.Errorf("%q: %d %s", authorization, got.Code, got.Body)
		}
	}
	off := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.APIToken = nil })
	if got := off.Confirm(t, body); got.Code != http.StatusUnauthorized {
		t.Errorf("without an API token: %d %s", got.Code, got.Body)
	}
	if got := testworld.Do(t, s.PublicHandler(), http.MethodPost, testworld.ConfirmPath, body, map[string]string{"Authorization": "Bearer " + testworld.APIToken}); got.Code != http.StatusNotFound {
		t.Errorf("on the public listener: %d %s", got.Code, got.Body)
	}
}

func TestConfirmIsRefused(t *testing.T) {
	t.Parallel()
	const form = `expected {"environments": [names]`
	known := func(name string) string {
		return name + " is neither an environment that waits for confirmation nor"
	}
	many, err := json.Marshal(map[string][]string{"environments": slices.Repeat([]string{"shop-pr-7"}, 1001)})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body string
		code       int
		want       string
	}{
		{"an empty body", ``, 400, form},
		{"no JSON", `environments=shop-pr-7`, 400, form},
		{"null", `null`, 400, form},
		{"a list", `["shop-pr-7"]`, 400, form},
		{"no names", `{}`, 400, form},
		{"empty lists", `{"environments": [], "repositories": [], "caller": "alice"}`, 400, form},
		{"names that are numbers", `{"environments": [7]}`, 400, form},
		{"a name without a list", `{"environments": "shop-pr-7"}`, 400, form},
		{"too many names", string(many), 400, form},
		{"too large a body", `{"caller": "` + strings.Repeat("x", 64<<10) + `", "environments": ["shop-pr-7"]}`, 400, form},
		{"an environment that nobody knows", `{"environments": ["shop-pr-99"]}`, 404, known("shop-pr-99")},
		{"one that isn't live", `{"environments": ["shop-pr-8"]}`, 404, known("shop-pr-8")},
		{"one that is withheld, and one that nobody knows", `{"environments": ["shop-pr-7", "x"]}`, 404, known("x")},
		{"a name that hides something", `{"environments": ["a\u001b[2J\u202e"]}`, 404, known("a[2J")},
		{"a repository that was read", `{"repositories": ["Acme/Shop"]}`, 404, known("acme/shop")},
		{"a repository that nobody knows", `{"repositories": ["acme/none"]}`, 404, known("acme/none")},
	}
	s := testworld.NewWaitingForConfirmation(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.Confirm(t, tt.body); got.Code != tt.code || !strings.HasPrefix(got.Message(t), tt.want) {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
	t.Run("one that is live and not withheld", func(t *testing.T) {
		t.Parallel()
		if got := testworld.Ready(t, testworld.New()).Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound || !strings.HasPrefix(got.Message(t), known("shop-pr-7")) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	})
	t.Run("where nothing has been read yet", func(t *testing.T) {
		t.Parallel()
		if got := testworld.NewService(t, testworld.New()).Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	})
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" || strings.Contains(s.Log.String(), "confirmed") {
		t.Errorf("something went: %s", diff)
	}
}

func TestConfirmedOnesGoWithTheNextSnapshot(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Interval, o.Token, o.APIToken = time.Hour, argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
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
		all = []string{"gateway-pr-1: live withheld*", "gateway-pr-2: held unlabelled", "shop-pr-7: held unlabelled", "shop-pr-8: held unlabelled"}
		if diff := cmp.Diff(all, s.Decisions(t)); diff != "" {
			t.Errorf("decisions: %s", diff)
		}
		if b, r := w.Reads(); b != branches || r != shop {
			t.Errorf("the branch was read %d times for it, acme/shop %d times", b-branches, r-shop)
		}
		logged := s.Log.String()
		for _, want := range []string{`"msg":"removal confirmed"`, `"names":["shop-pr-7","gateway-pr-2"]`, `"caller":"alice"`, `"address":"`, `"level":"WARN"`} {
			if !strings.Contains(logged, want) {
				t.Errorf("the log doesn't say %s", want)
			}
		}
		if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusNotFound {
			t.Errorf("once more: %d %s", got.Code, got.Body)
		}
		// The word counts once: what gets the label later stays.
		w.Change(func() {
			w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "deploy"), "orders/main.go"))
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		w.Change(func() { w.Tree = testworld.Tree(3, testworld.Policy) })
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody).Names(t); !slices.Contains(got, "shop-pr-7") {
			t.Errorf("%v are live; a confirmation was kept for another time", got)
		}
		cancel()
		<-done
	})
}

// Two pull requests want one name: the live one can be confirmed though the other is only held.
func TestConfirmFindsTheOneThatIsWithheld(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway")
	s := testworld.Ready(t, w)
	w.Change(func() { // gateway has shop's name now, and sorts before it
		w.Tree = testworld.Tree(2, strings.Replace(testworld.Policy, "services:", "namespacePrefix: pr-\nrepositories: {acme/shop: {alias: store}, acme/gateway: {alias: shop}}\nservices:", 1))
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(7, "bob"))
	})
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"shop-pr-7: held taken", "shop-pr-7: live moved*", "store-pr-8: held unlabelled"}, s.Decisions(t)); diff != "" {
		t.Fatal(diff)
	}
	if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusAccepted {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestRepositoriesThatWereNeverReadAreConfirmedAway(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	w := testworld.New()
	w.RepositoryErrs["acme/shop"] = testworld.ErrOutage
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), "acme/shop was never read") {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		if got := s.Confirm(t, `{"repositories": ["acme/gateway"]}`); got.Code != http.StatusNotFound {
			t.Errorf("one that was read: %d %s", got.Code, got.Body)
		}
		if got := s.Confirm(t, `{"repositories": ["ACME/Shop"], "caller": "alice"}`); got.Code != http.StatusAccepted {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
			t.Error(diff)
		}
		if got := s.Confirm(t, `{"repositories": ["acme/shop"]}`); got.Code != http.StatusNotFound {
			t.Errorf("once more: %d %s", got.Code, got.Body)
		}
		cancel()
		<-done
	})
	// It is remembered across a restart, and what is there once it can be read goes live as usual.
	again := testworld.Ready(t, w, keep)
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, again.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	w.Change(func() { clear(w.RepositoryErrs) })
	again.Refresh(t.Context())
	if diff := cmp.Diff(testworld.AllNames, again.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("once it is read: %s", diff)
	}
}

// A repository that configuration names later is confirmed while others are served: that is kept too.
func TestConfirmedRepositoryIsRememberedThoughNoRowChanges(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.RepositoryErrs["acme/mailer"] = testworld.ErrOutage
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		w.Change(func() {
			w.Tree = testworld.Tree(2, strings.Replace(testworld.Policy, "profiles:", "  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer}\nprofiles:", 1))
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
		cancel()
		<-done
	})
	if got := testworld.Ready(t, w, keep).GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("after a restart: %d %s", got.Code, got.Body)
	}
}

// What a service was last ready at is kept though no row tells of it: the one pull request that would run it waits.
func TestLastReadyCommitSurvivesARestartThoughNoRowTellsOfIt(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.Tree = testworld.Tree(1, strings.Replace(testworld.Policy, "public: true, calls: [orders]", "public: true, calls: [orders], default: {branch: main}, ready: {check: image, app: ci}", 1)+
		"limits: {environments: 1}\n")
	own := testworld.PullRequest(1, "bob")
	own.Created = testworld.Start.Add(-time.Hour)
	gateway := func(main string, green bool, prs ...preview.PullRequest) {
		r := testworld.Repository("acme/Gateway", prs...)
		r.Branches["main"] = main
		r.Checks = map[string][]preview.Check{main: {{Name: "image", App: "ci", Green: green}}, own.HeadSHA: {{Name: "image", App: "ci", Green: true}}}
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
