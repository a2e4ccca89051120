package generator

import (
	"context"
	"time"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/buttons"
	"github.com/previewset/previewset/generator/metrics"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/shares"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/generator/traces"
)

const (
	// retryUnready is the time between two cycles until the first snapshot.
	retryUnready = 2 * time.Second
	// periodicEvery is the time between two checks whether a periodic read is due.
	periodicEvery = 2 * time.Second
	// maxRound is how long a round waits for repositories. GitHub can take minutes for one of them.
	maxRound = 30 * time.Second
	// maxConfigWait is how long the first answer waits for the config branch if there is saved state. Together with
	// periodicEvery it is below 5 seconds.
	maxConfigWait = 2500 * time.Millisecond
)

// refresher runs the refresh cycle. Only one goroutine may use it.
type refresher struct {
	inputs
	queue   *pending.Queue
	metrics *metrics.Metrics

	reads          reads
	round          round
	periodic       periodic
	pendingPublish bool // a snapshot is published before the end of the round
	savesReports   bool // it is published to save what GitHub has, so the next reports wait for the next snapshot

	buttons  *buttons.Buttons
	notifier *applicationsets.Notifier
	stateLog stateLog
	traces   *traces.Cycle
}

// round reads the configuration, the cluster and all repositories once. Repositories are left out while GitHub's quota
// is short.
type round struct {
	began time.Time
	// left are the keys of the reads that haven't ended; nil between two rounds. A round begins with the configuration,
	// because it names the repositories to read.
	left       map[string]bool
	configured bool // the reads that the configuration names were added
	polls      bool // the round reads repositories
}

func newRefresher(
	o *Options, c *current, q *pending.Queue, callers *applicationsets.Callers, act *actions.Actions,
) *refresher {
	m := metrics.New(o.Registry, o.Interval)
	r := &refresher{
		inputs: inputs{
			opts: o, current: c,
			activity:  sources.NewActivity(o.Activity, o.Now, o.Logger, m.Measured),
			workloads: sources.NewWorkloads(nil, o.Logger),
			waking:    sources.NewWaking(o.Applications),
			progress:  progress.NewWatch(o.Applications, o.Now, m),
			pacing:    pacing{quota: o.Quota, interval: o.Interval, now: o.Now, log: o.Logger, metrics: m},
			store:     store.New(o.Store, o.Now),
			requested: &metrics.Requested{}, filters: &applicationsets.Filters{}, shares: shares.New(o.Now),
			reports: report.New(report.Options{
				GitHub: o.Reporter, Kinds: o.Reports, Jira: o.Jira, Environment: o.DeploymentEnvironment,
				Stops: o.StopsReporting, PageOf: o.Pages.pageOf, Now: o.Now, Log: o.Logger,
				Count: func(kind report.Kind, ok bool) { m.ReportWritten(string(kind), ok) },
			}),
		},
		queue: q, metrics: m, reads: newReads(),
		periodic: periodic{now: o.Now, interval: o.Interval},
		buttons:  &buttons.Buttons{Permissions: o.Permissions, Actions: act, Now: o.Now, Log: o.Logger},
		notifier: applicationsets.NewNotifier(o.Cluster, callers, o.Now, o.Logger, m.ApplicationSetRefreshed),
		stateLog: stateLog{log: o.Logger, metrics: m, events: act.History, now: o.Now},
		traces:   traces.New(o.Tracer),
	}
	r.progress.PhaseChanged = r.stateLog.phase
	r.startOver()
	collector := &metrics.Collector{Service: c, Progress: r.progress}
	if o.EnvironmentMetrics {
		collector.Requested = r.requested
		r.workloads = sources.NewWorkloads(o.Workloads, o.Logger)
	}
	if o.Replica != nil {
		o.Registry.MustRegister(o.Replica.WhileLeading(collector))
	} else {
		o.Registry.MustRegister(collector)
	}
	return r
}

// run waits for the next event, and then takes one step.
func (r *refresher) run(ctx context.Context) error {
	due, ticker := time.NewTimer(0), time.NewTicker(periodicEvery)
	defer due.Stop()
	defer ticker.Stop()
	defer r.reads.wait()
	for {
		var work pending.Work
		isDue := false
		select {
		case <-ctx.Done():
			return nil
		case result := <-r.reads.done:
			r.receive(result)
		case <-r.queue.Ready():
			work = r.queue.Take()
		case <-due.C:
			isDue = true
		case <-ticker.C:
			r.notifier.Repeat(ctx)
			r.schedulePeriodicReads()
		}
		if r.step(ctx, work, isDue) {
			due.Reset(r.untilNextRound())
		}
	}
}

// refreshOnce runs one whole round without waiting for timers.
func (r *refresher) refreshOnce(ctx context.Context) {
	r.pacing.reset()
	r.periodic.reset()
	r.schedulePeriodicReads()
	r.step(ctx, r.queue.Take(), true)
	r.finishReads(ctx)
}

// finishReads waits for all reads that have started.
func (r *refresher) finishReads(ctx context.Context) {
	for r.reads.busy() {
		r.receive(<-r.reads.done)
		r.step(ctx, pending.Work{}, false)
	}
}

// step is one pass through the cycle: it loads the saved state, takes in work, reads, and publishes if there is
// something new. It returns whether a round ended. Reads start at three places: those of the new work, those that the
// received results ask for, and those that publishing asks for.
func (r *refresher) step(ctx context.Context, work pending.Work, isDue bool) (roundEnded bool) {
	if !r.recall(ctx, isDue) {
		return true // and try again soon
	}
	r.takeIn(work)
	r.scheduleReads(work, isDue)
	r.startReads(ctx)
	r.receiveAll()
	r.startReads(ctx)
	roundEnded = r.round.left != nil && (len(r.round.left) == 0 || r.waitsTooLong())
	if roundEnded {
		r.endRound()
	}
	isDueToPublish := roundEnded || r.pendingPublish || r.configIsLate()
	if ctx.Err() == nil && isDueToPublish && !r.reads.blockPublish() {
		r.pendingPublish = false
		r.publish(ctx)
	}
	if roundEnded && ctx.Err() == nil {
		r.metrics.Refreshed(r.current.Status().Reason == "", r.opts.Now().Sub(r.round.began))
	}
	r.startReads(ctx)
	return roundEnded || !r.recovery.done // the state must be loaded again, after another writer
}

// waitsTooLong says whether a round waits only for repositories, and for too long. The round then ends without them:
// their facts are used when they come, and polling of the others goes on.
func (r *refresher) waitsTooLong() bool {
	for key := range r.round.left {
		if !isRepository(key) || !r.reads.running[key] {
			return false
		}
	}
	return r.opts.Now().Sub(r.round.began) >= maxRound
}

// configIsLate says whether the first answer must come from the saved state, because the config branch doesn't answer.
func (r *refresher) configIsLate() bool {
	return r.current.Published() == nil && r.config.InForce == nil && r.store.HasState() && r.round.left[configKey] &&
		r.opts.Now().Sub(r.round.began) >= maxConfigWait
}

func (r *refresher) endRound() {
	r.round.left = nil
	if r.round.polls {
		r.pacing.endPoll()
	}
}

// untilNextRound returns the time between two rounds.
func (r *refresher) untilNextRound() time.Duration {
	if r.current.Published() == nil {
		return min(r.opts.Interval, retryUnready)
	}
	return r.opts.Interval
}
