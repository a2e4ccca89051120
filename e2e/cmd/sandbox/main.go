// Command sandbox is the demo with the real Kubernetes API and Argo CD of the end-to-end tests. It installs PreviewSet
// as the README does and labels pull requests on a simulated GitHub. It prints the time until each preview runs, and
// then every change until Ctrl-C. Pods have no containers: kwok marks every Pod as running.
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
	var options argocd.Options
	options.AddFlags(flag.CommandLine)
	withUI := flag.Bool("ui", false, "run Argo CD's web pages too, with sign-in; they are built once, in about a quarter of an hour")
	flag.Parse()
	options.Server = !*withUI // otherwise it is started after its settings are complete
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
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
	b := &sandbox{Stand: s, options: options}
	defer func() {
		if err != nil && ctx.Err() == nil {
			s.WriteState(ctx, os.Stderr)
		}
		err = errors.Join(err, b.close())
		fmt.Println("\nThe sandbox has ended and removed everything that it created.")
	}()
	if err = b.begin(ctx); err != nil {
		return err
	}
	return b.watch(ctx)
}
