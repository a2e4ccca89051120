package stand

import (
	"context"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// Waiter waits on behalf of stories. It fails a story early if a process of the stand has ended by itself.
type Waiter struct{ group *process.Group }

// Eventually asks until there is no error. It fails the story if that takes too long or one of the stand's processes
// ended.
func (w *Waiter) Eventually(t testing.TB, within time.Duration, what string, ask func(context.Context) error) {
	t.Helper()
	start := time.Now()
	err := process.Poll(t.Context(), within, func(ctx context.Context) error {
		if err := w.group.Ended(); err != nil {
			return process.Final(err)
		}
		return ask(ctx)
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s: after %s", what, time.Since(start).Round(10*time.Millisecond))
}

// Always asks repeatedly during the given time and fails the story at the first error. It shows that something doesn't
// happen.
func (*Waiter) Always(t testing.TB, during time.Duration, what string, ask func(context.Context) error) {
	t.Helper()
	err := process.Hold(t.Context(), during, ask)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
