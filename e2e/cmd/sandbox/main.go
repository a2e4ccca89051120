// Command sandbox is the demo with the real Kubernetes API and Argo CD of the end-to-end tests: it installs PreviewSet as a
// newcomer would, labels pull requests on a simulated GitHub, says how long each took to become a preview, and goes on telling
// what changes until Ctrl-C. Only containers are missing: kwok says of every Pod that it runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/stand"
)

func main() {
	options := argocd.Options{Server: true}
	options.AddFlags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C doesn't wait
	err := run(ctx, options)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, options argocd.Options) (err error) {
	s, err := stand.Start(ctx, stand.Options{ArgoCD: options, Progress: os.Stdout})
	if err != nil {
		return err
	}
	b := &sandbox{Stand: s}
	defer func() {
		if err != nil && ctx.Err() == nil {
			s.WriteState(ctx, os.Stderr)
		}
		err = errors.Join(err, b.close())
		fmt.Println("\nThe sandbox is over; everything that it started and made is gone.")
	}()
	if err = b.begin(ctx); err != nil {
		return err
	}
	return b.watch(ctx)
}
