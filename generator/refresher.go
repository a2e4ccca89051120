package generator

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// retryUnready is how soon it is tried again while there is nothing to answer yet.
const retryUnready = 2 * time.Second

// refresherState belongs to the one goroutine that refreshes.
type refresherState struct {
	config *preview.Config
	// tried is the commit that was last loaded, and what came of it.
	tried     string
	triedErr  error
	configErr error
	facts     preview.Facts
	// clusterErr is why the cluster's facts are old; clusterRead says that there are any.
	clusterErr  error
	clusterRead bool
	failed      map[string]error // why repositories can't be read
	memory      preview.Memory
	packer      packer // of what is saved of it
	remembers   bool   // memory is that of an answer once given, maybe by an earlier run
	recalled    bool
	// unclear are Applications that nobody knows what they are, since memory is lost, and why.
	unclear map[string]string
	unsaved bool      // somebody has confirmed or asked for something since memory was last saved
	saved   time.Time // when it was
	stale   bool      // what is saved of when environments were used is not the newest
	// reported is what was last told to GitHub, by pull request.
	reported map[string]string
	// unreported is what GitHub wouldn't take, by pull request.
	unreported map[string]unreported
	// told is the answer for which each ApplicationSet was last made to ask, as a hash.
	told map[string][sha256.Size]byte
	// unheard are those that haven't asked since.
	unheard map[string]unheard

	reads reads
	round round
	// news says that something was read which somebody waits for, so that it is published before the round is over.
	news bool
	// pollAt is when repositories may be polled again, where the quota is too short for every round.
	pollAt time.Time
	// deferred are the repositories that a webhook was about while only the quota's reserve was left.
	deferred map[string]bool
	// expected are pull requests that the next reads will probably have to look at.
	expected expected
	// activityErr is why what was measured is old; measured is when it was last begun.
	activityErr error
	measured    time.Time
	// waking counts reads of what is waking, of which each looks at some.
	waking int
	// sized is when it was last read what workloads request, workloadsErr why that is old.
	sized        time.Time
	workloadsErr error
}

// round is one time of reading everything that is due.
type round struct {
	began time.Time
	// left is what is still to be read; nil between two rounds. First it is only the configuration, which says what else.
	left       map[string]bool
	configured bool
	// polls says that the repositories are part of it.
	polls bool
}

// Run refreshes until ctx is done: everything at once, then every interval, sooner while there is nothing to answer; in
// between, what webhooks are about.
func (g *Generator) Run(ctx context.Context) error {
	due, tend := time.NewTimer(0), time.NewTicker(tendEvery)
	defer due.Stop()
	defer tend.Stop()
	defer g.state.reads.wait()
	for {
		s := &scope{}
		select {
		case <-ctx.Done():
			return nil
		case r := <-g.state.reads.done:
			g.received(r)
		case <-g.requests.notify:
			*s = g.requests.take()
		case <-due.C:
			s.due = true
		case <-tend.C:
			g.tellAgain(ctx)
			g.tend()
		}
		if g.step(ctx, *s) {
			due.Reset(g.pause())
		}
	}
}

// Refresh reads everything once and publishes what follows from it. What can't be read keeps its last facts. It is not
// safe for concurrent use; Run does the same.
func (g *Generator) Refresh(ctx context.Context) {
	g.state.pollAt = time.Time{}
	g.state.measured, g.state.sized = time.Time{}, time.Time{}
	g.tend()
	g.step(ctx, scope{due: true})
	for g.state.reads.busy() {
		g.received(<-g.state.reads.done)
		g.step(ctx, scope{})
	}
}

// step takes what is asked for, starts what can be started, and publishes what is to be published. It says whether a round
// ended with it.
func (g *Generator) step(ctx context.Context, s scope) (ended bool) {
	if !g.recall(ctx) {
		return true // and again soon
	}
	if s.due && len(g.state.unclear) > 0 && g.served.Load() == nil {
		_ = g.recover(ctx) // somebody may have mended it; else it is as unclear as it was
	}
	g.confirm(s.confirm)
	g.heed(s.asks)
	g.state.news = g.state.news || len(s.confirm)+len(s.asks) > 0
	g.ask(s)
	g.start(ctx)
	g.receiveAll()
	g.start(ctx)
	ended = g.state.round.left != nil && (len(g.state.round.left) == 0 || g.hangs())
	if ended {
		g.endRound()
	}
	if ctx.Err() == nil && (ended || g.state.news) && !g.state.reads.settling() {
		g.state.news = false
		g.publish(ctx)
	}
	if ended && ctx.Err() == nil {
		g.metrics.refreshed(g.status.Load().Reason == "", g.opts.Now().Sub(g.state.round.began))
	}
	g.start(ctx) // what publishing asks for
	return ended
}

// tendEvery is how often it is looked what else is due, besides everything that is read every interval.
const tendEvery = 2 * time.Second

// tend does what has rhythms of its own.
func (g *Generator) tend() {
	s, now := &g.state, g.opts.Now()
	if g.served.Load() == nil {
		return
	}
	if isDue(&s.measured, now, min(g.opts.Interval, measureEvery)) {
		// Time alone changes answers too, and without anything to measure it is only this that looks.
		s.reads.want(activityKey, g.source() != nil || g.opts.Interval > measureEvery)
	}
	if isDue(&s.sized, now, min(5*g.opts.Interval, workloadsEvery)) {
		s.reads.want(workloadsKey, false)
	}
	if len(g.wakingRows()) > 0 {
		s.reads.want(wakingKey, false)
	}
}

// isDue says whether something is due that was last begun then, and notes that it begins. The clock may jump.
func isDue(last *time.Time, now time.Time, every time.Duration) bool {
	if since := now.Sub(*last); since >= 0 && since < every {
		return false
	}
	*last = now
	return true
}

// ask notes what is to be read.
func (g *Generator) ask(s scope) {
	st := &g.state
	if s.due && st.round.left == nil {
		st.round = round{began: g.opts.Now(), left: map[string]bool{configKey: true}, polls: !g.opts.Now().Before(st.pollAt)}
		st.reads.want(configKey, false)
	}
	if s.config {
		st.reads.want(configKey, true)
	}
	st.expected.add(s.expected)
	for name := range s.repositories {
		g.askSoon(name)
	}
	if s.due && len(st.deferred) > 0 && g.hurry() {
		names := st.deferred
		st.deferred = nil
		for name := range names {
			g.askSoon(name)
		}
	}
	g.metrics.deferred.Set(float64(len(st.deferred)))
}

// askSoon has a repository read at once, because a webhook was about it. Where only the quota's reserve is left, that waits:
// for the quota's renewal, or for the next poll, which finds what the webhook told of too.
func (g *Generator) askSoon(name string) {
	if g.hurry() {
		g.state.reads.want(name, true)
		return
	}
	g.state.deferred = cloned(g.state.deferred)
	g.state.deferred[name] = true
}

func (g *Generator) hurry() bool { return g.opts.Quota == nil || g.opts.Quota.Hurry() }

// received takes in what was read.
func (g *Generator) received(r result) {
	g.state.reads.ended(r)
	delete(g.state.round.left, r.key)
	r.apply()
	g.state.news = g.state.news || r.asked
}

// receiveAll takes in what else has been read by now: a burst is published once.
func (g *Generator) receiveAll() {
	for {
		select {
		case r := <-g.state.reads.done:
			g.received(r)
		default:
			return
		}
	}
}

// patience is how long a round waits for repositories at least: GitHub can take minutes for one of them, answer by answer.
const patience = 30 * time.Second

// hangs says whether a round waits only for repositories that have been read for too long. It ends without them; their facts
// are taken in when they come, and the others are polled on.
func (g *Generator) hangs() bool {
	st := &g.state
	for key := range st.round.left {
		if !isRepository(key) || !st.reads.running[key] {
			return false
		}
	}
	return g.opts.Now().Sub(st.round.began) >= patience
}

func (g *Generator) endRound() {
	st := &g.state
	st.round.left = nil
	if !st.round.polls {
		return
	}
	st.deferred = nil // the poll has read them
	pause := g.opts.Interval
	if g.opts.Quota != nil {
		pause = g.opts.Quota.Pause(g.opts.Interval)
	}
	st.pollAt = time.Time{}
	if pause > g.opts.Interval {
		st.pollAt = g.opts.Now().Add(pause)
		g.opts.Logger.Warn("GitHub is polled less often: its quota is short", "pause", pause.Round(time.Second), "quota", g.opts.Quota.Describe())
	}
	g.metrics.pollInterval.Set(pause.Seconds())
}

// pause is how long it is until the next round.
func (g *Generator) pause() time.Duration {
	if g.served.Load() == nil {
		return min(g.opts.Interval, retryUnready)
	}
	return g.opts.Interval
}
