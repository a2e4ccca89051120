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
	"github.com/previewset/previewset/internal/preview"
)

const confirm = "/api/v1/confirm"

// deployPolicy asks for another label: what is live by "preview" is withheld then.
var deployPolicy = strings.Replace(policy, "pullRequests: {", "pullRequests: {label: deploy, ", 1)

// withheld is a service whose three environments are withheld.
func withheld(t *testing.T, change ...func(*generator.Options)) *service {
	t.Helper()
	w := newWorld()
	s := ready(t, w, change...)
	w.set(func() { w.tree = treeOf(2, deployPolicy) })
	s.Refresh(t.Context())
	if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" {
		t.Fatalf("not all are live: %s", diff)
	}
	return s
}

func (s *service) confirm(t *testing.T, body string) answer {
	t.Helper()
	return do(t, s.Handler(), http.MethodPost, confirm, body, map[string]string{"Authorization": "Bearer " + apiToken})
}

// decisions are "name: outcome rule", with a star where the environment is withheld.
func (s *service) decisions(t *testing.T) []string {
	t.Helper()
	var got struct {
		Decisions []preview.Decision `json:"decisions"`
	}
	if err := json.Unmarshal([]byte(s.get(t, "/api/v1/decisions").body), &got); err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, d := range got.Decisions {
		star := ""
		if d.Withheld {
			star = "*"
		}
		all = append(all, d.Environment+": "+d.Outcome+" "+d.Rule+star)
	}
	return all
}

func TestConfirmIsForTheAPITokenOnly(t *testing.T) {
	t.Parallel()
	s := withheld(t)
	const body = `{"environments": ["shop-pr-7"]}`
	for authorization, want := range map[string]string{
		" ": "missing bearer token; send the API token", "Bearer " + argoToken: "wrong token; send the API token",
	} {
		got := do(t, s.Handler(), http.MethodPost, confirm, body, map[string]string{"Authorization": authorization})
		if got.code != http.StatusUnauthorized || got.message(t) != want {
			t.Errorf("%q: %d %s", authorization, got.code, got.body)
		}
	}
	off := ready(t, newWorld(), func(o *generator.Options) { o.APIToken = nil })
	if got := off.confirm(t, body); got.code != http.StatusUnauthorized {
		t.Errorf("without an API token: %d %s", got.code, got.body)
	}
	if got := do(t, s.PublicHandler(), http.MethodPost, confirm, body, map[string]string{"Authorization": "Bearer " + apiToken}); got.code != http.StatusNotFound {
		t.Errorf("on the public listener: %d %s", got.code, got.body)
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
	s := withheld(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.confirm(t, tt.body); got.code != tt.code || !strings.HasPrefix(got.message(t), tt.want) {
				t.Errorf("%d %s", got.code, got.body)
			}
		})
	}
	t.Run("one that is live and not withheld", func(t *testing.T) {
		t.Parallel()
		if got := ready(t, newWorld()).confirm(t, `{"environments": ["shop-pr-7"]}`); got.code != http.StatusNotFound || !strings.HasPrefix(got.message(t), known("shop-pr-7")) {
			t.Errorf("%d %s", got.code, got.body)
		}
	})
	t.Run("where nothing has been read yet", func(t *testing.T) {
		t.Parallel()
		if got := newService(t, newWorld()).confirm(t, `{"environments": ["shop-pr-7"]}`); got.code != http.StatusNotFound {
			t.Errorf("%d %s", got.code, got.body)
		}
	})
	if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" || strings.Contains(s.log.String(), "confirmed") {
		t.Errorf("something went: %s", diff)
	}
}

func TestConfirmedOnesGoWithTheNextSnapshot(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	argo, api := newSecret(t, argoToken), newSecret(t, apiToken)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := newService(t, w, keep, func(o *generator.Options) { o.Interval, o.Token, o.APIToken = time.Hour, argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		w.set(func() { w.tree = treeOf(2, deployPolicy) })
		time.Sleep(time.Hour)
		synctest.Wait()
		all := []string{"gateway-pr-1: live withheld*", "gateway-pr-2: live withheld*", "shop-pr-7: live withheld*", "shop-pr-8: held unlabelled"}
		if diff := cmp.Diff(all, s.decisions(t)); diff != "" {
			t.Fatalf("before: %s", diff)
		}
		branches, shop := w.reads()

		got := s.confirm(t, `{"environments": ["shop-pr-7", "gateway-pr-2"], "caller": "ali\u001bce"}`)
		if got.code != http.StatusAccepted || !strings.HasPrefix(got.message(t), "confirmed;") {
			t.Errorf("%d %s", got.code, got.body)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"gateway-pr-1"}, s.ask(t, ordinary).names(t)); diff != "" {
			t.Errorf("afterwards: %s", diff)
		}
		all = []string{"gateway-pr-1: live withheld*", "gateway-pr-2: held unlabelled", "shop-pr-7: held unlabelled", "shop-pr-8: held unlabelled"}
		if diff := cmp.Diff(all, s.decisions(t)); diff != "" {
			t.Errorf("decisions: %s", diff)
		}
		if b, r := w.reads(); b != branches || r != shop {
			t.Errorf("the branch was read %d times for it, acme/shop %d times", b-branches, r-shop)
		}
		logged := s.log.String()
		for _, want := range []string{`"msg":"removal confirmed"`, `"names":["shop-pr-7","gateway-pr-2"]`, `"caller":"alice"`, `"address":"`, `"level":"WARN"`} {
			if !strings.Contains(logged, want) {
				t.Errorf("the log doesn't say %s", want)
			}
		}
		if got := s.confirm(t, `{"environments": ["shop-pr-7"]}`); got.code != http.StatusNotFound {
			t.Errorf("once more: %d %s", got.code, got.body)
		}
		// The word counts once: what gets the label later stays.
		w.set(func() {
			w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice", "deploy"), "orders/main.go"))
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		w.set(func() { w.tree = treeOf(3, policy) })
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.ask(t, ordinary).names(t); !slices.Contains(got, "shop-pr-7") {
			t.Errorf("%v are live; a confirmation was kept for another time", got)
		}
		cancel()
		<-done
	})
}

// Two pull requests want one name: the live one can be confirmed though the other is only held.
func TestConfirmFindsTheOneThatIsWithheld(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.repos["acme/gateway"] = repository("acme/Gateway")
	s := ready(t, w)
	w.set(func() { // gateway has shop's name now, and sorts before it
		w.tree = treeOf(2, strings.Replace(policy, "services:", "namespacePrefix: pr-\nrepositories: {acme/shop: {alias: store}, acme/gateway: {alias: shop}}\nservices:", 1))
		w.repos["acme/gateway"] = repository("acme/Gateway", pullRequest(7, "bob"))
	})
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"shop-pr-7: held taken", "shop-pr-7: live moved*", "store-pr-8: held unlabelled"}, s.decisions(t)); diff != "" {
		t.Fatal(diff)
	}
	if got := s.confirm(t, `{"environments": ["shop-pr-7"]}`); got.code != http.StatusAccepted {
		t.Errorf("%d %s", got.code, got.body)
	}
}

func TestRepositoriesThatWereNeverReadAreConfirmedAway(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	argo, api := newSecret(t, argoToken), newSecret(t, apiToken)
	w := newWorld()
	w.errs["acme/shop"] = errOutage
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "acme/shop was never read") {
			t.Fatalf("%d %s", got.code, got.body)
		}
		if got := s.confirm(t, `{"repositories": ["acme/gateway"]}`); got.code != http.StatusNotFound {
			t.Errorf("one that was read: %d %s", got.code, got.body)
		}
		if got := s.confirm(t, `{"repositories": ["ACME/Shop"], "caller": "alice"}`); got.code != http.StatusAccepted {
			t.Errorf("%d %s", got.code, got.body)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.ask(t, ordinary).names(t)); diff != "" {
			t.Error(diff)
		}
		if got := s.confirm(t, `{"repositories": ["acme/shop"]}`); got.code != http.StatusNotFound {
			t.Errorf("once more: %d %s", got.code, got.body)
		}
		cancel()
		<-done
	})
	// It is remembered across a restart, and what is there once it can be read goes live as usual.
	again := ready(t, w, keep)
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, again.ask(t, ordinary).names(t)); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	w.set(func() { clear(w.errs) })
	again.Refresh(t.Context())
	if diff := cmp.Diff(allNames, again.ask(t, ordinary).names(t)); diff != "" {
		t.Errorf("once it is read: %s", diff)
	}
}

// A repository that configuration names later is confirmed while others are served: that is kept too.
func TestConfirmedRepositoryIsRememberedThoughNoRowChanges(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	w := newWorld()
	w.errs["acme/mailer"] = errOutage
	argo, api := newSecret(t, argoToken), newSecret(t, apiToken)
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		w.set(func() {
			w.tree = treeOf(2, strings.Replace(policy, "profiles:", "  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer}\nprofiles:", 1))
			for _, as := range []string{"run", "link"} {
				w.tree.Kustomizations["kustomize-base/services/mailer/"+as] = true
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.confirm(t, `{"repositories": ["acme/mailer"]}`); got.code != http.StatusAccepted {
			t.Errorf("%d %s", got.code, got.body)
		}
		synctest.Wait()
		cancel()
		<-done
	})
	if got := ready(t, w, keep).ask(t, ordinary); got.code != http.StatusOK {
		t.Errorf("after a restart: %d %s", got.code, got.body)
	}
}

// What a service was last ready at is kept though no row tells of it: the one pull request that would run it waits.
func TestLastReadyCommitSurvivesARestartThoughNoRowTellsOfIt(t *testing.T) {
	t.Parallel()
	_, keep := remembering(t)
	w := newWorld()
	w.tree = treeOf(1, strings.Replace(policy, "public: true, calls: [orders]", "public: true, calls: [orders], default: {branch: main}, ready: {check: image, app: ci}", 1)+
		"limits: {environments: 1}\n")
	own := pullRequest(1, "bob")
	own.Created = start.Add(-time.Hour)
	gateway := func(main string, green bool, prs ...preview.PullRequest) {
		r := repository("acme/Gateway", prs...)
		r.Branches["main"] = main
		r.Checks = map[string][]preview.Check{main: {{Name: "image", App: "ci", Green: green}}, own.HeadSHA: {{Name: "image", App: "ci", Green: true}}}
		w.set(func() { w.repos["acme/gateway"] = r })
	}
	w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice"), "orders/a"))
	gateway(strings.Repeat("1", 40), true, own)
	s := ready(t, w, keep)
	if diff := cmp.Diff([]string{"gateway-pr-1: live labelled", "shop-pr-7: held limit"}, s.decisions(t)); diff != "" {
		t.Fatal(diff)
	}
	gateway(strings.Repeat("2", 40), true, own)
	s.Refresh(t.Context())
	gateway(strings.Repeat("3", 40), false)
	again := ready(t, w, keep)
	if got := again.ask(t, ordinary).body; !strings.Contains(got, "ghcr.io/acme/gateway:"+strings.Repeat("2", 40)) {
		t.Errorf("gateway isn't at its last ready commit: %v %s", again.decisions(t), got)
	}
}
