package prometheus

import (
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture/golden"
)

// The files show the complete queries. Their results are tested with a real Prometheus in e2e/activity.
func TestPresetQueries(t *testing.T) {
	t.Parallel()
	s := scope{prefix: "preview-", window: 5 * time.Minute, services: []string{"web"}}
	for name, build := range presets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, _ := build(s)
			golden.Compare(t, "testdata/queries/"+name+".promql", []byte(query+"\n"))
		})
	}
}

func TestUsageQueries(t *testing.T) {
	t.Parallel()
	s := scope{prefix: "preview-", window: 5 * time.Minute}
	for _, by := range []string{"environment", "owner"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			query := usageQuery(s, by, 168*time.Hour)
			golden.Compare(t, "testdata/queries/usage-by-"+by+".promql", []byte(query+"\n"))
		})
	}
}
