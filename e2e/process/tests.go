package process

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interrupted is the exit code after Ctrl-C, as shells have it.
const Interrupted = 130

// OnInterrupt returns a context that ends with Ctrl-C or SIGTERM. The second signal ends the program at once.
func OnInterrupt() (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// RunTests returns the exit code of tests. If the context ends before, it returns Interrupted at once: nothing can end
// running tests. The caller then ends what it started, and exits.
func RunTests(ctx context.Context, m interface{ Run() int }) int {
	code := make(chan int, 1)
	go func() { code <- m.Run() }()
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
		return Interrupted
	}
}
