package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestListAndGetEnvironments(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	var all struct {
		Environments []map[string]any `json:"environments"`
	}
	got := s.Get(t, "/api/v1/environments")
	if err := json.Unmarshal([]byte(got.Body), &all); err != nil || got.Code != http.StatusOK || len(all.Environments) != 3 {
		t.Fatalf("%d %v %s", got.Code, err, got.Body)
	}
	for _, e := range all.Environments {
		if d, _ := e["decision"].(map[string]any); d["environment"] != e["name"] || d["outcome"] != "live" {
			t.Errorf("the decision about %v is %v", e["name"], d)
		}
	}
	var one map[string]any
	got = s.Get(t, "/api/v1/environments/shop-pr-7")
	if err := json.Unmarshal([]byte(got.Body), &one); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%d %v %s", got.Code, err, got.Body)
	}
	for key, value := range all.Environments[2] {
		if diff := cmp.Diff(value, one[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	for _, e := range all.Environments {
		if p, _ := e["progress"].(map[string]any); p["phase"] != "deploying" {
			t.Errorf("the progress of %v is %v", e["name"], p)
		}
		delete(e, "decision")
		delete(e, "progress")
	}
	if diff := cmp.Diff(s.GetParams(t, testworld.ParamsBody).Rows(t), all.Environments); diff != "" {
		t.Error(diff)
	}
	if got := s.Get(t, "/api/v1/environments/shop-pr-8"); got.Code != http.StatusNotFound ||
		!strings.Contains(got.Message(t), "previewctl why") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// While Argo CD still deletes an environment, the answer says what it waits for.
func TestGoneEnvironmentNamesRemainingObjects(t *testing.T) {
	t.Parallel()
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{
		"preview-shop-pr-8": {Deleting: true, Remaining: []string{"Bucket uploads"}}, "preview-shop-pr-9": {},
	}}
	s := testworld.Ready(t, testworld.New(), testworld.WithApplications(argo))
	for name, want := range map[string]bool{"shop-pr-8": true, "shop-pr-9": false, "shop-pr-10": false} {
		got := s.Get(t, "/api/v1/environments/"+name)
		says := strings.Contains(got.Message(t), "removing: waiting for Bucket uploads")
		if got.Code != http.StatusNotFound || says != want {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

// The list has the progress of the last read, and for a sleeping environment the reason of its decision.
func TestListHasProgress(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo), testworld.WithClock)
	argo.Heal(s.Environment(t, "shop-pr-7").Row)
	s.Request(t, "gateway-pr-1", preview.ActionSleep, "")
	for range 2 {
		w.AdvanceClock(time.Minute)
		s.Refresh(t.Context())
	}
	var all struct {
		Environments []struct {
			Name     string
			Progress preview.Progress
			Decision preview.Decision
		}
	}
	if err := json.Unmarshal([]byte(s.Get(t, "/api/v1/environments").Body), &all); err != nil {
		t.Fatal(err)
	}
	phases := map[string]preview.Phase{}
	for _, e := range all.Environments {
		phases[e.Name] = e.Progress.Phase
		if e.Progress.Since == nil {
			t.Errorf("%s: the phase has no beginning", e.Name)
		}
		if e.Progress.Phase == preview.PhaseAsleep && (e.Progress.Reason == "" || e.Progress.Reason != e.Decision.Reason) {
			t.Errorf("%s: %q, the decision says %q", e.Name, e.Progress.Reason, e.Decision.Reason)
		}
	}
	want := map[string]preview.Phase{
		"shop-pr-7": preview.PhaseReady, "gateway-pr-1": preview.PhaseAsleep, "gateway-pr-2": preview.PhaseDeploying,
	}
	if diff := cmp.Diff(want, phases); diff != "" {
		t.Error(diff)
	}
}

// After a push, config_commit says whether the environment contains it.
func TestConfigCommitOfEnvironment(t *testing.T) {
	t.Parallel()
	const (
		last   = "3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e"
		head   = "ab8bdbe446ab8bdbe446ab8bdbe446ab8bdbe446"
		broken = "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"
	)
	w := testworld.New()
	w.Tree.Commit, w.Tree.Ancestors = head, []string{last}
	s := testworld.Ready(t, w)
	w.Change(func() {
		w.Tree = testworld.Tree(1, "kind: Nonsense\n")
		w.Tree.Commit, w.Tree.Ancestors = broken, []string{head, last}
	})
	s.Refresh(t.Context())
	for commit, want := range map[string]string{
		"": "", head: "true", head[:10]: "true", last: "true", last[:7]: "true", broken: "false", strings.Repeat("1", 40): "false",
	} {
		got := ""
		if read := s.Environment(t, "shop-pr-7?config_commit="+commit).ConfigRead; read != nil {
			got = strconv.FormatBool(*read)
		}
		if got != want {
			t.Errorf("commit %q: %q, want %q", commit, got, want)
		}
	}
	for _, commit := range []string{"main", head[:6], head + "0", "3F2A9C1D"} {
		if a := s.Get(t, "/api/v1/environments/shop-pr-7?config_commit="+commit); a.Code != http.StatusBadRequest ||
			!strings.Contains(a.Message(t), "expected a commit") {
			t.Errorf("%s: %d %s", commit, a.Code, a.Body)
		}
	}
}

func TestApplicationOfRemovedEnvironment(t *testing.T) {
	t.Parallel()
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{"preview-going": {Deleting: true}}}
	s := testworld.Ready(t, testworld.New(), testworld.WithApplications(argo))
	var got preview.ApplicationStatus
	if a := s.Get(t, "/api/v1/environments/going/application"); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil ||
		!got.Deleting {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := s.Get(t, "/api/v1/environments/gone/application"); a.Code != http.StatusNotFound ||
		!strings.Contains(a.Message(t), "doesn't exist") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	argo.Err = errors.New("secret address refused")
	if a := s.Get(t, "/api/v1/environments/other/application"); a.Code != http.StatusInternalServerError ||
		strings.Contains(a.Message(t), "secret") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := testworld.Ready(t, testworld.New()).Get(t, "/api/v1/environments/going/application"); a.Code != http.StatusNotImplemented ||
		!strings.Contains(a.Message(t), "has no cluster") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	for _, path := range []string{"/api/v1/environments/going/application", "/api/v1/facts"} {
		if a := testworld.Do(t, s.Handler(), http.MethodGet, path, "", nil); a.Code != http.StatusUnauthorized {
			t.Errorf("%s with Argo CD's token: %d", path, a.Code)
		}
		if a := testworld.NewService(t, testworld.New(), testworld.WithApplications(argo)).Get(t, path); a.Code != http.StatusServiceUnavailable {
			t.Errorf("%s before the first snapshot: %d", path, a.Code)
		}
	}
}
