// Command browser fetches the browser and the axe script for the browser tests, once, and prints their paths.
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
	fmt.Println(chromium)
	fmt.Println(axe)
	return nil
}
