package stand

import (
	"context"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// Eventually asks until there is no error and fails the story if that takes too long or one of the stand's processes died.
func (s *Stand) Eventually(t testing.TB, within time.Duration, what string, ask func(context.Context) error) {
	t.Helper()
	start := time.Now()
	err := process.Poll(t.Context(), within, func(ctx context.Context) error {
		if err := s.group.Ended(); err != nil {
			return process.Final(err)
		}
		return ask(ctx)
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s: after %s", what, time.Since(start).Round(10*time.Millisecond))
}

// Always asks for the whole time and fails the story at the first error. It is for what must not happen.
func (s *Stand) Always(t testing.TB, during time.Duration, what string, ask func(context.Context) error) {
	t.Helper()
	err := process.Hold(t.Context(), during, ask)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
