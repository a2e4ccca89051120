package progress

import (
	"maps"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Stage is a stage on the way of a new environment: it ends at the event of this name.
type Stage string

// The stages. The first one begins when the generator sees that a pull request or a file asks for the environment.
const (
	StageRow    Stage = "row"    // Argo CD can ask for its row
	StageSynced Stage = "synced" // Argo CD has synced the row
	StageReady  Stage = "ready"  // all is healthy
)

// Stages are all stages, in their order.
var Stages = []Stage{StageRow, StageSynced, StageReady}

// Observer counts durations. They belong to an environment.
type Observer interface {
	// DeployTook observes the time from a new row until the environment was ready.
	DeployTook(environment string, d time.Duration)
	// StageTook observes a stage of a new environment.
	StageTook(s Stage, environment string, d time.Duration)
	// UsableTook observes all stages of a new environment together.
	UsableTook(environment string, d time.Duration)
}

// discard is an Observer that counts nothing.
type discard struct{}

func (discard) DeployTook(string, time.Duration)       {}
func (discard) StageTook(Stage, string, time.Duration) {}
func (discard) UsableTook(string, time.Duration)       {}

// SavedStages are the times at which the stages of an environment began that wasn't ready yet.
type SavedStages struct {
	// Asked is the time at which the generator first saw that something asks for it, and that it waits for no person.
	Asked time.Time `json:"asked"`
	// Row and Synced are the ends of the stages; zero before.
	Row    time.Time `json:"row,omitzero"`
	Synced time.Time `json:"synced,omitzero"`
}

// stages times the way of each new environment. An environment that a person must mend first isn't timed, because its
// time says nothing about the generator, Argo CD or the cluster.
type stages struct {
	observer Observer
	times    map[string]SavedStages // by environment
	// live are the environments of the last snapshot; nil before the first one, because its environments may be old.
	live map[string]bool
}

// update takes over a new snapshot. It reports whether there is something new to save.
func (s *stages) update(snapshot *preview.Snapshot, now time.Time) (changed bool) {
	before := s.times
	s.times = make(map[string]SavedStages, len(before))
	for i := range snapshot.Decisions {
		if d := &snapshot.Decisions[i]; d.Outcome == preview.Held && d.Environment != "" && waitsForService(d) {
			s.keep(d.Environment, before, now)
		}
	}
	live := make(map[string]bool, len(snapshot.Rows))
	for i := range snapshot.Rows {
		live[snapshot.Rows[i].Name] = true
		s.serve(&snapshot.Rows[i], before, now)
	}
	s.live = live
	return !maps.Equal(before, s.times)
}

// waitsForService reports whether a held pull request or file goes on by itself.
func waitsForService(d *preview.Decision) bool {
	phase := preview.HeadProgress(d, nil, nil).Phase
	return phase == preview.PhaseQueued || phase == preview.PhaseChecks
}

// keep keeps the times of an environment, or begins them.
func (s *stages) keep(name string, before map[string]SavedStages, now time.Time) SavedStages {
	t, isTimed := before[name]
	if !isTimed {
		t.Asked = now
	}
	s.times[name] = t
	return t
}

// serve notes that an environment is served. One that begins asleep isn't timed.
func (s *stages) serve(row *preview.Row, before map[string]SavedStages, now time.Time) {
	t, isTimed := before[row.Name]
	isNew := s.live != nil && !s.live[row.Name]
	if row.State != preview.Awake || !isTimed && !isNew {
		delete(s.times, row.Name)
		return
	}
	if t = s.keep(row.Name, before, now); t.Row.IsZero() {
		t.Row = now
		s.times[row.Name] = t
		s.observer.StageTook(StageRow, row.Name, now.Sub(t.Asked))
	}
}

// read notes what Argo CD has done with the row of an environment. It reports whether there is something new to save.
func (s *stages) read(name string, isSynced bool, phase preview.Phase, now time.Time) (changed bool) {
	t, isTimed := s.times[name]
	if !isTimed {
		return false
	}
	if isSynced && t.Synced.IsZero() {
		t.Synced, changed = now, true
		s.times[name] = t
		s.observer.StageTook(StageSynced, name, now.Sub(t.Row))
	}
	if phase == preview.PhaseReady {
		s.observer.StageTook(StageReady, name, now.Sub(t.Synced))
		s.observer.UsableTook(name, now.Sub(t.Asked))
		delete(s.times, name)
		changed = true
	}
	return changed
}

// forget drops an environment that a person had to mend.
func (s *stages) forget(name string) { delete(s.times, name) }
