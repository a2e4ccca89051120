package visit

import (
	"sync"
	"time"
)

const (
	// wakePending is how long a wake request counts as under way. The next snapshot shows it much sooner.
	wakePending = 30 * time.Second
	// useEvery is how often a visit to an awake environment is noted.
	useEvery = time.Minute
)

// The rates of wake requests. A person opens a few environments at a time; a team opens all of its environments within
// minutes in the morning. Without trusted proxies, all visits come from the ingress's few addresses.
var (
	perEnvironment = rate{burst: 4, every: time.Minute}
	perClient      = rate{burst: 20, every: 10 * time.Second}
	inTotal        = rate{burst: 60, every: time.Second}
)

// wakeLimits bound how often visits wake environments. Its memory is bounded: only existing environments have an entry,
// and clients share a table of a fixed size.
type wakeLimits struct {
	mu           sync.Mutex
	environments map[string]visited
	clients      clientBuckets
	total        bucket
}

// visited holds the used part of an environment's rate, and the times of its last wake request and of its last noted
// use.
type visited struct {
	bucket
	woken, used time.Time
}

// takeWake says whether a visit must send a wake request. If not, the environment wakes already, or wait says when a
// wake request is allowed again.
func (l *wakeLimits) takeWake(name string, from client, now time.Time) (request bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.environments[name]
	if now.Sub(e.woken) < wakePending {
		return false, 0
	}
	own := l.clients.of(from)
	if wait = max(e.wait(perEnvironment, now), own.wait(perClient, now), l.total.wait(inTotal, now)); wait > 0 {
		return false, wait
	}
	e.take(perEnvironment, now)
	own.take(perClient, now)
	l.total.take(inTotal, now)
	e.woken, e.used = now, now
	l.keep(name, e, now)
	return true, 0
}

// isPending reports whether a visit has sent a wake request that the snapshot doesn't show yet.
func (l *wakeLimits) isPending(name string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.environments[name].woken) < wakePending
}

// takeUse reports whether a visit to an awake environment must be noted as use.
func (l *wakeLimits) takeUse(name string, from client, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, own := l.environments[name], l.clients.of(from)
	if now.Sub(e.used) < useEvery || max(own.wait(perClient, now), l.total.wait(inTotal, now)) > 0 {
		return false
	}
	own.take(perClient, now)
	l.total.take(inTotal, now)
	e.used = now
	l.keep(name, e, now)
	return true
}

// keep saves an entry and drops the entries that limit nothing any more.
func (l *wakeLimits) keep(name string, e visited, now time.Time) {
	if l.environments == nil {
		l.environments = map[string]visited{}
	}
	for other, o := range l.environments {
		if now.Sub(o.used) >= useEvery && now.Sub(o.full) >= 0 {
			delete(l.environments, other)
		}
	}
	l.environments[name] = e
}
