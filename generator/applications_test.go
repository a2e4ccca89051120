package generator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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

// Whoever has just pushed a change asks whether the environment is the one from before.
func TestAnEnvironmentSaysWhetherItIsOfACommit(t *testing.T) {
	t.Parallel()
	const last, head, broken = "3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e", "ab8bdbe446ab8bdbe446ab8bdbe446ab8bdbe446", "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"
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
			t.Errorf("of %q: %q, want %q", commit, got, want)
		}
	}
	for _, commit := range []string{"main", head[:6], head + "0", "3F2A9C1D"} {
		if a := s.Get(t, "/api/v1/environments/shop-pr-7?config_commit="+commit); a.Code != http.StatusBadRequest || !strings.Contains(a.Message(t), "expected a commit") {
			t.Errorf("%s: %d %s", commit, a.Code, a.Body)
		}
	}
}

func TestAnEnvironmentSaysHowArgoCDGetsOnWithIt(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	got := s.Environment(t, "shop-pr-7")
	if got.Ready == nil || *got.Ready || got.Application != nil || got.Reason != "Argo CD hasn't made its Application yet" {
		t.Errorf("without an Application: %+v", got)
	}
	argo.Statuses["preview-shop-pr-7"] = testworld.Synced(got.Row)
	w.Change(func() { w.Now = w.Now.Add(time.Second) })
	got = s.Environment(t, "shop-pr-7")
	if !*got.Ready || got.Reason != "" || got.Application.Sync != "Synced" {
		t.Errorf("synced and healthy: %+v", got)
	}
	want := preview.Expected{Revision: got.Revision, Images: got.Kustomize.Images}
	if diff := cmp.Diff(want, got.Expected); diff != "" || len(want.Images) == 0 {
		t.Errorf("expected (-want +got):\n%s", diff)
	}
	argo.Err = errors.New("secret address refused")
	w.Change(func() { w.Now = w.Now.Add(time.Second) })
	got = s.Environment(t, "shop-pr-7")
	if *got.Ready || got.Application != nil || got.Reason != "its Application can't be read; see the service's log" || !strings.Contains(s.Log.String(), "secret address refused") {
		t.Errorf("while it can't be read: %+v\n%s", got, s.Log)
	}
	if got := testworld.Ready(t, testworld.New()).Environment(t, "shop-pr-7"); got.Ready != nil || got.Application != nil || got.Reason != "" {
		t.Errorf("without a cluster: %+v", got)
	}
}

func TestApplicationsAreReadOnceASecond(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	for i, tt := range []struct {
		passed time.Duration
		want   int
	}{{0, 1}, {0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 3}} {
		w.Change(func() { w.Now = w.Now.Add(tt.passed) })
		s.Environment(t, "shop-pr-7")
		if len(argo.Reads) != tt.want {
			t.Errorf("question %d: %d reads, want %d", i, len(argo.Reads), tt.want)
		}
	}
}

func TestAFewApplicationsAreReadASecond(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	argo.Statuses["preview-shop-pr-7"] = testworld.Synced(s.Environment(t, "shop-pr-7").Row)
	w.Change(func() { w.Now = w.Now.Add(time.Second) })
	s.Environment(t, "shop-pr-7")
	w.Change(func() { w.Now = w.Now.Add(time.Second) })
	argo.Reads = nil
	var last testworld.Response
	for i := range 20 {
		last = s.Get(t, fmt.Sprintf("/api/v1/environments/x%d/application", i))
	}
	if len(argo.Reads) != 4 || last.Code != http.StatusServiceUnavailable || !strings.HasPrefix(last.Message(t), "too many clients ask") {
		t.Errorf("20 questions in a second: %d reads, the last is answered %d %s", len(argo.Reads), last.Code, last.Body)
	}
	if got := s.Environment(t, "shop-pr-7"); !*got.Ready {
		t.Errorf("what is known a little longer isn't told: %+v", got)
	}
	if got := s.Environment(t, "gateway-pr-1"); *got.Ready || !strings.HasPrefix(got.Reason, "too many clients ask") {
		t.Errorf("what was never read: %+v", got)
	}
	w.Change(func() { w.Now = w.Now.Add(time.Second) })
	if s.Environment(t, "gateway-pr-1"); len(argo.Reads) != 5 {
		t.Errorf("a second later there are %d reads", len(argo.Reads))
	}
}

func TestManyWhoAskAtOnceAreOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		argo := &testworld.Applications{Blocked: make(chan struct{})}
		s := testworld.Ready(t, testworld.New(), testworld.WithApplications(argo))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { s.Environment(t, "shop-pr-7") })
		}
		synctest.Wait()
		close(argo.Blocked)
		all.Wait()
		if len(argo.Reads) != 1 {
			t.Errorf("%d reads", len(argo.Reads))
		}
	})
}

func TestAnApplicationIsToldOfAlsoWhenItsEnvironmentIsGone(t *testing.T) {
	t.Parallel()
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{"preview-going": {Deleting: true}}}
	s := testworld.Ready(t, testworld.New(), testworld.WithApplications(argo))
	var got preview.ApplicationStatus
	if a := s.Get(t, "/api/v1/environments/going/application"); a.Code != http.StatusOK || json.Unmarshal([]byte(a.Body), &got) != nil || !got.Deleting {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := s.Get(t, "/api/v1/environments/gone/application"); a.Code != http.StatusNotFound || !strings.Contains(a.Message(t), "doesn't exist") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	argo.Err = errors.New("secret address refused")
	if a := s.Get(t, "/api/v1/environments/other/application"); a.Code != http.StatusInternalServerError || strings.Contains(a.Message(t), "secret") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := testworld.Ready(t, testworld.New()).Get(t, "/api/v1/environments/going/application"); a.Code != http.StatusNotImplemented || !strings.Contains(a.Message(t), "has no cluster") {
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

// With the facts the same rules give the same answer elsewhere, and say what another configuration would be answered.
func TestFactsAreWhatTheAnswerWasComputedFrom(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Protected = []string{"kube-system"} })
	for _, header := range []map[string]string{{}, {"Accept-Encoding": "gzip"}} {
		header["Authorization"] = "Bearer " + testworld.APIToken
		a := testworld.Do(t, s.Handler(), http.MethodGet, "/api/v1/facts", "", header)
		var in preview.Inputs
		if err := json.Unmarshal([]byte(a.Body), &in); err != nil || a.Code != http.StatusOK || a.Compressed != (header["Accept-Encoding"] != "") {
			t.Fatalf("%d %v %.200s", a.Code, err, a.Body)
		}
		if in.Commit != w.Tree.Commit || len(in.Facts.Protected) != 1 || len(in.Asked) != 2 {
			t.Errorf("%+v", in)
		}
		if diff := cmp.Diff(w.Repositories["acme/shop"].PullRequests, in.Facts.Repositories["acme/shop"].PullRequests); diff != "" {
			t.Errorf("acme/shop's pull requests (-want +got):\n%s", diff)
		}
		config, err := preview.Load(w.Tree, in.Memory.Previous())
		if err != nil {
			t.Fatal(err)
		}
		again := preview.Resolve(config, in.Facts, in.Memory, in.Memory.At)
		var all struct {
			Environments []preview.Row `json:"environments"`
		}
		if err := json.Unmarshal([]byte(s.Get(t, "/api/v1/environments").Body), &all); err != nil || len(again.Rows) != 3 {
			t.Fatal(err, len(again.Rows))
		}
		if diff := cmp.Diff(all.Environments, again.Rows); diff != "" {
			t.Errorf("rows (-service +elsewhere):\n%s", diff)
		}
	}
}
