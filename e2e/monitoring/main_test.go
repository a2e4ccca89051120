// Package monitoring tests the alerts and the dashboard of appsets/monitoring with promtool and a real Prometheus, on a real
// service that a real Argo CD asks.
package monitoring

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/e2e/prometheus"
)

// programs is the folder with prometheus and promtool. It is set once, before any test.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = prometheus.Programs(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func program(name string) string { return filepath.Join(programs, name) }
