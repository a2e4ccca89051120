package generator_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// idleAfter is lifetime.sleep.idleAfter of the policy.
	idleAfter = 10 * time.Minute
	// usageWindow is the period that a measurement covers.
	usageWindow = 2 * time.Minute
)

// usage simulates the use of environments and its measurement.
type usage struct {
	mu   sync.Mutex
	mode string // used, idle, half, missing, or failing
	// names are the environments in a measurement.
	names []string
	// lastUsed is the time of last use, by environment.
	lastUsed map[string]time.Time
	// idleSince is the begin of the idle time without a gap in measurements, by environment; missing if it isn't idle.
	idleSince map[string]time.Time
	// measuredAt is the time of the last successful measurement.
	measuredAt time.Time
	// clockUnknown says that GitHub's time is unknown.
	clockUnknown bool
}

func newUsage() *usage {
	return &usage{mode: "used", lastUsed: map[string]time.Time{}, idleSince: map[string]time.Time{}}
}

func (u *usage) lock() (unlock func()) { u.mu.Lock(); return u.mu.Unlock }

// isUsed reports whether an environment is used now.
func (u *usage) isUsed(name string) bool {
	return u.mode == "used" || (u.mode == "half" && name[len(name)-1]%2 == 1)
}

func (u *usage) Measure(context.Context, *config.Policy) (preview.Measurement, error) {
	defer u.lock()()
	now := time.Now()
	m := preview.Measurement{At: now, Window: usageWindow, Used: map[string]bool{}}
	if u.mode == "failing" {
		return m, errors.New("Prometheus doesn't answer")
	}
	if now.Sub(u.measuredAt) > usageWindow { // the use during the gap is unknown
		clear(u.idleSince)
	}
	u.measuredAt = now
	for _, name := range u.names {
		used := u.isUsed(name) || now.Sub(u.lastUsed[name]) < usageWindow
		if u.mode != "missing" {
			m.Used["preview-"+name] = used
		}
		if used || u.mode == "missing" {
			delete(u.idleSince, name)
		} else if u.idleSince[name].IsZero() {
			u.idleSince[name] = now.Add(-usageWindow)
		}
	}
	return m, nil
}

func (u *usage) setMode(mode string) {
	defer u.lock()()
	for _, name := range u.names {
		if u.isUsed(name) {
			u.lastUsed[name] = time.Now()
		}
	}
	u.mode = mode
}

// setNames sets the live environments.
func (u *usage) setNames(names []string) { defer u.lock()(); u.names = names }

// idleFor is the measured idle time of an environment.
func (u *usage) idleFor(name string) time.Duration {
	defer u.lock()()
	if u.idleSince[name].IsZero() {
		return 0
	}
	return time.Since(u.idleSince[name])
}

// offsetClock compares the generator's clock, which jumps, with GitHub's.
type offsetClock struct {
	*usage
	jump *atomic.Int64
}

func (j offsetClock) Skew() (time.Duration, bool) {
	defer j.lock()()
	return -time.Duration(j.jump.Load()), !j.clockUnknown
}

// setUsage changes how environments are used.
func (sim events) setUsage(mode string) {
	sim.logf("usage: %s", mode)
	sim.usage.setMode(mode)
}

// changeLifecycle changes the use of environments or sends a request.
func (sim events) changeLifecycle() {
	switch sim.IntN(6) {
	case 0:
		known := sim.IntN(2) == 0
		unlock := sim.usage.lock()
		sim.usage.clockUnknown = !known
		unlock()
		sim.logf("GitHub's time is known: %v", known)
	case 1, 2:
		if sim.answered && len(sim.environments) > 0 && sim.atStepEnd == nil {
			name, action := pick(
				sim.simulation,
				slices.Sorted(maps.Keys(sim.environments))...), pick(
				sim.simulation,
				"sleep",
				"wake",
				"redeploy",
				"extend",
			)
			sim.atStepEnd = func() { sim.request(name, action) }
		}
	default:
		sim.setUsage(pick(sim.simulation, "used", "idle", "idle", "half", "missing", "failing"))
	}
}

// request sends a request about an environment.
func (sim events) request(name, action string) {
	sim.t.Helper()
	a := sendRequest(
		sim.t, sim.process.private, http.MethodPost, "/api/v1/environments/"+name+"/"+action, "",
		map[string]string{"Authorization": "Bearer " + testworld.APIToken},
	)
	sim.logf("request for %s to %s: %d", name, action, a.Code)
	if a.Code >= http.StatusInternalServerError && a.Code != http.StatusServiceUnavailable {
		sim.failf("request for %s to %s: %d %s", name, action, a.Code, a.Body)
	}
	if a.Code == http.StatusAccepted && action != "extend" && action != "redeploy" {
		sim.sleepRequested[name] = action == "sleep"
	}
	synctest.Wait()
}

// checkStates checks that environments sleep only with evidence of no use, or after a request.
func (sim *simulation) checkStates(was map[string]*liveEnvironment) {
	sim.t.Helper()
	names := slices.Sorted(maps.Keys(sim.environments))
	var states []string
	for _, row := range sim.lastRows {
		name, _ := row["name"].(string)
		l := sim.environments[name]
		before := l.state
		state, _ := row["state"].(string)
		l.state = preview.State(state)
		states = append(states, state)
		known := was[name] != nil
		if idle := sim.usage.idleFor(name); l.state == preview.Asleep && known && before != preview.Asleep && !sim.sleepRequested[name] &&
			idle < idleAfter {
			sim.failf("%s fell asleep after at most %s of idle time", name, idle)
		}
		if l.state == preview.Asleep && !known && !sim.stateEverLost {
			sim.failf("%s is new and asleep", name)
		}
		if before == preview.Asleep && l.state != preview.Asleep {
			delete(sim.sleepRequested, name)
		}
	}
	sim.logf("  states: %s", strings.Join(states, " "))
	sim.usage.setNames(names)
}
