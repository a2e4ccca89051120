package testworld

import (
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/store"
)

// Advance moves the clock of a synctest bubble and waits until the generator is idle.
func Advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// WithRealTime lets a service use the clock of the synctest bubble.
func WithRealTime(o *generator.Options) { o.Now = time.Now }

// Skew is a known clock skew.
type Skew time.Duration

// Skew implements generator.Clock.
func (s Skew) Skew() (time.Duration, bool) { return time.Duration(s), true }

// WithClock tells a service that its clock equals GitHub's.
func WithClock(o *generator.Options) { o.Clock = Skew(0) }

// WithoutLog drops the log.
func WithoutLog(o *generator.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// NewStore returns a file for the saved state, and the option for it.
func NewStore(tb testing.TB) (store.File, func(*generator.Options)) {
	tb.Helper()
	file := store.File(filepath.Join(tb.TempDir(), "state"))
	return file, func(o *generator.Options) { o.Store = file }
}
