package progress

import (
	"context"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// freshFor is how long a result is used without asking again.
	freshFor = time.Second
	// readsPerSecond bounds the reads of one kind, of all environments together. A Reader has two kinds: Applications
	// and workloads.
	readsPerSecond = 4
	// forgetAfter is how long a result is kept.
	forgetAfter = time.Minute
)

// lookups reads one kind of status. It keeps recent results by name, and bounds the reads.
type lookups[T any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]lookup[T]
	second  time.Time // the time at which the current second began
	reads   int       // the reads in the current second
}

type lookup[T any] struct {
	at     time.Time
	status T
	err    error
}

// get returns a recent result, or reads. If the limit is reached, it returns an older result; ok is false if there is
// none.
func (l *lookups[T]) get(
	ctx context.Context, name string, now time.Time, read func(context.Context, string) (T, error),
) (result lookup[T], ok bool) {
	if known, has, mayRead := l.find(name, now); !mayRead {
		return known, has
	}
	v, _, _ := l.flights.Do(name, func() (any, error) {
		r := lookup[T]{at: now}
		r.status, r.err = read(context.WithoutCancel(ctx), name) // other clients wait for it too
		l.keep(name, r)
		return r, nil
	})
	result, ok = v.(lookup[T])
	return result, ok
}

// find returns the last result, if there is one. MayRead is true if that is missing or old, and the limit isn't
// reached: then the caller must read, because find has counted the read.
func (l *lookups[T]) find(name string, now time.Time) (known lookup[T], has, mayRead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, has = l.known[name]
	if age := now.Sub(known.at); has && age >= 0 && age < freshFor {
		return known, true, false
	}
	if age := now.Sub(l.second); age < 0 || age >= time.Second {
		l.second, l.reads = now, 0
	}
	l.reads++
	return known, has, l.reads <= readsPerSecond
}

func (l *lookups[T]) keep(name string, r lookup[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]lookup[T]{}
	}
	maps.DeleteFunc(l.known, func(_ string, old lookup[T]) bool { return r.at.Sub(old.at) > forgetAfter })
	l.known[name] = r
}
