// Package stories tells what people see of PreviewSet, on a real Kubernetes API and a real Argo CD: a user-visible story
// each, one file per theme. All share one stand and one service; each has pull requests and folders of its own. Stories that
// stop the service, break GitHub or change what everything is made of run alone, before those that run in parallel.
package stories

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
)

// shared is set once, before any story.
var shared *world

func TestMain(m *testing.M) {
	version := flag.String("argocd", argocd.Versions()[0], "version of Argo CD")
	// Stories wait for others more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(run(m, *version))
}

func run(m *testing.M, version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := stand.Start(ctx, stand.Options{ArgoCD: argocd.Options{Version: version}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if shared, err = begin(ctx, s); err == nil {
		code = m.Run()
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

// begin installs PreviewSet for the repositories of the example configuration and starts the service. Nobody tells Argo CD
// that the service is there now: it got an error before, and the service itself must have it ask again.
func begin(ctx context.Context, s *stand.Stand) (*world, error) {
	w := &world{
		Stand:   s,
		shop:    repository{Repo: s.GitHub.AddRepository("acme/shop"), fullName: "acme/shop", short: "shop"},
		gateway: repository{Repo: s.GitHub.AddRepository("acme/gateway"), fullName: "acme/gateway", short: "gateway"},
	}
	if err := s.Install(ctx); err != nil {
		return nil, err
	}
	var err error
	w.service, err = s.RunService(ctx)
	return w, err
}
