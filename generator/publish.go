package generator

import (
	"context"
	"errors"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/generator/store"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// publish resolves a snapshot from the facts and serves it. It serves none if whyNotFirst has a reason.
func (r *refresher) publish(ctx context.Context) {
	st := r.newStatus()
	defer func() {
		r.current.status.Store(st)
		r.traces.End(st.Reason, len(r.memory.Environments))
	}()
	var snapshot *preview.Snapshot
	switch {
	case r.config.InForce != nil:
		_, span := r.traces.Start(ctx, "resolve", "")
		snapshot = preview.Resolve(r.config.InForce, r.facts(), r.memory, r.opts.Now())
		span.End("")
		st.Reason = r.whyNotFirst(snapshot)
	case r.store.HasState():
		snapshot = preview.FromMemory(r.memory, r.opts.Now())
	default:
		st.Reason = message(r.config.Err)
	}
	if st.Reason == "" {
		snapshot.Problems = append(snapshot.Problems, r.notifier.Overlaps(snapshot, r.cluster.Facts.Plugins)...)
		snapshot.Problems = append(snapshot.Problems, r.filters.Problems()...)
		st.Reason = message(r.serve(ctx, snapshot))
	}
}

// serve saves a snapshot's state, then serves the snapshot, then tells Argo CD and GitHub. If the state can't be saved,
// the last snapshot stays.
func (r *refresher) serve(ctx context.Context, snapshot *preview.Snapshot) error {
	last := r.current.Published()
	if r.filters.Compare(r.lastSnapshot(), snapshot) {
		r.store.MustSave()
	}
	next, content, err := r.encode(snapshot, last)
	if err == nil { // a state is saved only with an answer: after a restart the generator would trust it
		err = r.save(ctx, content)
	}
	if err != nil { // guard saved-before-served: false
		r.opts.Logger.Error("serve snapshot failed", "error", err)
		if errors.Is(err, store.ErrOtherWriter) {
			r.standAside()
		}
		return err
	}
	r.memory = snapshot.Memory
	next.Saved = r.store.Sum()
	next.Inputs = answer.Inputs{Config: r.config.InForce, Facts: r.facts()}
	next.Facts.Repositories = maps.Clone(next.Facts.Repositories)
	next.NoteKnown(last)
	next.Number = 1
	if last != nil {
		next.Number = last.Number + 1
	}
	r.current.published.Store(next)
	r.afterServing(ctx, last, next)
	return nil
}

// standAside stops serving, because another service has the same saved state and could answer differently. This one
// starts over with that state when the other one has stopped.
func (r *refresher) standAside() {
	r.metrics.OtherWriterSeen()
	r.current.published.Store(nil)
	r.round, r.pendingPublish = round{}, false
	r.startOver()
}

// encode encodes the answer and the saved state at the same time, because Argo CD waits for both. Content is nil if the
// saved state is still good enough.
func (r *refresher) encode(
	snapshot *preview.Snapshot, last *answer.Published,
) (next *answer.Published, content []byte, err error) {
	versions := answer.Compare(snapshot.Rows, last)
	phases, hasChanged := r.progress.Saved()
	links, haveChanged := r.shares.Saved()
	announced, hasNew := r.announced.Saved(snapshot.Memory)
	if hasChanged || haveChanged || hasNew {
		r.store.MustSave()
	}
	change := store.Change{
		New: store.State{
			Memory: snapshot.Memory, Reported: r.reports.Statuses(), Reports: r.reports.Saved(),
			Requested: r.requested.Sleeping(snapshot.Memory.Environments), Filters: r.filters.Saved(),
			Progress: phases, Shares: links, Announced: announced,
		},
		Before: r.memory, SameRows: versions.Same,
	}
	if r.activity.IsMeasured(r.config.InForce) {
		change.Activity = &r.activity.Facts
	}
	var both errgroup.Group
	both.Go(func() (err error) {
		next, err = answer.New(snapshot, last, versions)
		return err
	})
	both.Go(func() (err error) {
		content, err = r.store.Encode(change)
		return err
	})
	err = both.Wait()
	return next, content, err
}

func (r *refresher) save(ctx context.Context, content []byte) error {
	if content == nil {
		return nil
	}
	ctx, span := r.traces.Start(ctx, "save state", "")
	dropped := r.store.Dropped()
	r.metrics.SetDropped(len(dropped))
	if len(dropped) > 0 {
		r.opts.Logger.Warn("saved state is too large; parts are left out", "parts", dropped, "bytes", len(content))
	}
	err := r.store.Save(ctx, content)
	r.metrics.Saved(err == nil, len(content))
	span.End(message(err))
	return err
}

// afterServing tells Argo CD and GitHub about a snapshot. Last is nil for the first one.
func (r *refresher) afterServing(ctx context.Context, last, next *answer.Published) {
	var before *preview.Snapshot
	if last != nil {
		before = last.Snapshot
	}
	r.waking.Forget(before, next.Snapshot)
	r.progress.Update(next.Snapshot)
	owners := make(map[string]string, len(next.Snapshot.Rows))
	for i := range next.Snapshot.Rows {
		owners[next.Snapshot.Rows[i].Name] = next.Snapshot.Rows[i].Owner
	}
	r.shares.Keep(owners)
	r.stateLog.decisions(before, next.Snapshot)
	r.stateLog.states(before, next)
	notifyCtx, span := r.traces.Start(ctx, "notify Argo CD", "")
	r.notifier.Notify(notifyCtx, next, r.cluster.Facts.Plugins)
	span.End("")
	next.DropPrevious()
	if r.progress.IsDue() {
		r.reads.want(progressKey, false)
	}
	if !r.savesReports {
		r.wantReport()
	}
	r.savesReports = false
	if !r.waking.NeedsCluster() && len(sources.WakingRows(next.Snapshot)) > 0 {
		r.reads.want(wakingKey, false)
	}
}

// message returns an error's text for users; empty without an error.
func message(err error) string {
	if err == nil {
		return ""
	}
	return config.Printable(err.Error())
}
