// Package lifetimes tests sleep, wake and expiry on a real Kubernetes API, a real Argo CD and a real Prometheus, which
// scrapes a simulated proxy of Envoy Gateway. The generator's clock is fast: one of its minutes takes a second.
package lifetimes

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// shared is the world of all stories, which run one after another. It is set before the first one.
var shared *world

func TestMain(m *testing.M) {
	var options argocd.Options
	options.AddFlags(flag.CommandLine)
	flag.Parse()
	os.Exit(standtest.Main(m, stand.Options{ArgoCD: options}, func(ctx context.Context, s *stand.Stand) (func(), error) {
		programs, err := prometheus.Programs(ctx)
		if err != nil {
			return nil, err
		}
		shared, err = begin(ctx, s, programs)
		return shared.end, err
	}))
}
