package generator

import (
	"context"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// workloadsEvery is how often it is read what all environments request, for metrics, at most; more often only where everything
// is read more often than every minute.
const workloadsEvery = 5 * time.Minute

// requested is what environments request while they are awake, by name: also of those that are asleep since.
type requested struct {
	mu    sync.Mutex
	known map[string]resources
}

// resources are cores and bytes.
type resources struct {
	CPU    float64 `json:"cpu"`
	Memory float64 `json:"memory"`
}

// readWorkloads reads what all environments request. Where that fails, it stays as it was.
func (g *Generator) readWorkloads(ctx context.Context) func() func() {
	if g.opts.Workloads == nil || !g.opts.EnvironmentMetrics || g.state.config == nil {
		return func() func() { return func() {} }
	}
	prefix := g.state.config.Policy.NamespacePrefix
	return func() func() {
		all, err := g.opts.Workloads.Workloads(ctx, prefix+"*")
		return func() {
			switch s := g.served.Load(); {
			case ctx.Err() != nil, s == nil:
			case err != nil:
				if g.state.workloadsErr == nil {
					g.opts.Logger.Warn("workloads can't be read; metrics of what they request stay as they were", "error", err)
				}
				g.state.workloadsErr = err
			default:
				g.state.workloadsErr = nil
				g.requested.note(s.snapshot.Rows, all)
			}
		}
	}
}

// note takes in what was read. Of what is asleep, waking or just made it doesn't say what it will be, so that stays.
func (r *requested) note(rows []preview.Row, all []preview.Workload) {
	sums := map[string]resources{}
	for _, w := range all {
		sum, n := sums[w.Namespace], float64(w.Replicas)
		if w.Replicas > 0 {
			sums[w.Namespace] = resources{CPU: sum.CPU + n*float64(w.CPU)/1000, Memory: sum.Memory + n*float64(w.Memory)}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := make(map[string]resources, len(rows))
	for i := range rows {
		is, ok := r.known[rows[i].Name]
		if sum, runs := sums[rows[i].Namespace]; runs && rows[i].State == preview.Awake {
			is, ok = sum, true
		}
		if ok {
			known[rows[i].Name] = is
		}
	}
	r.known = known
}

// of is what an environment requests while it is awake, if that was ever seen.
func (r *requested) of(name string) (resources, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	is, ok := r.known[name]
	return is, ok
}

// asleep are those of environments that are asleep, of which the cluster doesn't tell any more.
func (r *requested) asleep(environments map[string]preview.Remembered) map[string]resources {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := map[string]resources{}
	for name, is := range r.known {
		if environments[name].Row.State == preview.Asleep {
			kept[name] = is
		}
	}
	return kept
}

// recall takes in what an earlier run of the service has kept.
func (r *requested) recall(kept map[string]resources) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = kept
}
