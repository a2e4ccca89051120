package testworld

import (
	"context"
	"sync"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// PolicyWithActivity is Policy with a source of activity.
const PolicyWithActivity = Policy + "activity: {prometheus: {url: \"http://prometheus:9090\", preset: ingress-nginx}}\n"

// Activity measures what a test sets. The URLs of all measurements are recorded.
type Activity struct {
	mu     sync.Mutex
	Used   map[string]bool
	Err    error
	Blocks bool // until the measurement times out
	URLs   []string
}

// Measure implements generator.Options.Activity.
func (m *Activity) Measure(ctx context.Context, p *config.Policy) (preview.Measurement, error) {
	m.mu.Lock()
	hang, used, err := m.Blocks, m.Used, m.Err
	m.URLs = append(m.URLs, p.Activity.Prometheus.URL)
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return preview.Measurement{}, ctx.Err()
	}
	return preview.Measurement{At: time.Now(), Window: 5 * time.Minute, Used: used}, err
}

// Change changes the fields while a service runs.
func (m *Activity) Change(change func()) { m.mu.Lock(); defer m.mu.Unlock(); change() }

// Count returns the number of measurements.
func (m *Activity) Count() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.URLs) }

// NewMeasured returns a world with a source of activity, and the option for it.
func NewMeasured(m *Activity) (*World, func(*generator.Options)) {
	w := New()
	w.Tree = Tree(1, PolicyWithActivity)
	return w, func(o *generator.Options) { o.Activity = m }
}
