package generator_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/testfixture"
)

// BenchmarkSavedState saves and loads the state of 10,000 environments in ConfigMaps: of a fresh organisation, and of one
// in which each environment has requests and many pull requests were refused. Goal: the state fits, without left-out
// parts.
func BenchmarkSavedState(b *testing.B) {
	const environments = 10_000
	w := testworld.New()
	w.Repositories = map[string]preview.Repository{
		"acme/gateway": manyPullRequests("acme/Gateway", 12, environments/2),
		"acme/shop":    manyPullRequests("acme/shop", 11, environments/2),
	}
	file, keep := testworld.NewStore(b)
	s := testworld.Ready(b, w, keep, testworld.WithClock)
	for i, name := range s.GetParams(b, testworld.ParamsBody).Names(b) {
		w.AdvanceClock(time.Duration(i*7919%1009) * time.Millisecond)
		s.Request(b, name, []string{"sleep", "wake", "extend"}[i%3], fmt.Sprintf(`{"caller":"developer-%d"}`, i*7919%251))
	}
	s.Refresh(b.Context())
	state, err := os.ReadFile(string(file))
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(testfixture.NewAPIServer())
	b.Cleanup(server.Close)
	m := newCluster(b, server.URL).ConfigMap("state")
	if len(state) > m.MaxSize() {
		b.Fatalf("the state has %d KiB, and at most %d can be saved", len(state)>>10, m.MaxSize()>>10)
	}
	var saving, loading time.Duration
	for b.Loop() {
		began := time.Now()
		if err := m.Save(b.Context(), state); err != nil {
			b.Fatal(err)
		}
		saved := time.Now()
		loaded, err := store.New(m, time.Now).Load(b.Context())
		if err != nil || len(loaded.Memory.Environments) != environments {
			b.Fatal(err)
		}
		saving, loading = saving+saved.Sub(began), loading+time.Since(saved)
	}
	b.ReportMetric(float64(len(state))/1024, "state-KiB")
	b.ReportMetric(float64(saving.Milliseconds())/float64(b.N), "save-ms")
	b.ReportMetric(float64(loading.Milliseconds())/float64(b.N), "load-ms")
}
