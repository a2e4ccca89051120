// Package lifetimes tells how previews sleep, wake and end, on a real Kubernetes API, a real Argo CD and a real Prometheus
// that scrapes what an ingress controller would tell. The service's clock is fast: a minute of it takes a second.
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

// shared is what all stories happen in, one after the other. It is set once, before any.
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
