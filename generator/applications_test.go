package generator_test

import (
	"context"
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
	"github.com/previewset/previewset/internal/preview"
)

// argoStatuses is what Argo CD says of Applications, by hand.
type argoStatuses struct {
	mu       sync.Mutex
	statuses map[string]*preview.ApplicationStatus
	err      error
	reads    []string
	wait     chan struct{} // reads end when it is closed; nil at once
}

func (a *argoStatuses) Application(_ context.Context, name string) (*preview.ApplicationStatus, error) {
	if a.wait != nil {
		<-a.wait
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reads = append(a.reads, name)
	return a.statuses[name], a.err
}

func with(a *argoStatuses) func(*generator.Options) {
	return func(o *generator.Options) { o.Applications = a }
}

// synced is an Application that is as the row says.
func synced(r preview.Row) *preview.ApplicationStatus {
	is := preview.ApplicationSource{TargetRevision: r.Revision, Path: r.Path, Kustomize: r.Kustomize}
	return &preview.ApplicationStatus{
		Sync: "Synced", Health: "Healthy", Revision: r.Revision, Operation: "Succeeded", Images: r.Kustomize.Images, Spec: is, Compared: is, Tried: is,
	}
}

func (s *service) environment(t testing.TB, name string) preview.Status {
	t.Helper()
	var got preview.Status
	if a := s.get(t, "/api/v1/environments/"+name); a.code != http.StatusOK || json.Unmarshal([]byte(a.body), &got) != nil {
		t.Fatalf("%d %s", a.code, a.body)
	}
	return got
}

// Whoever has just pushed a change asks whether the environment is the one from before.
func TestAnEnvironmentSaysWhetherItIsOfACommit(t *testing.T) {
	t.Parallel()
	const last, head, broken = "3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e3f2a9c1d5e", "ab8bdbe446ab8bdbe446ab8bdbe446ab8bdbe446", "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"
	w := newWorld()
	w.tree.Commit, w.tree.Ancestors = head, []string{last}
	s := ready(t, w)
	w.set(func() {
		w.tree = treeOf(1, "kind: Nonsense\n")
		w.tree.Commit, w.tree.Ancestors = broken, []string{head, last}
	})
	s.Refresh(t.Context())
	for commit, want := range map[string]string{
		"": "", head: "true", head[:10]: "true", last: "true", last[:7]: "true", broken: "false", strings.Repeat("1", 40): "false",
	} {
		got := ""
		if read := s.environment(t, "shop-pr-7?config_commit="+commit).ConfigRead; read != nil {
			got = strconv.FormatBool(*read)
		}
		if got != want {
			t.Errorf("of %q: %q, want %q", commit, got, want)
		}
	}
	for _, commit := range []string{"main", head[:6], head + "0", "3F2A9C1D"} {
		if a := s.get(t, "/api/v1/environments/shop-pr-7?config_commit="+commit); a.code != http.StatusBadRequest || !strings.Contains(a.message(t), "expected a commit") {
			t.Errorf("%s: %d %s", commit, a.code, a.body)
		}
	}
}

func TestAnEnvironmentSaysHowArgoCDGetsOnWithIt(t *testing.T) {
	t.Parallel()
	w, argo := newWorld(), &argoStatuses{statuses: map[string]*preview.ApplicationStatus{}}
	s := ready(t, w, with(argo))
	got := s.environment(t, "shop-pr-7")
	if got.Ready == nil || *got.Ready || got.Application != nil || got.Reason != "Argo CD hasn't made its Application yet" {
		t.Errorf("without an Application: %+v", got)
	}
	argo.statuses["preview-shop-pr-7"] = synced(got.Row)
	w.set(func() { w.now = w.now.Add(time.Second) })
	got = s.environment(t, "shop-pr-7")
	if !*got.Ready || got.Reason != "" || got.Application.Sync != "Synced" {
		t.Errorf("synced and healthy: %+v", got)
	}
	want := preview.Expected{Revision: got.Revision, Images: got.Kustomize.Images}
	if diff := cmp.Diff(want, got.Expected); diff != "" || len(want.Images) == 0 {
		t.Errorf("expected (-want +got):\n%s", diff)
	}
	argo.err = errors.New("secret address refused")
	w.set(func() { w.now = w.now.Add(time.Second) })
	got = s.environment(t, "shop-pr-7")
	if *got.Ready || got.Application != nil || got.Reason != "its Application can't be read; see the service's log" || !strings.Contains(s.log.String(), "secret address refused") {
		t.Errorf("while it can't be read: %+v\n%s", got, s.log)
	}
	if got := ready(t, newWorld()).environment(t, "shop-pr-7"); got.Ready != nil || got.Application != nil || got.Reason != "" {
		t.Errorf("without a cluster: %+v", got)
	}
}

func TestApplicationsAreReadOnceASecond(t *testing.T) {
	t.Parallel()
	w, argo := newWorld(), &argoStatuses{}
	s := ready(t, w, with(argo))
	for i, tt := range []struct {
		passed time.Duration
		want   int
	}{{0, 1}, {0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 3}} {
		w.set(func() { w.now = w.now.Add(tt.passed) })
		s.environment(t, "shop-pr-7")
		if len(argo.reads) != tt.want {
			t.Errorf("question %d: %d reads, want %d", i, len(argo.reads), tt.want)
		}
	}
}

func TestAFewApplicationsAreReadASecond(t *testing.T) {
	t.Parallel()
	w, argo := newWorld(), &argoStatuses{statuses: map[string]*preview.ApplicationStatus{}}
	s := ready(t, w, with(argo))
	argo.statuses["preview-shop-pr-7"] = synced(s.environment(t, "shop-pr-7").Row)
	w.set(func() { w.now = w.now.Add(time.Second) })
	s.environment(t, "shop-pr-7")
	w.set(func() { w.now = w.now.Add(time.Second) })
	argo.reads = nil
	var last answer
	for i := range 20 {
		last = s.get(t, fmt.Sprintf("/api/v1/environments/x%d/application", i))
	}
	if len(argo.reads) != 4 || last.code != http.StatusServiceUnavailable || !strings.HasPrefix(last.message(t), "too many clients ask") {
		t.Errorf("20 questions in a second: %d reads, the last is answered %d %s", len(argo.reads), last.code, last.body)
	}
	if got := s.environment(t, "shop-pr-7"); !*got.Ready {
		t.Errorf("what is known a little longer isn't told: %+v", got)
	}
	if got := s.environment(t, "gateway-pr-1"); *got.Ready || !strings.HasPrefix(got.Reason, "too many clients ask") {
		t.Errorf("what was never read: %+v", got)
	}
	w.set(func() { w.now = w.now.Add(time.Second) })
	if s.environment(t, "gateway-pr-1"); len(argo.reads) != 5 {
		t.Errorf("a second later there are %d reads", len(argo.reads))
	}
}

func TestManyWhoAskAtOnceAreOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		argo := &argoStatuses{wait: make(chan struct{})}
		s := ready(t, newWorld(), with(argo))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { s.environment(t, "shop-pr-7") })
		}
		synctest.Wait()
		close(argo.wait)
		all.Wait()
		if len(argo.reads) != 1 {
			t.Errorf("%d reads", len(argo.reads))
		}
	})
}

func TestAnApplicationIsToldOfAlsoWhenItsEnvironmentIsGone(t *testing.T) {
	t.Parallel()
	argo := &argoStatuses{statuses: map[string]*preview.ApplicationStatus{"preview-going": {Deleting: true}}}
	s := ready(t, newWorld(), with(argo))
	var got preview.ApplicationStatus
	if a := s.get(t, "/api/v1/environments/going/application"); a.code != http.StatusOK || json.Unmarshal([]byte(a.body), &got) != nil || !got.Deleting {
		t.Errorf("%d %s", a.code, a.body)
	}
	if a := s.get(t, "/api/v1/environments/gone/application"); a.code != http.StatusNotFound || !strings.Contains(a.message(t), "doesn't exist") {
		t.Errorf("%d %s", a.code, a.body)
	}
	argo.err = errors.New("secret address refused")
	if a := s.get(t, "/api/v1/environments/other/application"); a.code != http.StatusInternalServerError || strings.Contains(a.message(t), "secret") {
		t.Errorf("%d %s", a.code, a.body)
	}
	if a := ready(t, newWorld()).get(t, "/api/v1/environments/going/application"); a.code != http.StatusNotImplemented || !strings.Contains(a.message(t), "has no cluster") {
		t.Errorf("%d %s", a.code, a.body)
	}
	for _, path := range []string{"/api/v1/environments/going/application", "/api/v1/facts"} {
		if a := do(t, s.Handler(), http.MethodGet, path, "", nil); a.code != http.StatusUnauthorized {
			t.Errorf("%s with Argo CD's token: %d", path, a.code)
		}
		if a := newService(t, newWorld(), with(argo)).get(t, path); a.code != http.StatusServiceUnavailable {
			t.Errorf("%s before the first snapshot: %d", path, a.code)
		}
	}
}

// With the facts the same rules give the same answer elsewhere, and say what another configuration would be answered.
func TestFactsAreWhatTheAnswerWasComputedFrom(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := ready(t, w, func(o *generator.Options) { o.Protected = []string{"kube-system"} })
	for _, header := range []map[string]string{{}, {"Accept-Encoding": "gzip"}} {
		header["Authorization"] = "Bearer " + apiToken
		a := do(t, s.Handler(), http.MethodGet, "/api/v1/facts", "", header)
		var in preview.Inputs
		if err := json.Unmarshal([]byte(a.body), &in); err != nil || a.code != http.StatusOK || a.packed != (header["Accept-Encoding"] != "") {
			t.Fatalf("%d %v %.200s", a.code, err, a.body)
		}
		if in.Commit != w.tree.Commit || len(in.Facts.Protected) != 1 || len(in.Asked) != 2 {
			t.Errorf("%+v", in)
		}
		if diff := cmp.Diff(w.repos["acme/shop"].PullRequests, in.Facts.Repositories["acme/shop"].PullRequests); diff != "" {
			t.Errorf("acme/shop's pull requests (-want +got):\n%s", diff)
		}
		config, err := preview.Load(w.tree, in.Memory.Previous())
		if err != nil {
			t.Fatal(err)
		}
		again := preview.Resolve(config, in.Facts, in.Memory, in.Memory.At)
		var all struct {
			Environments []preview.Row `json:"environments"`
		}
		if err := json.Unmarshal([]byte(s.get(t, "/api/v1/environments").body), &all); err != nil || len(again.Rows) != 3 {
			t.Fatal(err, len(again.Rows))
		}
		if diff := cmp.Diff(all.Environments, again.Rows); diff != "" {
			t.Errorf("rows (-service +elsewhere):\n%s", diff)
		}
	}
}
