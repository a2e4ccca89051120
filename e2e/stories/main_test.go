// Package stories tests PreviewSet as its users see it, on a real Kubernetes API and a real Argo CD. Each test is a
// story, each file a theme. All stories share one stand and one service. Each has its own pull requests and folders.
// Stories that stop the generator, break GitHub or change the base of all environments run alone, before the parallel
// ones.
package stories

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// shared is set before the first story.
var shared *world

func TestMain(m *testing.M) {
	var options argocd.Options
	options.AddFlags(flag.CommandLine)
	// Stories wait more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(standtest.Main(m, stand.Options{ArgoCD: options}, func(ctx context.Context, s *stand.Stand) (func(), error) {
		var err error
		shared, err = begin(ctx, s)
		return nil, err
	}))
}

// begin installs PreviewSet for the repositories of the example configuration and starts the generator. Argo CD asked
// before the generator ran and got an error. It isn't refreshed here: the generator itself must make it ask again.
func begin(ctx context.Context, s *stand.Stand) (*world, error) {
	w := newWorld(s)
	if err := s.Install(ctx); err != nil {
		return nil, err
	}
	var err error
	w.service, err = s.RunService(ctx)
	return w, err
}
