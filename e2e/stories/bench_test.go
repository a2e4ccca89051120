package stories

import (
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/standtest"
)

// Goal: from the label to Synced and Healthy takes less than 10 s on an idle machine. The generator polls GitHub
// every second here. A webhook would save half a second.
func BenchmarkRowToHealthy(b *testing.B) {
	w := shared
	w.WaitSynced(b, "staging", standtest.Patience)
	var slowest time.Duration
	for b.Loop() {
		p := w.open(b, w.gateway, labelled("main.go"))
		begin := time.Now()
		p.label("preview")
		w.waitSynced(b, p)
		slowest = max(slowest, time.Since(begin))
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/healthy")
	b.ReportMetric(float64(slowest.Milliseconds()), "slowest-ms")
	if slowest > 10*time.Second {
		b.Errorf("it took up to %s, more than 10 s", slowest)
	}
}
