package generator

import (
	"context"
	"time"

	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// measureEvery is the longest time between two measurements of activity.
	measureEvery = time.Minute
	// workloadsEvery is the longest time between two reads of all workloads.
	workloadsEvery = 5 * time.Minute
)

// periodic says when the reads with their own period are due.
type periodic struct {
	now                 func() time.Time
	interval            time.Duration
	measured, workloads time.Time // when the last read began
}

func (p *periodic) reset() { p.measured, p.workloads = time.Time{}, time.Time{} }

// takeMeasurement reports whether activity must be measured now, and if so notes the time.
func (p *periodic) takeMeasurement() bool { return p.take(&p.measured, min(p.interval, measureEvery)) }

// takeWorkloads reports whether workloads must be read now, and if so notes the time.
func (p *periodic) takeWorkloads() bool {
	return p.take(&p.workloads, min(5*p.interval, workloadsEvery))
}

func (p *periodic) take(last *time.Time, period time.Duration) bool {
	now := p.now()
	if since := now.Sub(*last); since >= 0 && since < period { // the clock may jump back
		return false
	}
	*last = now
	return true
}

// schedulePeriodicReads adds the periodic reads that are due.
func (r *refresher) schedulePeriodicReads() {
	p := r.current.Published()
	if p == nil {
		return
	}
	if r.periodic.takeMeasurement() {
		// Time alone changes a snapshot: environments expire. An urgent read publishes, so this happens at least every
		// minute, also without a measurement and with a long interval.
		urgent := r.activity.IsMeasured(r.config.InForce) || r.opts.Interval > measureEvery
		r.reads.want(activityKey, urgent)
	}
	if r.periodic.takeWorkloads() {
		r.reads.want(workloadsKey, false)
	}
	if len(sources.WakingRows(p.Snapshot)) > 0 {
		r.reads.want(wakingKey, false)
	}
	if r.progress.IsDue() {
		r.reads.want(progressKey, false)
	}
}

// scheduleReads adds the reads for pending work, and begins a round if one is due.
func (r *refresher) scheduleReads(work pending.Work, isDue bool) {
	if isDue && r.round.left == nil {
		r.round = round{began: r.opts.Now(), left: map[string]bool{configKey: true}, polls: r.pacing.mayPoll()}
		r.reads.want(configKey, false)
	}
	if work.Config {
		r.reads.want(configKey, true)
	}
	if r.buttons.Add(work.Clicks) {
		r.reads.want(buttonsKey, false)
	}
	r.repositories.Expected.Merge(work.Expected)
	for name := range work.Repositories {
		r.readSoon(name)
	}
	if isDue {
		for name := range r.pacing.takeDeferred() {
			r.readSoon(name)
		}
	}
	r.pacing.report()
}

// readSoon reads a repository with a webhook at once. If only the reserve of the quota is left, it waits for more quota
// or for the next poll.
func (r *refresher) readSoon(name string) {
	if r.pacing.hasQuota() {
		r.reads.want(name, true)
		return
	}
	r.pacing.deferRead(name)
}

// startReads starts the waiting reads that may start now.
func (r *refresher) startReads(ctx context.Context) {
	for {
		next, ok := r.reads.next()
		if !ok {
			return
		}
		begin := r.traces.StartAfter
		if isFact(next.key) {
			begin = r.traces.Start
		}
		readCtx, span := begin(ctx, "read", next.key)
		next.span = span
		task := r.task(readCtx, next.key)
		if ctx.Err() != nil { // the generator stops, so no result is used
			task = sources.Nothing
		}
		r.reads.start(next, task)
	}
}

// task returns the task of a read. Tasks run in other goroutines, so they get copies of what they need here.
func (r *refresher) task(ctx context.Context, key string) sources.Task {
	changed := func() { r.pendingPublish = true }
	switch key {
	case configKey:
		return r.config.Read(ctx, func() preview.Memory { return r.memory }, r.continueRound)
	case clusterKey:
		return r.cluster.Read(ctx)
	case reportKey:
		return r.reportTask(ctx, func() { r.pendingPublish, r.savesReports = true, true })
	case buttonsKey:
		return r.buttons.Handle(ctx, r.reports, r.current.Published(), r.wantReport)
	case activityKey:
		return r.activity.Measure(ctx, func() *config.Config { return r.config.InForce }, r.anyRuns)
	case wakingKey:
		return r.waking.Read(ctx, r.servedSnapshot, changed)
	case progressKey:
		return r.progress.Read(ctx, r.wantReport)
	case workloadsKey:
		return r.workloads.Read(ctx, r.config.InForce, r.noteWorkloads)
	}
	return r.repositories.Read(ctx, key, r.config.InForce, r.memory, r.watch)
}

// receive stores the result of a read.
func (r *refresher) receive(result result) {
	r.reads.end(result)
	delete(r.round.left, result.key)
	result.apply()
	result.span.End(r.problemOf(result.key))
	r.pendingPublish = r.pendingPublish || result.urgent
}

// receiveAll stores all results that have come meanwhile, so that a burst leads to one snapshot.
func (r *refresher) receiveAll() {
	for {
		select {
		case result := <-r.reads.done:
			r.receive(result)
		default:
			return
		}
	}
}

// continueRound adds the reads that the configuration needs: in a round all that are due, and for a new configuration
// the facts that the one before didn't need.
func (r *refresher) continueRound(before *config.Config) {
	cfg := r.config.InForce
	if cfg == nil {
		return
	}
	if r.round.left != nil && !r.round.configured {
		r.round.configured = true
		if r.cluster.Exists() {
			r.addToRound(clusterKey)
		}
		for _, name := range cfg.Repositories() {
			if r.round.polls {
				r.addToRound(name)
			}
		}
	}
	if cfg != before {
		r.changeConfig(before)
	}
}

func (r *refresher) addToRound(key string) {
	r.round.left[key] = true
	r.reads.want(key, false)
}

// changeConfig adds the reads that a new configuration needs before the next snapshot.
func (r *refresher) changeConfig(before *config.Config) {
	r.pendingPublish = true
	r.watch()
	r.changeActivity(before)
	cfg := r.config.InForce
	r.repositories.Keep(cfg.Repositories())
	for _, name := range preview.Reread(cfg, before) {
		r.reads.wantFirst(name)
	}
	if before == nil && r.cluster.Exists() {
		r.reads.wantFirst(clusterKey)
	}
}

// changeActivity measures again if the configuration measures something else now.
func (r *refresher) changeActivity(before *config.Config) {
	if !r.activity.Change(before, r.config.InForce) {
		return
	}
	r.periodic.measured = r.opts.Now()
	if r.current.Published() == nil { // without a measurement the first snapshot would count all environments as used
		r.reads.wantFirst(activityKey)
		return
	}
	r.reads.want(activityKey, true)
}
