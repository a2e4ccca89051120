package progress_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// times returns the sums of the histograms of stages in seconds, without those that measured nothing.
func times(t *testing.T, s *testworld.Service) map[string]float64 {
	t.Helper()
	families, err := s.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "previewset_stage_seconds" && f.GetName() != "previewset_usable_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			name := "usable"
			if len(m.GetLabel()) > 0 {
				name = m.GetLabel()[0].GetValue()
			}
			if m.GetHistogram().GetSampleCount() > 0 {
				sums[name] = m.GetHistogram().GetSampleSum()
			}
		}
	}
	return sums
}

func addPullRequest(w *testworld.World) {
	w.Change(func() {
		shop := w.Repositories["acme/shop"]
		shop.PullRequests = append(shop.PullRequests, testworld.WithPaths(testworld.PullRequest(9, "carol"), "orders/main.go"))
		w.Repositories["acme/shop"] = shop
	})
}

// A preview waits 100 s for a limit, 30 s for Argo CD and 20 s for its Pods. A restart in between loses nothing. The
// previews of the first snapshot aren't measured: they may be old.
func TestStagesOfANewPreview(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	w.Tree = testworld.Tree(1, testworld.Policy+"limits: {environments: 3}\n")
	_, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep, testworld.WithApplications(argo))
	for _, row := range s.Published().Snapshot.Rows {
		argo.Heal(row)
	}
	addPullRequest(w)
	s.Refresh(t.Context())

	w.AdvanceClock(100 * time.Second)
	w.Change(func() { w.Tree = testworld.Tree(2, testworld.Policy) })
	s.Refresh(t.Context())
	if diff := cmp.Diff(map[string]float64{"row": 100}, times(t, s)); diff != "" {
		t.Errorf("served: %s", diff)
	}

	w.AdvanceClock(30 * time.Second)
	synced := testworld.Synced(s.Environment(t, "shop-pr-9").Row)
	synced.Health = "Progressing"
	argo.Statuses["preview-shop-pr-9"] = synced
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if diff := cmp.Diff(map[string]float64{"row": 100, "synced": 30}, times(t, s)); diff != "" {
		t.Errorf("synced: %s", diff)
	}

	s = testworld.Ready(t, w, keep, testworld.WithApplications(argo))
	w.AdvanceClock(20 * time.Second)
	argo.Heal(s.Environment(t, "shop-pr-9").Row)
	s.Refresh(t.Context())
	if diff := cmp.Diff(map[string]float64{"ready": 20, "usable": 150}, times(t, s)); diff != "" {
		t.Errorf("ready: %s", diff)
	}
	got := testworld.Do(t, s.Handler(), http.MethodGet, "/metrics", "",
		map[string]string{"Accept": "application/openmetrics-text; version=1.0.0"})
	if !strings.Contains(got.Body, `# {environment="shop-pr-9"} 150`) {
		t.Error("there is no exemplar of the environment")
	}
}

// A preview that fails until its author pushes again says nothing about the generator, Argo CD or the cluster.
func TestFailedPreviewsAreNotMeasured(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	addPullRequest(w)
	s.Refresh(t.Context())
	failed := testworld.Synced(s.Environment(t, "shop-pr-9").Row)
	failed.Health = "Degraded"
	argo.Statuses["preview-shop-pr-9"] = failed
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	w.AdvanceClock(time.Hour)
	w.Change(func() { w.Repositories["acme/shop"].PullRequests[2].HeadSHA = testworld.SHA(99) })
	s.Refresh(t.Context())
	argo.Heal(s.Environment(t, "shop-pr-9").Row)
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	if diff := cmp.Diff(map[string]float64{"row": 0, "synced": 60}, times(t, s)); diff != "" {
		t.Error(diff)
	}
}
