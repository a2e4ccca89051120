package progress

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxReads bounds the Applications in one read. The others are read next.
	maxReads = 16
	// parallelReads bounds the Applications that are read at the same time.
	parallelReads = 4
	// settledFor is the time until an environment is read again that is awake and not deploying.
	settledFor = 30 * time.Second
	// maxDurations bounds the kept durations of deployments. Their median is the expected duration.
	maxDurations = 20
)

// SavedProgress is the part of the progress that is saved: a restart must not lose it.
type SavedProgress struct {
	// Phases are the phases of environments with the times at which they began.
	Phases map[string]SavedPhase `json:"phases,omitempty"`
	// Durations are the seconds of the last deployments, the newest last.
	Durations []int `json:"durations,omitempty"`
	// Stages are the times of new environments that weren't ready yet.
	Stages map[string]SavedStages `json:"stages,omitempty"`
}

// SavedPhase is a phase and its beginning.
type SavedPhase struct {
	Phase preview.Phase `json:"phase"`
	Since time.Time     `json:"since"`
}

// Watch knows the progress of all live environments. Only the goroutine of the refresh cycle changes it. Latest, Known,
// Complete, Changes and Counts are safe for concurrent use.
type Watch struct {
	applications Applications // nil without a cluster
	now          func() time.Time
	observer     Observer
	watched      map[string]*watched // by environment
	stages       stages
	// PhaseChanged is called with each new phase of a known environment; nil calls nothing.
	PhaseChanged func(environment string, p preview.Progress)

	mu      sync.Mutex                  // guards the fields below
	latest  map[string]preview.Progress // of environments with a known progress
	changes int                         // counts the changes of latest
	timings SavedProgress
	unsaved bool // a phase has changed since the last call of Saved
}

// watched is the row and the progress of one environment.
type watched struct {
	row      *preview.Row // of the served snapshot
	progress preview.Progress
	// isKnown is false until the first read. After a restart nothing is said about an environment before that.
	isKnown bool
	readAt  time.Time // zero if the row has changed since the last read
}

// NewWatch returns a Watch. Applications are nil without a cluster. A nil Observer counts nothing.
func NewWatch(a Applications, now func() time.Time, o Observer) *Watch {
	if o == nil {
		o = discard{}
	}
	return &Watch{
		applications: a, now: now, observer: o, watched: map[string]*watched{}, latest: map[string]preview.Progress{},
		stages: stages{observer: o},
	}
}

// Saved returns the phases and durations to save. HasChanged says whether a phase has changed since the last call.
func (w *Watch) Saved() (s SavedProgress, hasChanged bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hasChanged, w.unsaved = w.unsaved, false
	return SavedProgress{
		Phases: maps.Clone(w.timings.Phases), Durations: slices.Clone(w.timings.Durations), Stages: maps.Clone(w.stages.times),
	}, hasChanged
}

// Restore takes over saved phases and durations.
func (w *Watch) Restore(s SavedProgress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timings, w.stages.times = s, s.Stages
}

// Update takes over a new snapshot. An environment with a new row is deploying until Argo CD is read again.
func (w *Watch) Update(s *preview.Snapshot) {
	last := w.watched
	w.watched = make(map[string]*watched, len(s.Rows))
	for i := range s.Rows {
		row := &s.Rows[i]
		e := last[row.Name]
		switch {
		case e == nil:
			e = &watched{row: row}
		case !rowequality.SameRow(e.row, row):
			e.readAt = time.Time{}
			if e.progress.IsFailing() {
				w.stages.forget(row.Name)
			}
			// The known status is about the row before. An empty one means that Argo CD hasn't taken this row.
			e.progress = row.WithApplication(&preview.ApplicationStatus{}).Progress
		}
		e.row = row
		if w.applications == nil || row.State != preview.Awake {
			e.isKnown, e.progress = true, row.WithoutApplication("").Progress
		}
		w.watched[row.Name] = e
		w.note(row.Name, e)
	}
	w.forget()
	w.timeStages(s)
}

// timeStages times the stages of new environments. Without a cluster their ends are unknown.
func (w *Watch) timeStages(s *preview.Snapshot) {
	if w.applications != nil && w.stages.update(s, w.now().UTC()) {
		w.mustSave()
	}
}

func (w *Watch) mustSave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsaved = true
}

// Of returns an environment's progress; nil if it isn't known yet.
func (w *Watch) Of(name string) *preview.Progress {
	e := w.watched[name]
	if e == nil || !e.isKnown {
		return nil
	}
	p := w.Complete(name, e.progress)
	return &p
}

// IsDue reports whether an Application must be read.
func (w *Watch) IsDue() bool { return len(w.due()) > 0 }

// due returns the environments to read, the one with the oldest read first. Only those that are awake are read: the
// phase of the others is their state.
func (w *Watch) due() []*preview.Row {
	if w.applications == nil {
		return nil
	}
	var all []*watched
	for _, e := range w.watched {
		age := w.now().Sub(e.readAt)
		isSettled := e.isKnown && e.progress.Phase != preview.PhaseDeploying && age >= 0 && age < settledFor
		if e.row.State == preview.Awake && !isSettled {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *watched) int { return a.readAt.Compare(b.readAt) })
	rows := make([]*preview.Row, 0, maxReads)
	for _, e := range all[:min(len(all), maxReads)] {
		rows = append(rows, e.row)
	}
	return rows
}

// Read reads the Applications that are due. Changed is called if an environment has another progress.
func (w *Watch) Read(ctx context.Context, changed func()) sources.Task {
	rows := w.due()
	return func() sources.Apply {
		statuses, errs := make([]*preview.ApplicationStatus, len(rows)), make([]error, len(rows))
		var group errgroup.Group
		group.SetLimit(parallelReads)
		for i, row := range rows {
			group.Go(func() error {
				statuses[i], errs[i] = w.applications.Application(ctx, row.Namespace)
				return nil // after a failure the last progress stays, and the next read tries again
			})
		}
		_ = group.Wait()
		return func() {
			for i, row := range rows {
				if w.take(row.Name, statuses[i], errs[i]) {
					changed()
				}
			}
		}
	}
}

// take stores the result of a read. If the row has changed since the read began, the status is compared with the new
// row.
func (w *Watch) take(name string, a *preview.ApplicationStatus, err error) (changed bool) {
	e := w.watched[name]
	if e == nil || e.row.State != preview.Awake {
		return false
	}
	e.readAt = w.now()
	if err != nil {
		return false
	}
	p := e.row.WithApplication(a).Progress
	if w.stages.read(name, a != nil && e.row.IsSynced(a), p.Phase, w.now().UTC()) {
		w.mustSave()
	}
	changed = !e.isKnown || !p.Same(e.progress)
	e.isKnown, e.progress = true, p
	w.note(name, e)
	return changed
}

// note remembers the progress, when its phase began, and how long a deployment took.
func (w *Watch) note(name string, e *watched) {
	if !e.isKnown {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, has := w.latest[name]; !has || !last.Same(e.progress) {
		w.changes++
	}
	w.latest[name] = e.progress
	if w.applications == nil {
		return
	}
	last, isNoted := w.timings.Phases[name]
	if isNoted && last.Phase == e.progress.Phase {
		return
	}
	now := w.now().UTC().Truncate(time.Second)
	isDeployed := last.Phase == preview.PhaseDeploying && e.progress.Phase == preview.PhaseReady
	if took := now.Sub(last.Since); isDeployed && took >= 0 {
		w.observer.DeployTook(name, took)
		w.timings.Durations = append(w.timings.Durations, int(took.Seconds()))
		w.timings.Durations = w.timings.Durations[max(0, len(w.timings.Durations)-maxDurations):]
	}
	if w.timings.Phases == nil {
		w.timings.Phases = map[string]SavedPhase{}
	}
	w.timings.Phases[name] = SavedPhase{Phase: e.progress.Phase, Since: now}
	w.unsaved = true
	if isNoted && w.PhaseChanged != nil {
		w.PhaseChanged(name, e.progress)
	}
}

// forget drops the phases and progress of environments that aren't live any more.
func (w *Watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.timings.Phases, func(name string, _ SavedPhase) bool { return w.watched[name] == nil })
	maps.DeleteFunc(w.latest, func(name string, _ preview.Progress) bool { return w.watched[name] == nil })
}

// Latest returns an environment's progress as it was read last; nil if it isn't known yet.
func (w *Watch) Latest(name string) *preview.Progress {
	w.mu.Lock()
	p, isKnown := w.latest[name]
	w.mu.Unlock()
	if !isKnown {
		return nil
	}
	p = w.Complete(name, p)
	return &p
}

// Complete adds to an environment's progress the beginning and the expected duration of its phase. A phase that Watch
// hasn't read yet begins now. Without a cluster it adds nothing.
func (w *Watch) Complete(name string, p preview.Progress) preview.Progress {
	if w.applications == nil {
		return p
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	since := w.now().UTC().Truncate(time.Second)
	if last := w.timings.Phases[name]; last.Phase == p.Phase {
		since = last.Since
	}
	p.Since = &since
	if p.Phase == preview.PhaseDeploying && len(w.timings.Durations) > 0 {
		sorted := slices.Sorted(slices.Values(w.timings.Durations))
		p.ExpectedSeconds = sorted[len(sorted)/2]
	}
	return p
}

// Known returns the progress of all environments as it was read last, and a number that grows with each change of it.
func (w *Watch) Known() (known map[string]preview.Progress, changes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known = make(map[string]preview.Progress, len(w.latest))
	for name, p := range w.latest {
		if phase := w.timings.Phases[name]; phase.Phase == p.Phase {
			p.Since = &phase.Since
		}
		known[name] = p
	}
	return known, w.changes
}

// Changes returns a number that grows with each change of a known progress.
func (w *Watch) Changes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

// Counts returns the number of environments by phase. After a restart it has the saved phases.
func (w *Watch) Counts() map[preview.Phase]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := map[preview.Phase]int{}
	for _, p := range w.timings.Phases {
		counts[p.Phase]++
	}
	return counts
}
