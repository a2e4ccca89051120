package applicationsets_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestApplicationSetsAreToldWhenTheirAnswerChanges(t *testing.T) {
	t.Parallel()
	everything := map[string]any{}
	for name, c := range map[string]struct {
		filters map[string]map[string]any
		change  func(*testworld.World)
		want    []string
	}{
		"nothing changed":       {map[string]map[string]any{"all": everything}, func(*testworld.World) {}, nil},
		"a closed pull request": {map[string]map[string]any{"all": everything}, func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, []string{"all"}},
		"a pull request nobody asked for": {map[string]map[string]any{"all": everything}, func(w *testworld.World) {
			w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "Preview"), "orders/main.go"))
		}, nil},
		"one that another set is asked for":                              {map[string]map[string]any{"gateway": {"repository": "acme/gateway"}, "shop": {"repository": []any{"acme/shop"}}}, func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, []string{"shop"}},
		"a set in a matrix, whose parameters another generator fills in": {map[string]map[string]any{"matrix": {"repository": "{{ .repository }}", "owner": []any{"{{ .owner }}"}}}, func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, []string{"matrix"}},
		"one of a matrix that has nothing of it":                         {map[string]map[string]any{"matrix": {"repository": "acme/gateway", "owner": "{{ .owner }}"}}, func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, nil},
		"a set whose parameters are unknown":                             {map[string]map[string]any{"bad": {"colour": "red"}}, func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Plugins = testworld.Plugins(c.filters)
			s := testworld.Ready(t, w, testworld.WithCluster(w))
			w.TakeRefreshed() // at the start all are told
			w.Change(func() { c.change(w) })
			s.Refresh(t.Context())
			s.Refresh(t.Context())
			if diff := cmp.Diff(c.want, w.TakeRefreshed()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAtTheStartEveryApplicationSetOfOursIsTold(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Plugins = testworld.Plugins(map[string]map[string]any{"one": {}, "two": {"owner": "alice"}})
	testworld.Ready(t, w, testworld.WithCluster(w))
	if diff := cmp.Diff([]string{"one", "two"}, w.TakeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestAnApplicationSetThatAskedIsOursWhateverItsConfigMap(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Plugins = testworld.Plugins(nil)
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	if told := w.TakeRefreshed(); len(told) != 0 {
		t.Fatalf("told %v", told)
	}
	if got := s.GetParams(t, `{"applicationSetName":"others","input":{}}`); got.Code != http.StatusOK {
		t.Fatal(got.Code)
	}
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"others"}, w.TakeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedRefreshIsTriedAgainAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Plugins, w.RefreshErr = testworld.Plugins(map[string]map[string]any{"all": {}}), errors.New("forbidden")
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("answered %d", got.Code)
	}
	w.Change(func() { w.RefreshErr = nil })
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"all", "all"}, w.TakeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestOverlappingApplicationSetsAreReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		filters map[string]map[string]any
		want    bool
	}{
		"both ask for everything":        {map[string]map[string]any{"one": {}, "two": {}}, true},
		"one asks for what the other":    {map[string]map[string]any{"one": {"owner": "alice"}, "two": {"repository": "acme/shop"}}, true},
		"nobody knows what one asks for": {map[string]map[string]any{"one": {"owner": "{{ .owner }}"}, "two": {}}, false},
		"they ask for different things":  {map[string]map[string]any{"one": {"owner": "alice"}, "two": {"owner": "bob"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Plugins = testworld.Plugins(c.filters)
			s := testworld.Ready(t, w, testworld.WithCluster(w))
			got := testworld.Do(t, s.Handler(), http.MethodGet, "/api/v1/decisions", "", map[string]string{"Authorization": "Bearer " + testworld.APIToken})
			if reported := strings.Contains(got.Body, "ApplicationSets one and two both get environment"); reported != c.want {
				t.Errorf("reported: %v, in %s", reported, got.Body)
			}
		})
	}
}

func TestAnApplicationSetThatDidNotAskIsToldAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asks int // at which telling it asks; 0 for never
		want int // tellings
	}{"it asks at once": {1, 1}, "the annotation was taken away unread": {2, 2}, "it never asks": {0, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inside := func(o *generator.Options) {
				w := o.GitHub.(*testworld.World)
				w.Plugins, o.Cluster = testworld.Plugins(map[string]map[string]any{"previews": {}}), testworld.Cluster{World: w}
			}
			testworld.Run(t, []func(*generator.Options){inside}, func(s *testworld.Service) {
				s.GetParams(t, testworld.ParamsBody)
				time.Sleep(time.Minute)
				synctest.Wait()
				s.TakeRefreshed()
				s.Change(func() { s.Repositories["acme/shop"] = testworld.Repository("acme/shop") })
				s.Deliver(t, "hush", "pull_request", "", testworld.Labelled)
				told := 0
				for range 60 {
					synctest.Wait()
					if told += len(s.TakeRefreshed()); c.asks > 0 && told >= c.asks {
						s.GetParams(t, testworld.ParamsBody)
					}
					time.Sleep(time.Second)
				}
				testworld.Compare(t, "tellings", c.want, told)
			})
		})
	}
}
