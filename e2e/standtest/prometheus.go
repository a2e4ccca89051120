package standtest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/prometheus"
)

// StartPrometheus runs a Prometheus server until the test ends.
func StartPrometheus(t *testing.T, o prometheus.Options) *prometheus.Server {
	t.Helper()
	folder := t.TempDir()
	group := process.NewGroup(folder)
	t.Cleanup(group.Close)
	server, err := prometheus.Start(t.Context(), group, filepath.Join(PrometheusPrograms(t), "prometheus"), folder, o)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// PrometheusPrograms returns the folder with the programs prometheus and promtool.
func PrometheusPrograms(t *testing.T) string {
	t.Helper()
	folder, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// programs fetches them once, even if several tests ask at the same time.
var programs = sync.OnceValues(func() (string, error) { return prometheus.Programs(context.Background()) })
