// Command tools builds the programs that the end-to-end tests and the sandbox start.
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
	err := build(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(ctx context.Context) error {
	box, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	return box.Build(ctx, os.Stderr, toolchain.All()...)
}
