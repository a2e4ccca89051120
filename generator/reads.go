package generator

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/generator/traces"
)

const (
	// parallelPolls and parallelReads bound how many repositories are read at once, because of GitHub's secondary limits.
	// The difference is reserved for repositories with webhooks: they don't wait behind a slow poll.
	parallelPolls = 8
	parallelReads = 16
)

// The keys of reads. The key of a repository is its name, "owner/name".
const (
	configKey    = "config"
	clusterKey   = "cluster"
	reportKey    = "report"
	buttonsKey   = "buttons"
	activityKey  = "activity"
	wakingKey    = "waking"
	progressKey  = "progress"
	workloadsKey = "workloads"
)

// reads holds the waiting and running reads. Each one runs in a goroutine of its own. Only the refresher's goroutine
// uses this struct.
type reads struct {
	waiting []read
	running map[string]bool
	// blocking holds the reads that a new configuration needs, by key: nothing is published before they have ended. The
	// value is a number, because an older read with the same key may still be running.
	blocking   map[string]int
	lastNumber int
	done       chan result
}

func newReads() reads {
	return reads{running: map[string]bool{}, blocking: map[string]int{}, done: make(chan result)}
}

type read struct {
	key    string
	urgent bool // a user, a webhook or a time-dependent decision waits for it
	number int  // its number in reads.blocking when it started; 0 if it blocks nothing
	span   *traces.Span
}

// result is a read that has ended.
type result struct {
	read
	apply sources.Apply
}

// want adds a read. A read that waits already isn't added again, but may become urgent.
func (r *reads) want(key string, urgent bool) {
	i := slices.IndexFunc(r.waiting, func(w read) bool { return w.key == key })
	if i < 0 {
		r.waiting = append(r.waiting, read{key: key, urgent: urgent})
		return
	}
	r.waiting[i].urgent = r.waiting[i].urgent || urgent
}

// wantFirst adds a read that must end before the next snapshot is published.
func (r *reads) wantFirst(key string) {
	r.lastNumber++
	r.blocking[key] = r.lastNumber
	r.want(key, false)
}

// blockPublish reports whether a read of wantFirst hasn't ended.
func (r *reads) blockPublish() bool { return len(r.blocking) > 0 }

func (r *reads) busy() bool { return len(r.running) > 0 }

// next removes and returns a waiting read that may start now, an urgent one first. A source is never read twice at the
// same time.
func (r *reads) next() (read, bool) {
	repositories := 0
	for key := range r.running {
		if isRepository(key) {
			repositories++
		}
	}
	mayStart := func(w read) bool {
		most := parallelPolls
		if w.urgent {
			most = parallelReads
		}
		return !r.running[w.key] && (!isRepository(w.key) || repositories < most)
	}
	i := slices.IndexFunc(r.waiting, func(w read) bool { return w.urgent && mayStart(w) })
	if i < 0 {
		i = slices.IndexFunc(r.waiting, mayStart)
	}
	if i < 0 {
		return read{}, false
	}
	w := r.waiting[i]
	r.waiting = slices.Delete(r.waiting, i, i+1)
	return w, true
}

// isFact reports whether a read brings facts, from which a snapshot is resolved. All others follow a snapshot.
func isFact(key string) bool {
	return isRepository(key) || key == configKey || key == clusterKey || key == activityKey
}

func isRepository(key string) bool { return strings.Contains(key, "/") }

// start runs a task in a goroutine.
func (r *reads) start(w read, task sources.Task) {
	w.number = r.blocking[w.key]
	r.running[w.key] = true
	go func() {
		apply := task()
		w.span.Done()
		r.done <- result{read: w, apply: apply}
	}()
}

// end removes a read that has ended.
func (r *reads) end(w result) {
	delete(r.running, w.key)
	if r.blocking[w.key] == w.number {
		delete(r.blocking, w.key)
	}
}

// wait discards results until no read runs any more.
func (r *reads) wait() {
	for r.busy() {
		r.end(<-r.done)
	}
}
