package testworld

import (
	"context"
	"sync"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// measuring is the policy with a place where activity is measured.
const PolicyWithActivity = Policy + "activity: {prometheus: {url: \"http://prometheus:9090\", preset: ingress-nginx}}\n"

// measured tells how environments are used, by hand.
type Activity struct {
	mu     sync.Mutex
	Used   map[string]bool
	Err    error
	Blocks bool // until the time is over
	URLs   []string
}

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

func (m *Activity) Change(change func()) { m.mu.Lock(); defer m.mu.Unlock(); change() }

func (m *Activity) Count() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.URLs) }

// measures is a world whose activity is measured.
func NewMeasured(m *Activity) (*World, func(*generator.Options)) {
	w := New()
	w.Tree = Tree(1, PolicyWithActivity)
	return w, func(o *generator.Options) { o.Activity = m }
}
