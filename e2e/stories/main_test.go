// Package stories tells what people see of PreviewSet, on a real Kubernetes API and a real Argo CD: a user-visible story
// each, one file per theme. All share one stand and one service; each has pull requests and folders of its own.
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
	"github.com/previewset/previewset/internal/githubtest"
)

// world is what stories happen in. The service is the run of it that is current.
type world struct {
	*stand.Stand
	shop, gateway *githubtest.Repo
	service       *stand.Service
}

// shared is set once, before any story.
var shared *world

func TestMain(m *testing.M) {
	version := flag.String("argocd", argocd.Versions()[0], "version of Argo CD")
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
	if err = begin(ctx, s); err == nil {
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

// begin installs PreviewSet for the repositories of the example configuration and starts the service.
func begin(ctx context.Context, s *stand.Stand) (err error) {
	w := &world{Stand: s, shop: s.GitHub.AddRepository("acme/shop"), gateway: s.GitHub.AddRepository("acme/gateway")}
	if err = s.Install(ctx); err != nil {
		return err
	}
	if w.service, err = s.RunService(ctx); err != nil {
		return err
	}
	shared = w
	// Argo CD asked before the service was there, and would next ask after three minutes.
	return s.Refresh(ctx, "previews")
}
