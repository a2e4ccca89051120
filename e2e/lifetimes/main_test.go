// Package lifetimes tells how previews sleep, wake and end, on a real Kubernetes API, a real Argo CD and a real Prometheus
// that scrapes what an ingress controller would tell. The service's clock is fast: a minute of it takes a second.
package lifetimes

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/stand"
)

// shared is what all stories happen in, one after the other. It is set once, before any.
var shared *world

func TestMain(m *testing.M) {
	version := flag.String("argocd", argocd.Versions()[0], "version of Argo CD")
	flag.Parse()
	os.Exit(run(m, *version))
}

func run(m *testing.M, version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	programs, err := prometheus.Programs(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := stand.Start(ctx, stand.Options{ArgoCD: argocd.Options{Version: version}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if shared, err = begin(ctx, s, programs); err == nil {
		code = m.Run()
		shared.end()
	}
	if code != 0 {
		s.WriteState(context.WithoutCancel(ctx), os.Stderr)
	}
	for _, err := range []error{err, s.Close()} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}
