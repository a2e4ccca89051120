package metrics

import (
	"sync"

	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/preview"
)

// Requested remembers the resources that environments request while they are awake, by environment. While one sleeps,
// the cluster doesn't tell them. It is safe for concurrent use.
type Requested struct {
	mu    sync.Mutex
	known map[string]store.Resources
}

// Note takes over the workloads of all environments. An environment that isn't completely awake keeps its last value.
func (r *Requested) Note(rows []preview.Row, workloads []preview.Workload) {
	sums := map[string]store.Resources{}
	for _, w := range workloads {
		sum, n := sums[w.Namespace], float64(w.Replicas)
		if w.Replicas > 0 {
			sums[w.Namespace] = store.Resources{CPU: sum.CPU + n*float64(w.CPU)/1000, Memory: sum.Memory + n*float64(w.Memory)}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := make(map[string]store.Resources, len(rows))
	for i := range rows {
		resources, ok := r.known[rows[i].Name]
		if sum, runs := sums[rows[i].Namespace]; runs && rows[i].State == preview.Awake {
			resources, ok = sum, true
		}
		if ok {
			known[rows[i].Name] = resources
		}
	}
	r.known = known
}

// Of returns the resources that an environment requests while it is awake. ok is false if it was never seen awake.
func (r *Requested) Of(name string) (resources store.Resources, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	resources, ok = r.known[name]
	return resources, ok
}

// Sleeping are the values of sleeping environments, for the saved state.
func (r *Requested) Sleeping(environments map[string]preview.Remembered) map[string]store.Resources {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := map[string]store.Resources{}
	for name, resources := range r.known {
		if environments[name].Row.State == preview.Asleep {
			kept[name] = resources
		}
	}
	return kept
}

// Restore takes over values from the saved state.
func (r *Requested) Restore(saved map[string]store.Resources) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = saved
}
