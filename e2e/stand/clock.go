package stand

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/previewset/previewset/e2e/process"
)

// Clock is the simulated clock of a service. It showed At at the real time Since and runs Rate times as fast as real
// time.
type Clock struct {
	Since, At time.Time
	Rate      int
}

// Now returns the time that the clock shows.
func (c Clock) Now() time.Time { return c.At.Add(time.Since(c.Since) * time.Duration(c.Rate)) }

// StartServiceAt is StartService with a program that takes its time from a simulated clock.
func (i *Installation) StartServiceAt(ctx context.Context, c Clock, flags ...string) (*Service, error) {
	program, err := i.tools.BuildOwn(ctx, i.folder, Generator, "simulatedclock")
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := i.path("clock")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return nil, err
	}
	return i.startService(process.Command{Path: program, Env: []string{"PREVIEWSET_CLOCK_FILE=" + file}}, flags)
}
