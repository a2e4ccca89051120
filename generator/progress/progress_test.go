package progress_test

import (
	"errors"
	"fmt"
	"net/http"
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

func TestEnvironmentHasApplicationStatus(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	got := s.Environment(t, "shop-pr-7")
	if got.Ready == nil || *got.Ready || got.Application != nil || got.Reason != "Argo CD hasn't made its Application yet" {
		t.Errorf("without an Application: %+v", got)
	}
	argo.Statuses["preview-shop-pr-7"] = testworld.Synced(got.Row)
	w.AdvanceClock(time.Second)
	got = s.Environment(t, "shop-pr-7")
	if !*got.Ready || got.Reason != "" || got.Application.Sync != "Synced" {
		t.Errorf("synced and healthy: %+v", got)
	}
	want := preview.Expected{Revision: got.Revision, Images: got.Kustomize.Images}
	if diff := cmp.Diff(want, got.Expected); diff != "" || len(want.Images) == 0 {
		t.Errorf("expected (-want +got):\n%s", diff)
	}
	argo.Err = errors.New("secret address refused")
	w.AdvanceClock(time.Second)
	got = s.Environment(t, "shop-pr-7")
	if *got.Ready || got.Application != nil || got.Reason != "its Application can't be read; see the generator's log" ||
		!strings.Contains(s.Log.String(), "secret address refused") {
		t.Errorf("while the Application can't be read: %+v\n%s", got, s.Log)
	}
	if got := testworld.Ready(t, testworld.New()).Environment(t, "shop-pr-7"); got.Ready != nil || got.Application != nil || got.Reason != "" {
		t.Errorf("without a cluster: %+v", got)
	}
}

func TestApplicationIsReadOncePerSecond(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	argo.Reads = nil // those of the refresh cycle
	for i, tt := range []struct {
		passed time.Duration
		want   int
	}{{0, 1}, {0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 3}} {
		w.AdvanceClock(tt.passed)
		s.Environment(t, "shop-pr-7")
		if len(argo.Reads) != tt.want {
			t.Errorf("request %d: %d reads, want %d", i, len(argo.Reads), tt.want)
		}
	}
}

func TestFewApplicationsAreReadPerSecond(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	argo.Statuses["preview-shop-pr-7"] = testworld.Synced(s.Environment(t, "shop-pr-7").Row)
	w.AdvanceClock(time.Second)
	s.Environment(t, "shop-pr-7")
	w.AdvanceClock(time.Second)
	argo.Reads = nil
	var last testworld.Response
	for i := range 20 {
		last = s.Get(t, fmt.Sprintf("/api/v1/environments/x%d/application", i))
	}
	if len(argo.Reads) != 4 || last.Code != http.StatusServiceUnavailable || !strings.HasPrefix(last.Message(t), "too many clients ask") {
		t.Errorf("20 requests in one second: %d reads, the last one: %d %s", len(argo.Reads), last.Code, last.Body)
	}
	if got := s.Environment(t, "shop-pr-7"); !*got.Ready {
		t.Errorf("a recent status isn't used: %+v", got)
	}
	if got := s.Environment(t, "gateway-pr-1"); *got.Ready || !strings.HasPrefix(got.Reason, "too many clients ask") {
		t.Errorf("an Application that was never read: %+v", got)
	}
	w.AdvanceClock(time.Second)
	if s.Environment(t, "gateway-pr-1"); len(argo.Reads) != 5 {
		t.Errorf("one second later: %d reads", len(argo.Reads))
	}
}

func TestSimultaneousRequestsAreOneRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		argo := &testworld.Applications{}
		s := testworld.Ready(t, testworld.New(), testworld.WithApplications(argo))
		argo.Reads, argo.Blocked = nil, make(chan struct{})
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

func TestEnvironmentHasWorkloads(t *testing.T) {
	t.Parallel()
	running := []preview.Workload{{Kind: "Deployment", Name: "orders", Replicas: 2, Ready: 1, CPU: 100, Memory: 5}}
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Workloads = testworld.Workloads{"preview-shop-pr-7": running} })
	if diff := cmp.Diff(running, s.Environment(t, "shop-pr-7").Workloads); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s = testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Workloads = testworld.Workloads(nil) })
	if got := s.Environment(t, "shop-pr-7"); got.Workloads != nil || got.Name != "shop-pr-7" {
		t.Errorf("unreadable workloads: %+v", got)
	}
}
