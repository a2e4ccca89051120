package applicationsets_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// ask asks for an ApplicationSet with input parameters, as Argo CD does.
func ask(t *testing.T, s *testworld.Service, parameters string) testworld.Response {
	t.Helper()
	return s.GetParams(t, `{"applicationSetName":"previews","input":{"parameters":`+parameters+`}}`)
}

// oneFilter is a world with a cluster, in which the ApplicationSet "previews" has one plugin generator.
func oneFilter() *testworld.World {
	w := testworld.New()
	w.Plugins = testworld.Plugins(map[string]map[string]any{"previews": {}})
	return w
}

func TestChangedFilters(t *testing.T) {
	t.Parallel()
	single := oneFilter().Plugins
	two := append([]preview.Plugin{{ApplicationSet: "previews", ConfigMap: "preview-generator"}}, single...)
	matrix := testworld.Plugins(map[string]map[string]any{"previews": {"owner": "{{ .owner }}"}})
	for name, tt := range map[string]struct {
		plugins       []preview.Plugin
		before, after string
		isRefused     bool
	}{
		"no filter, and then a mistyped one":      {single, `{}`, `{"owner":"alicce"}`, true},
		"no filter, and then one":                 {single, `{}`, `{"owner":"alice"}`, false},
		"another owner":                           {single, `{"owner":"alice"}`, `{"owner":"bob"}`, true},
		"one parameter more":                      {single, `{"profile":"full"}`, `{"profile":"full","owner":"alice"}`, true},
		"a source without environments":           {single, `{"source":"pull-request"}`, `{"source":"slot"}`, true},
		"one owner more":                          {single, `{"owner":"alice"}`, `{"owner":["alice","bob"]}`, false},
		"some of the environments":                {single, `{"owner":"alice"}`, `{"repository":"acme/shop"}`, false},
		"the same in another case":                {single, `{"owner":"alice"}`, `{"owner":"ALICE"}`, false},
		"the same":                                {single, `{"owner":"alice"}`, `{"owner":"alice"}`, false},
		"a filter that had no environment before": {single, `{"owner":"carol"}`, `{"owner":"bob"}`, false},
		"of two generators":                       {two, `{"owner":"alice"}`, `{"owner":"bob"}`, false},
		"of a matrix":                             {matrix, `{"owner":"alice"}`, `{"owner":"bob"}`, false},
		"of an unknown ApplicationSet":            {testworld.Plugins(nil), `{"owner":"alice"}`, `{"owner":"bob"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Plugins = tt.plugins
			s := testworld.Ready(t, w, testworld.WithCluster(w))
			if got := ask(t, s, tt.before); got.Code != http.StatusOK {
				t.Fatalf("before: %d %s", got.Code, got.Body)
			}
			got := ask(t, s, tt.after)
			if isRefused := got.Code == http.StatusConflict; isRefused != tt.isRefused || !isRefused && got.Code != http.StatusOK {
				t.Errorf("%d %s", got.Code, got.Body)
			}
			if again := ask(t, s, tt.after); again.Code != got.Code {
				t.Errorf("the second time it is %d", again.Code)
			}
			if again := ask(t, s, tt.before); tt.isRefused && again.Code != http.StatusOK {
				t.Errorf("with the last filter it is %d", again.Code)
			}
		})
	}
}

// The confirmation and the last filter hold over restarts and a clock that jumps back.
func TestChangedFilterWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	w := oneFilter()
	_, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep, testworld.WithCluster(w))
	restart := func() {
		s.Refresh(t.Context())
		w.AdvanceClock(-24 * time.Hour)
		s = testworld.Ready(t, w, keep, testworld.WithCluster(w))
	}
	expect := func(step, parameters string, code int, names ...string) {
		t.Helper()
		got := ask(t, s, parameters)
		if got.Code != code {
			t.Fatalf("%s: %d %s", step, got.Code, got.Body)
		}
		if code != http.StatusOK {
			return
		}
		if diff := cmp.Diff(append([]string{}, names...), got.Names(t)); diff != "" {
			t.Errorf("%s: %s", step, diff)
		}
	}
	const mistyped = `{"owner":"alicce"}`
	expect("at first", `{}`, http.StatusOK, testworld.AllNames...)
	restart()
	expect("the first request after a restart", mistyped, http.StatusConflict)
	m := ask(t, s, mistyped).Message(t)
	for _, part := range []string{
		`{"owner":["alicce"]}`, "ApplicationSet previews", "3 environments", "gateway-pr-1", "--application-set previews",
	} {
		if !strings.Contains(m, part) {
			t.Errorf("the message lacks %s: %s", part, m)
		}
	}
	s.Refresh(t.Context())
	if problems := s.Get(t, "/api/v1/decisions").Body; !strings.Contains(problems, "ApplicationSet previews gets no answer") {
		t.Errorf("problems: %s", problems)
	}
	confirm := func(name string, want int) {
		t.Helper()
		if got := s.Confirm(t, fmt.Sprintf(`{"applicationSets":[%q]}`, name)); got.Code != want {
			t.Errorf("confirm %s: %d %s", name, got.Code, got.Body)
		}
	}
	confirm("others", http.StatusNotFound)
	expect("before it is confirmed", mistyped, http.StatusConflict)
	confirm("previews", http.StatusAccepted)
	confirm("previews", http.StatusNotFound)
	expect("confirmed", mistyped, http.StatusOK)
	restart()
	expect("after another restart", mistyped, http.StatusOK)
	expect("the first filter again", `{}`, http.StatusOK, testworld.AllNames...)
}

// After a restart, neither the cluster nor the config branch can be read. The saved state answers.
func TestChangedFilterWithoutFacts(t *testing.T) {
	t.Parallel()
	w := oneFilter()
	_, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep, testworld.WithCluster(w))
	ask(t, s, `{}`)
	s.Refresh(t.Context())
	w.Change(func() { w.ClusterErr, w.ConfigErr = testworld.ErrOutage, testworld.ErrOutage })
	s = testworld.Ready(t, w, keep, testworld.WithCluster(w))
	if got := ask(t, s, `{"owner":"alicce"}`); got.Code != http.StatusConflict {
		t.Errorf("a mistyped filter: %d %s", got.Code, got.Body)
	}
	if diff := cmp.Diff(testworld.AllNames, ask(t, s, `{}`).Names(t)); diff != "" {
		t.Error(diff)
	}
}

// With an unchanged filter, environments go in the usual ways.
func TestUnchangedFilterLosesEnvironments(t *testing.T) {
	t.Parallel()
	w := oneFilter()
	s := testworld.Ready(t, w, testworld.WithCluster(w))
	ask(t, s, `{"owner":"bob"}`)
	w.Change(func() {
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice"))
	})
	s.Refresh(t.Context())
	for _, parameters := range []string{`{"owner":"bob"}`, `{"owner":"carol"}`} {
		got := ask(t, s, parameters)
		if diff := cmp.Diff([]string{}, got.Names(t)); diff != "" {
			t.Errorf("%s: %s", parameters, diff)
		}
	}
}

// The facts that an unchanged filter reads change: pull requests get another profile.
func TestChangedFacts(t *testing.T) {
	t.Parallel()
	const profile, repository, both = `{"profile":"changed"}`, `{"repository":"acme/shop"}`, `{"profile":"changed","repository":"acme/shop"}`
	full := func(numbers ...int) func(*testworld.World) {
		return func(w *testworld.World) {
			for _, r := range w.Repositories {
				for i := range r.PullRequests {
					for _, n := range numbers {
						if r.PullRequests[i].Number == n {
							r.PullRequests[i].Labels = []string{"preview:full"}
						}
					}
				}
			}
		}
	}
	closed := func(w *testworld.World) { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") }
	for name, tt := range map[string]struct {
		parameters string
		change     func(*testworld.World)
		isRefused  bool
	}{
		"all of them get another profile":          {profile, full(1, 7), true},
		"one of them gets another profile":         {profile, full(1), false},
		"the only one gets another profile":        {both, full(7), false},
		"another profile doesn't matter":           {repository, full(1, 7), false},
		"the only one is closed":                   {repository, closed, false},
		"one is closed, one gets another profile":  {profile, func(w *testworld.World) { closed(w); full(1)(w) }, false},
		"nothing changes":                          {profile, func(*testworld.World) {}, false},
		"the filter without parameters reads none": {`{}`, full(1, 7), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := oneFilter()
			_, keep := testworld.NewStore(t)
			s := testworld.Ready(t, w, keep, testworld.WithCluster(w))
			ask(t, s, tt.parameters)
			s.Refresh(t.Context()) // saves the filter
			w.Change(func() { tt.change(w) })
			s = testworld.Ready(t, w, keep, testworld.WithCluster(w))
			for range 2 {
				if got := ask(t, s, tt.parameters); (got.Code == http.StatusConflict) != tt.isRefused {
					t.Errorf("%d %s", got.Code, got.Body)
				}
				s = testworld.Ready(t, w, keep, testworld.WithCluster(w))
			}
			if !tt.isRefused {
				return
			}
			ask(t, s, tt.parameters)
			s.Confirm(t, `{"applicationSets":["previews"]}`)
			if got := ask(t, s, tt.parameters); got.Code != http.StatusOK {
				t.Errorf("confirmed: %d %s", got.Code, got.Body)
			}
		})
	}
}
