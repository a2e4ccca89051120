package progress_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// The beginning of a phase and the usual duration of a deployment outlast a restart.
func TestProgressKnowsItsBeginning(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	_, keep := testworld.NewStore(t)
	s := testworld.Ready(t, w, keep, testworld.WithApplications(argo))
	w.AdvanceClock(40 * time.Second)
	argo.Statuses["preview-shop-pr-7"] = testworld.Synced(s.Environment(t, "shop-pr-7").Row)
	w.AdvanceClock(2 * time.Second)
	s.Refresh(t.Context())
	readyAt := w.Clock()
	w.AdvanceClock(time.Minute)
	check := func(s *testworld.Service) {
		t.Helper()
		ready, deploying := s.Environment(t, "shop-pr-7").Progress, s.Environment(t, "gateway-pr-1").Progress
		want := preview.Progress{Phase: preview.PhaseReady, Since: &readyAt}
		if diff := cmp.Diff(want, ready); diff != "" {
			t.Errorf("ready (-want +got):\n%s", diff)
		}
		want = preview.Progress{
			Phase: preview.PhaseDeploying, Reason: "Argo CD hasn't made its Application yet", Since: &testworld.Start, ExpectedSeconds: 42,
		}
		if diff := cmp.Diff(want, deploying); diff != "" {
			t.Errorf("deploying (-want +got):\n%s", diff)
		}
	}
	check(s)
	if n := s.Metrics(t)["previewset_deploy_seconds"]; n != 1 {
		t.Errorf("%v deployments are measured", n)
	}
	w.Change(func() { w.Tree = testworld.Tree(2, testworld.Policy) }) // a new commit is saved
	s.Refresh(t.Context())
	check(testworld.Ready(t, w, keep, testworld.WithApplications(argo)))
}

// A settled environment is read every 30 seconds, a deploying one at each opportunity, a sleeping one never.
func TestSettledEnvironmentsAreReadSeldom(t *testing.T) {
	t.Parallel()
	w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo))
	for _, name := range []string{"shop-pr-7", "gateway-pr-1"} {
		argo.Heal(s.Environment(t, name).Row)
	}
	w.AdvanceClock(2 * time.Second)
	s.Refresh(t.Context())
	for _, tt := range []struct {
		passed time.Duration
		want   []string
	}{
		{2 * time.Second, []string{"preview-gateway-pr-2"}},
		{30 * time.Second, []string{"preview-gateway-pr-1", "preview-gateway-pr-2", "preview-shop-pr-7"}},
	} {
		argo.Reads = nil
		w.AdvanceClock(tt.passed)
		s.Refresh(t.Context())
		if diff := cmp.Diff(tt.want, argo.Names()); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", tt.passed, diff)
		}
	}
}
