// Package standtest has the set-up and the helpers that tests of several packages share: it starts a stand for a whole
// package or for one test, runs previewctl against the generator, changes the GitOps repository and starts a Prometheus.
//
// It doesn't know what a story expects.
package standtest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/stand"
)

// Main runs the package's tests on one stand and returns the exit code. begin prepares the stand; the function that it
// returns, if any, is called after the tests. If something fails, the state of the stand is printed. Ctrl-C ends the tests
// and the stand.
func Main(m *testing.M, o stand.Options, begin func(context.Context, *stand.Stand) (end func(), err error)) (code int) {
	ctx, stop := process.OnInterrupt()
	defer stop()
	s, err := stand.Start(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = 1
	end, err := begin(ctx, s)
	if err == nil {
		code = process.RunTests(ctx, m)
	}
	if end != nil {
		end()
	}
	if code != 0 && ctx.Err() == nil {
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

// Start starts a stand for one test and closes it when the test ends. If the test failed, the state of the stand is
// printed.
func Start(t *testing.T, o stand.Options) *stand.Stand {
	t.Helper()
	o.Progress = t.Output()
	s, err := stand.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			s.WriteState(context.WithoutCancel(t.Context()), t.Output())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
