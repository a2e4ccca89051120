package generator_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// Filters and decisions accept the configured name of a renamed repository, even while it can't be read after a
// restart.
func TestRenamedRepositoryKeepsConfiguredName(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	w.Plugins = testworld.Plugins(
		map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}},
	)
	s := testworld.Ready(t, w, keep, testworld.WithCluster(w))
	const (
		ofShop = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`
		why    = "/api/v1/decisions?repository=acme/shop&number=7"
	)
	known := func(when string, s *testworld.Service) {
		t.Helper()
		if diff := cmp.Diff([]string{"shop-pr-7"}, s.GetParams(t, ofShop).Names(t)); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if got := s.Get(t, why).Body; !strings.Contains(got, `"environment":"shop-pr-7"`) {
			t.Errorf("%s, decisions: %s", when, got)
		}
	}
	known("before", s)
	w.Change(func() {
		shop := w.Repositories["acme/shop"]
		shop.FullName = "acme/store"
		w.Repositories["acme/shop"] = shop
	})
	s.Refresh(t.Context())
	known("renamed", s)
	w.Change(func() { w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway") })
	s.Refresh(t.Context())
	known("another snapshot", s)
	w.Change(func() { w.RepositoryErrs["acme/shop"] = errors.New("down") })
	known("after a restart, unread", testworld.Ready(t, w, keep, testworld.WithCluster(w)))
	w.Change(func() { w.ConfigErr = errors.New("down") })
	known("after a restart, with nothing read", testworld.Ready(t, w, keep, testworld.WithCluster(w)))
}

// A joined environment belongs to the repositories of all its members.
func TestJoinedEnvironmentMatchesAllItsRepositories(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories["acme/shop"] = testworld.Repository(
		"acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "preview-with:checkout"), "orders/main.go"),
	)
	w.Plugins = testworld.Plugins(
		map[string]map[string]any{"of-gateway": {"repository": "acme/gateway"}, "of-shop": {"repository": "acme/shop"}},
	)
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	const ofShop = `{"applicationSetName":"of-shop","input":{"parameters":{"repository":"acme/shop"}}}`
	testworld.Compare(t, "alone", []string{"checkout"}, s.GetParams(t, ofShop).Names(t))
	w.Change(func() {
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "bob", "preview-with:checkout"))
	})
	s.Refresh(t.Context())
	testworld.Compare(t, "joined", []string{"checkout"}, s.GetParams(t, ofShop).Names(t))
	if got := s.Get(t, "/api/v1/decisions").Body; !strings.Contains(
		got, "ApplicationSets of-gateway and of-shop both get environment checkout",
	) {
		t.Errorf("the overlap isn't reported: %s", got)
	}
}

// Decisions explain why nothing is known about a repository.
func TestDecisionsExplainUnknownRepository(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.RepositoryErrs["acme/gateway"] = errors.New("GitHub answers 500")
	s := testworld.Ready(t, w)
	w.Change(func() { w.RepositoryErrs["acme/gateway"] = nil })
	s.Refresh(t.Context())
	w.Change(func() { w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500") })
	s.Refresh(t.Context())
	for repository, want := range map[string]string{
		"Acme/Shop":    `"problems":["acme/shop can't be read: GitHub answers 500; `,
		"acme/other":   `"problems":["acme/other isn't in previewset.yaml`,
		"acme/gateway": `"problems":[]`,
		"":             `"problems":[]`,
	} {
		if got := s.Get(t, "/api/v1/decisions?number=99&repository="+repository).Body; !strings.Contains(got, want) {
			t.Errorf("%q: %s", repository, got)
		}
	}
}

// After a rename on GitHub and in the configuration, an environment keeps its name and namespace.
func TestRenamedRepositoryKeepsEnvironment(t *testing.T) {
	t.Parallel()
	h := newHosted(t)
	s := h.start()
	before := rowOfShop(t, s.GetParams(t, testworld.ParamsBody))
	h.shop.Rename("acme/store")
	h.Tree = testworld.Tree(2, strings.ReplaceAll(testworld.Policy, "acme/shop", "acme/store"))
	for as, again := range map[string]func(){"while it runs": func() { s.Refresh(t.Context()) }, "after a restart": func() { s = h.start() }} {
		again()
		if diff := cmp.Diff([]string{"gateway-pr-1: live labelled", "shop-pr-1: live labelled"}, s.Decisions(t)); diff != "" {
			t.Fatalf("%s: %s", as, diff)
		}
		row := rowOfShop(t, s.GetParams(t, testworld.ParamsBody))
		if row["repository"] != "acme/store" || row["namespace"] != before["namespace"] {
			t.Errorf("%s: %v", as, row)
		}
	}
	h.shop.Close(1)
	h.poll(s)
	h.poll(s)
	if diff := cmp.Diff([]string{gatewayRow}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Errorf("closed: %s", diff)
	}
}

// Another repository with the same name adds and removes nothing until a user confirms each step.
func TestTakenNameNeedsConfirmation(t *testing.T) {
	t.Parallel()
	_, keep := testworld.NewStore(t)
	argo, api := testworld.NewSecret(t, testworld.ArgoToken), testworld.NewSecret(t, testworld.APIToken)
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		shop := w.Repositories["acme/shop"]
		shop.ID = 11
		w.Repositories["acme/shop"] = shop
		s := testworld.NewService(t, w, keep, func(o *generator.Options) { o.Token, o.APIToken = argo, api })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		next := func() { time.Sleep(time.Minute); synctest.Wait() }
		decisions := func(when string, want ...string) {
			t.Helper()
			want = append([]string{"gateway-pr-1: live labelled", "gateway-pr-2: live labelled"}, want...)
			if diff := cmp.Diff(want, s.Decisions(t)); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		synctest.Wait()
		before := s.GetParams(t, testworld.ParamsBody).Body
		w.Change(func() { w.RepositoryErrs["acme/shop"] = &preview.IdentityError{Was: 11, Is: 99} })
		next()
		decisions("taken", "shop-pr-7: live withheld*")
		if got := s.GetParams(t, testworld.ParamsBody).Body; got != before {
			t.Errorf("the rows changed:\n%s", cmp.Diff(before, got))
		}
		if got := s.Confirm(t, `{"repositories": ["acme/shop"]}`); got.Code != http.StatusAccepted {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		w.Change(func() {
			clear(w.RepositoryErrs)
			theirs := testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(9, "mallory"), "orders/main.go"))
			theirs.ID = 99
			w.Repositories["acme/shop"] = theirs
		})
		next()
		decisions("confirmed as it is", "shop-pr-7: live withheld*", "shop-pr-9: live labelled")
		if got := s.Confirm(t, `{"environments": ["shop-pr-7"]}`); got.Code != http.StatusAccepted {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		next()
		decisions("let go", "shop-pr-7: gone confirmed", "shop-pr-9: live labelled")
		cancel()
		<-done
	})
}
