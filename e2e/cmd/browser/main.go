// Command browser fetches the browser and the scripts for the browser tests, once, and prints their paths: the browser,
// axe, and React of two versions.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/previewset/previewset/e2e/toolchain"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := fetch(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fetch(ctx context.Context) error {
	box, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	chromium, err := box.Chromium(ctx, os.Stderr)
	if err != nil {
		return err
	}
	axe, err := box.Axe(ctx, os.Stderr)
	if err != nil {
		return err
	}
	react, err := box.React(ctx, os.Stderr)
	if err != nil {
		return err
	}
	for _, path := range append([]string{chromium, axe}, react...) {
		fmt.Println(path)
	}
	return nil
}
