package generator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/cluster"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/testfixture"
)

// withConfigMap lets a service keep its state in the ConfigMap of an API server.
func withConfigMap(t *testing.T, url string) func(*generator.Options) {
	t.Helper()
	c := newCluster(t, url)
	return func(o *generator.Options) { o.Store = c.ConfigMap("state") }
}

// newCluster returns a client of an API server.
func newCluster(t testing.TB, url string) *cluster.Client {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Appendf(nil, `{apiVersion: v1, kind: Config, current-context: test,
		clusters: [{name: test, cluster: {server: %q}}], contexts: [{name: test, context: {cluster: test}}]}`, url)
	if err := os.WriteFile(kubeconfig, content, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.New(kubeconfig, "argocd")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Two services have one ConfigMap. One of them stops answering, and goes on with the state of the other one.
func TestSecondServiceOnOneConfigMapIsNoticed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(testfixture.NewConfigMapServer())
	t.Cleanup(server.Close)
	w := testworld.New()
	w.AdvanceClock(time.Minute)
	first := testworld.Ready(t, w, withConfigMap(t, server.URL), testworld.WithClock)
	second := testworld.Ready(t, w, withConfigMap(t, server.URL), testworld.WithClock)
	ask := func(s *testworld.Service, name, action string) {
		t.Helper()
		if a := s.Request(t, name, action, ""); a.Code != http.StatusAccepted {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
		s.Refresh(t.Context())
	}
	isSilent := func(step string) {
		t.Helper()
		a := first.GetParams(t, testworld.ParamsBody)
		if m := a.Message(t); a.Code != http.StatusServiceUnavailable || !strings.Contains(m, "two services") {
			t.Errorf("%s: %d %s", step, a.Code, m)
		}
	}
	ask(second, "shop-pr-7", "sleep")
	ask(first, "gateway-pr-1", "sleep")
	isSilent("after its save")
	if got := first.Metrics(t); got["previewset_saved_state_conflicts_total"] != 1 || got["previewset_ready"] != 0 {
		t.Errorf("conflicts %v, ready %v", got["previewset_saved_state_conflicts_total"], got["previewset_ready"])
	}
	w.AdvanceClock(4 * time.Minute)
	ask(second, "gateway-pr-2", "sleep")
	for range 4 { // 4 minutes after the second save of the other one
		first.Refresh(t.Context())
		isSilent("while the other one saves")
		w.AdvanceClock(time.Minute)
	}
	w.AdvanceClock(2 * time.Minute)
	first.Refresh(t.Context())
	want := map[string]preview.State{
		"shop-pr-7": preview.Asleep, "gateway-pr-1": preview.Awake, "gateway-pr-2": preview.Asleep,
	}
	if diff := cmp.Diff(want, first.States(t)); diff != "" {
		t.Errorf("after the other one stopped: %s", diff)
	}
	ask(first, "gateway-pr-1", "sleep")
	if got := first.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

// A label on the ConfigMap is no other service.
func TestEditedConfigMapIsNoSecondService(t *testing.T) {
	t.Parallel()
	api := testfixture.NewConfigMapServer()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	s := testworld.Ready(t, testworld.New(), withConfigMap(t, server.URL), testworld.WithClock)
	api.AddLabel()
	s.Request(t, "shop-pr-7", "sleep", "")
	s.Refresh(t.Context())
	got := s.GetParams(t, testworld.ParamsBody)
	if got.Code != http.StatusOK || s.States(t)["shop-pr-7"] != preview.Asleep {
		t.Errorf("%d %v", got.Code, s.States(t))
	}
}
