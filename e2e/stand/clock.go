package stand

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// Clock is what a service started by StartServiceAt takes for now: it was At at the real time Since, and goes Rate times as
// fast as it should.
type Clock struct {
	Since, At time.Time
	Rate      int
}

// Now is what that clock shows.
func (c Clock) Now() time.Time { return c.At.Add(time.Since(c.Since) * time.Duration(c.Rate)) }

// StartServiceAt is StartService with a program that takes its time from a clock.
func (s *Stand) StartServiceAt(ctx context.Context, c Clock, flags ...string) (*Service, error) {
	program, err := s.tools.BuildOwn(ctx, s.path("own"), Generator, "simulatedclock")
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := s.path("own/clock")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return nil, err
	}
	return s.startService(process.Command{Path: program, Env: []string{"PREVIEWSET_CLOCK_FILE=" + file}}, flags)
}
