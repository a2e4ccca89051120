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
	// idleAfter is the policy's.
	idleAfter = 10 * time.Minute
	// usageWindow is how far back a measurement looks.
	usageWindow = 2 * time.Minute
)

// usage is how environments are used, and whether that can be measured.
type usage struct {
	mu   sync.Mutex
	mode string // used, idle, half, missing, or failing
	// names are the environments that a measurement tells of.
	names []string
	// busy is when each was last used.
	busy map[string]time.Time
	// since is when each began to be idle, as measurements said without a gap; one that isn't there isn't idle.
	since map[string]time.Time
	// told is when a measurement last told anything.
	told time.Time
	// timeless says that nobody knows GitHub's time.
	timeless bool
}

func newUsage() *usage {
	return &usage{mode: "used", busy: map[string]time.Time{}, since: map[string]time.Time{}}
}

func (u *usage) lock() (unlock func()) { u.mu.Lock(); return u.mu.Unlock }

// uses says whether an environment is used now.
func (u *usage) uses(name string) bool {
	return u.mode == "used" || (u.mode == "half" && name[len(name)-1]%2 == 1)
}

func (u *usage) Measure(context.Context, *config.Policy) (preview.Measurement, error) {
	defer u.lock()()
	now := time.Now()
	m := preview.Measurement{At: now, Window: usageWindow, Used: map[string]bool{}}
	if u.mode == "failing" {
		return m, errors.New("Prometheus is away")
	}
	if now.Sub(u.told) > usageWindow { // nobody knows what was in between
		clear(u.since)
	}
	u.told = now
	for _, name := range u.names {
		used := u.uses(name) || now.Sub(u.busy[name]) < usageWindow
		if u.mode != "missing" {
			m.Used["preview-"+name] = used
		}
		if used || u.mode == "missing" {
			delete(u.since, name)
		} else if u.since[name].IsZero() {
			u.since[name] = now.Add(-usageWindow)
		}
	}
	return m, nil
}

func (u *usage) set(mode string) {
	defer u.lock()()
	for _, name := range u.names {
		if u.uses(name) {
			u.busy[name] = time.Now()
		}
	}
	u.mode = mode
}

// lives notes which environments there are.
func (u *usage) lives(names []string) { defer u.lock()(); u.names = names }

// idleFor is for how long an environment was idle, as far as measurements could tell.
func (u *usage) idleFor(name string) time.Duration {
	defer u.lock()()
	if u.since[name].IsZero() {
		return 0
	}
	return time.Since(u.since[name])
}

// jumping is a clock that somebody sets, while GitHub's goes on.
type jumping struct {
	*usage
	jump *atomic.Int64
}

func (j jumping) Skew() (time.Duration, bool) {
	defer j.lock()()
	return -time.Duration(j.jump.Load()), !j.timeless
}

// uses changes how environments are used.
func (p *play) uses(mode string) {
	p.tell("usage: %s", mode)
	p.usage.set(mode)
}

// lifeChanges is what happens to the lives of environments.
func (p *play) lifeChanges() {
	switch p.IntN(6) {
	case 0:
		known := p.IntN(2) == 0
		unlock := p.usage.lock()
		p.usage.timeless = !known
		unlock()
		p.tell("GitHub's time is known: %v", known)
	case 1, 2:
		if p.answered && len(p.live) > 0 && p.restart == nil {
			name, action := pick(p, slices.Sorted(maps.Keys(p.live))...), pick(p, "sleep", "wake", "wake", "extend")
			p.restart = func() { p.wish(name, action) }
		}
	default:
		p.uses(pick(p, "used", "idle", "idle", "half", "missing", "failing"))
	}
}

// wish asks something of an environment.
func (p *play) wish(name, action string) {
	p.t.Helper()
	a := over(p.t, p.process.private, http.MethodPost, "/api/v1/environments/"+name+"/"+action, "", map[string]string{"Authorization": "Bearer " + testworld.APIToken})
	p.tell("%s is asked to %s: %d", name, action, a.Code)
	if a.Code >= http.StatusInternalServerError && a.Code != http.StatusServiceUnavailable {
		p.fail("asking %s to %s is answered %d %s", name, action, a.Code, a.Body)
	}
	if a.Code == http.StatusAccepted && action != "extend" {
		p.sleeps[name] = action == "sleep"
	}
	synctest.Wait()
}

// checkStates: nothing falls asleep without evidence that nobody uses it, or somebody's wish.
func (p *play) checkStates(was map[string]*live) {
	p.t.Helper()
	names := slices.Sorted(maps.Keys(p.live))
	var states []string
	for _, row := range p.rows {
		name, _ := row["name"].(string)
		l := p.live[name]
		before := l.state
		l.state, _ = row["state"].(string)
		states = append(states, l.state)
		known := was[name] != nil
		if idle := p.usage.idleFor(name); l.state == preview.Asleep && known && before != preview.Asleep && !p.sleeps[name] && idle < idleAfter {
			p.fail("%s fell asleep, and was idle for %s at most", name, idle)
		}
		if l.state == preview.Asleep && !known && !p.everLost {
			p.fail("%s is new, and asleep", name)
		}
		if before == preview.Asleep && l.state != preview.Asleep {
			delete(p.sleeps, name)
		}
	}
	p.tell("  states: %s", strings.Join(states, " "))
	p.usage.lives(names)
}
