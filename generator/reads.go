package generator

import (
	"context"
	"slices"
	"strings"
)

const (
	// parallelPolls and parallelReads bound how many repositories are read at once; GitHub's secondary limits dislike more.
	// What is left between the two is for those that a webhook was about: they don't wait for a poll that hangs.
	parallelPolls = 8
	parallelReads = 16
)

// What is read besides repositories, whose keys are "owner/name".
const (
	configKey    = "config"
	clusterKey   = "cluster"
	reportKey    = "report"
	activityKey  = "activity"
	wakingKey    = "waking"
	workloadsKey = "workloads"
)

// reads are what is to be read and what is being read, each in a goroutine of its own. It belongs to the refresher's
// goroutine.
type reads struct {
	waiting []read
	running map[string]bool
	// unsettled are reads that a new configuration needs: nothing is published before they have ended, well or not. Each
	// has a number, to tell it from one for the configuration before.
	unsettled map[string]int
	settled   int
	done      chan result
}

func newReads() reads {
	return reads{running: map[string]bool{}, unsettled: map[string]int{}, done: make(chan result)}
}

type read struct {
	key    string
	asked  bool // somebody waits for it
	settle int  // its number in unsettled when it was started
}

// result is a read that ended. Apply takes in what came of it, in the refresher's goroutine.
type result struct {
	read
	apply func()
}

// want has something read once more, soon if it is asked for. What waits already waits once.
func (r *reads) want(key string, asked bool) {
	i := slices.IndexFunc(r.waiting, func(w read) bool { return w.key == key })
	if i < 0 {
		r.waiting = append(r.waiting, read{key: key, asked: asked})
		return
	}
	r.waiting[i].asked = r.waiting[i].asked || asked
}

// settle is want for what a new configuration needs.
func (r *reads) settle(key string) {
	r.settled++
	r.unsettled[key] = r.settled
	r.want(key, false)
}

func (r *reads) settling() bool { return len(r.unsettled) > 0 }

func (r *reads) busy() bool { return len(r.running) > 0 }

// next takes what can be read now out of those that wait. The same thing is never read twice at a time.
func (r *reads) next() (read, bool) {
	repositories := 0
	for key := range r.running {
		if isRepository(key) {
			repositories++
		}
	}
	free := func(w read) bool {
		most := parallelPolls
		if w.asked {
			most = parallelReads
		}
		return !r.running[w.key] && (!isRepository(w.key) || repositories < most)
	}
	i := slices.IndexFunc(r.waiting, func(w read) bool { return w.asked && free(w) })
	if i < 0 {
		i = slices.IndexFunc(r.waiting, free)
	}
	if i < 0 {
		return read{}, false
	}
	w := r.waiting[i]
	r.waiting = slices.Delete(r.waiting, i, i+1)
	return w, true
}

func isRepository(key string) bool { return strings.Contains(key, "/") }

// run reads in a goroutine.
func (r *reads) run(w read, do func() (apply func())) {
	w.settle = r.unsettled[w.key]
	r.running[w.key] = true
	go func() { r.done <- result{read: w, apply: do()} }()
}

func (r *reads) ended(w result) {
	delete(r.running, w.key)
	if r.unsettled[w.key] == w.settle {
		delete(r.unsettled, w.key)
	}
}

// wait is for the end: nothing may go on behind the refresher's back.
func (r *reads) wait() {
	for r.busy() {
		r.ended(<-r.done)
	}
}

// start starts what waits and can be read now.
func (g *Generator) start(ctx context.Context) {
	for {
		w, ok := g.state.reads.next()
		if !ok {
			return
		}
		do := g.job(ctx, w.key)
		if ctx.Err() != nil { // the last answer stays; nobody would take in what is read
			do = func() func() { return func() {} }
		}
		g.state.reads.run(w, do)
	}
}

// job is what reads one thing. It is made in the refresher's goroutine, runs in another, and returns what takes in what was
// read.
func (g *Generator) job(ctx context.Context, key string) func() func() {
	switch key {
	case configKey:
		return g.readConfig(ctx)
	case clusterKey:
		return g.readCluster(ctx)
	case reportKey:
		return g.report(ctx)
	case activityKey:
		return g.readActivity(ctx)
	case wakingKey:
		return g.readWaking(ctx)
	case workloadsKey:
		return g.readWorkloads(ctx)
	}
	return g.readRepository(ctx, key)
}
