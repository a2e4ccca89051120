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

// passes lets time pass.
func Advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func WithRealTime(o *generator.Options) { o.Now = time.Now }

// skew is a clock that is known.
type Skew time.Duration

func (s Skew) Skew() (time.Duration, bool) { return time.Duration(s), true }

func WithClock(o *generator.Options) { o.Clock = Skew(0) }

func WithoutLog(o *generator.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// remembering keeps memory in a file, which it returns too.
func NewStore(tb testing.TB) (store.File, func(*generator.Options)) {
	tb.Helper()
	file := store.File(filepath.Join(tb.TempDir(), "state"))
	return file, func(o *generator.Options) { o.Store = file }
}
