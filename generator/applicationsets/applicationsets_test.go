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

func TestApplicationSetsAreRefreshedWhenTheirRowsChange(t *testing.T) {
	t.Parallel()
	everything := map[string]any{}
	for name, c := range map[string]struct {
		filters map[string]map[string]any
		change  func(*testworld.World)
		want    []string
	}{
		"nothing changed": {map[string]map[string]any{"all": everything}, func(*testworld.World) {}, nil},
		"a closed pull request": {
			map[string]map[string]any{"all": everything},
			func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") },
			[]string{"all"},
		},
		"an unlabelled pull request": {map[string]map[string]any{"all": everything}, func(w *testworld.World) {
			w.Repositories["acme/shop"] = testworld.Repository(
				"acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice", "Preview"), "orders/main.go"),
			)
		}, nil},
		"an environment of another ApplicationSet": {
			map[string]map[string]any{"gateway": {"repository": "acme/gateway"}, "shop": {"repository": []any{"acme/shop"}}},
			func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") },
			[]string{"shop"},
		},
		"a matrix with parameters of another generator": {
			map[string]map[string]any{"matrix": {"repository": "{{ .repository }}", "owner": []any{"{{ .owner }}"}}},
			func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") },
			[]string{"matrix"},
		},
		"a matrix without matching rows": {
			map[string]map[string]any{"matrix": {"repository": "acme/gateway", "owner": "{{ .owner }}"}},
			func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, nil,
		},
		"unknown parameters": {
			map[string]map[string]any{"bad": {"colour": "red"}},
			func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Plugins = testworld.Plugins(c.filters)
			s := testworld.Ready(t, w, testworld.WithCluster(w))
			w.TakeRefreshed() // after the start all are refreshed
			w.Change(func() { c.change(w) })
			s.Refresh(t.Context())
			s.Refresh(t.Context())
			if diff := cmp.Diff(c.want, w.TakeRefreshed()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestApplicationSetsAreRefreshedAfterStart(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Plugins = testworld.Plugins(map[string]map[string]any{"one": {}, "two": {"owner": "alice"}})
	testworld.Ready(t, w, testworld.WithCluster(w))
	if diff := cmp.Diff([]string{"one", "two"}, w.TakeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestCallersAreRefreshedWithAnyConfigMap(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Plugins = testworld.Plugins(nil)
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	if refreshed := w.TakeRefreshed(); len(refreshed) != 0 {
		t.Fatalf("refreshed: %v", refreshed)
	}
	if got := s.GetParams(t, `{"applicationSetName":"others","input":{}}`); got.Code != http.StatusOK {
		t.Fatal(got.Code)
	}
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"others"}, w.TakeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestFailedRefreshIsRepeated(t *testing.T) {
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
		"two without a filter":         {map[string]map[string]any{"one": {}, "two": {}}, true},
		"two with overlapping filters": {map[string]map[string]any{"one": {"owner": "alice"}, "two": {"repository": "acme/shop"}}, true},
		"one with an unknown filter":   {map[string]map[string]any{"one": {"owner": "{{ .owner }}"}, "two": {}}, false},
		"two with different filters":   {map[string]map[string]any{"one": {"owner": "alice"}, "two": {"owner": "bob"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Plugins = testworld.Plugins(c.filters)
			s := testworld.Ready(t, w, testworld.WithCluster(w))
			got := testworld.DoAs(t, s.Handler(), http.MethodGet, "/api/v1/decisions", "", testworld.APIToken)
			if reported := strings.Contains(got.Body, "ApplicationSets one and two both get environment"); reported != c.want {
				t.Errorf("reported: %v, in %s", reported, got.Body)
			}
		})
	}
}

func TestApplicationSetThatDoesNotAskIsRefreshedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asks int // number of the refresh after which it asks; 0 for never
		want int // refreshes
	}{"it asks at once": {1, 1}, "it misses the first refresh": {2, 2}, "it never asks": {0, 4}} {
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
				s.Deliver(t, "pull_request", "", testworld.Labelled)
				told := 0
				for range 60 {
					synctest.Wait()
					if told += len(s.TakeRefreshed()); c.asks > 0 && told >= c.asks {
						s.GetParams(t, testworld.ParamsBody)
					}
					time.Sleep(time.Second)
				}
				testworld.Compare(t, "refreshes", c.want, told)
			})
		})
	}
}
