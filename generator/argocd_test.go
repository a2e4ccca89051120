package generator_test

import (
	"errors"
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

// plugins are ApplicationSets that ask this service, with their filters, and one that asks another.
func plugins(filters map[string]map[string]any) []preview.Plugin {
	all := []preview.Plugin{{ApplicationSet: "others", ConfigMap: "another-generator"}}
	for name, parameters := range filters {
		all = append(all, preview.Plugin{ApplicationSet: name, ConfigMap: "preview-generator", Parameters: parameters})
	}
	return all
}

func inCluster(w *world) func(*generator.Options) {
	return func(o *generator.Options) { o.Cluster = cluster{w} }
}

func (w *world) takeRefreshed() []string {
	defer w.lock()()
	names := w.refreshed
	w.refreshed = nil
	slices.Sort(names)
	return names
}

func TestApplicationSetsAreToldWhenTheirAnswerChanges(t *testing.T) {
	t.Parallel()
	everything := map[string]any{}
	for name, c := range map[string]struct {
		filters map[string]map[string]any
		change  func(*world)
		want    []string
	}{
		"nothing changed":       {map[string]map[string]any{"all": everything}, func(*world) {}, nil},
		"a closed pull request": {map[string]map[string]any{"all": everything}, func(w *world) { w.repos["acme/shop"] = repository("acme/shop") }, []string{"all"}},
		"a pull request nobody asked for": {map[string]map[string]any{"all": everything}, func(w *world) {
			w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(7, "alice", "Preview"), "orders/main.go"))
		}, nil},
		"one that another set is asked for":                              {map[string]map[string]any{"gateway": {"repository": "acme/gateway"}, "shop": {"repository": []any{"acme/shop"}}}, func(w *world) { w.repos["acme/shop"] = repository("acme/shop") }, []string{"shop"}},
		"a set in a matrix, whose parameters another generator fills in": {map[string]map[string]any{"matrix": {"repository": "{{ .repository }}", "owner": []any{"{{ .owner }}"}}}, func(w *world) { w.repos["acme/shop"] = repository("acme/shop") }, []string{"matrix"}},
		"one of a matrix that has nothing of it":                         {map[string]map[string]any{"matrix": {"repository": "acme/gateway", "owner": "{{ .owner }}"}}, func(w *world) { w.repos["acme/shop"] = repository("acme/shop") }, nil},
		"a set whose parameters are unknown":                             {map[string]map[string]any{"bad": {"colour": "red"}}, func(w *world) { w.repos["acme/shop"] = repository("acme/shop") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.plugins = plugins(c.filters)
			s := ready(t, w, inCluster(w))
			w.takeRefreshed() // at the start all are told
			w.set(func() { c.change(w) })
			s.Refresh(t.Context())
			s.Refresh(t.Context())
			if diff := cmp.Diff(c.want, w.takeRefreshed()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAtTheStartEveryApplicationSetOfOursIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.plugins = plugins(map[string]map[string]any{"one": {}, "two": {"owner": "alice"}})
	ready(t, w, inCluster(w))
	if diff := cmp.Diff([]string{"one", "two"}, w.takeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestAnApplicationSetThatAskedIsOursWhateverItsConfigMap(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.plugins = plugins(nil)
	s := ready(t, w, inCluster(w))
	if told := w.takeRefreshed(); len(told) != 0 {
		t.Fatalf("told %v", told)
	}
	if got := s.ask(t, `{"applicationSetName":"others","input":{}}`); got.code != http.StatusOK {
		t.Fatal(got.code)
	}
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"others"}, w.takeRefreshed()); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedRefreshIsTriedAgainAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.plugins, w.refreshErr = plugins(map[string]map[string]any{"all": {}}), errors.New("forbidden")
	s := ready(t, w, inCluster(w))
	if got := s.ask(t, ordinary); got.code != http.StatusOK {
		t.Errorf("answered %d", got.code)
	}
	w.set(func() { w.refreshErr = nil })
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"all", "all"}, w.takeRefreshed()); diff != "" {
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
			w := newWorld()
			w.plugins = plugins(c.filters)
			s := ready(t, w, inCluster(w))
			got := do(t, s.Handler(), http.MethodGet, "/api/v1/decisions", "", map[string]string{"Authorization": "Bearer " + apiToken})
			if reported := strings.Contains(got.body, "ApplicationSets one and two both get environment"); reported != c.want {
				t.Errorf("reported: %v, in %s", reported, got.body)
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
				w := o.GitHub.(*world)
				w.plugins, o.Cluster = plugins(map[string]map[string]any{"previews": {}}), cluster{w}
			}
			running(t, []func(*generator.Options){inside}, func(s *service) {
				s.ask(t, ordinary)
				time.Sleep(time.Minute)
				synctest.Wait()
				s.takeRefreshed()
				s.set(func() { s.repos["acme/shop"] = repository("acme/shop") })
				s.deliver(t, "hush", "pull_request", "", labelled)
				told := 0
				for range 60 {
					synctest.Wait()
					if told += len(s.takeRefreshed()); c.asks > 0 && told >= c.asks {
						s.ask(t, ordinary)
					}
					time.Sleep(time.Second)
				}
				expect(t, "tellings", c.want, told)
			})
		})
	}
}
