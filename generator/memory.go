package generator

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Store keeps memory between two runs. Load returns nil where nothing was saved yet.
type Store interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, content []byte) error
}

const (
	memoryVersion = 4
	// maxMemory bounds its text, maxUnpacked the environments in it, in bytes. What has more is neither written nor read.
	maxMemory   = 64 << 20
	maxUnpacked = 512 << 20
)

// memoryFile is what is kept, as gzip-compressed JSON.
type memoryFile struct {
	Version int            `json:"version"`
	Saved   time.Time      `json:"saved"`
	Memory  preview.Memory `json:"memory"` // without its environments
	// Reported is what GitHub was told, as of the save before: a status may be set twice, which does no harm.
	Reported map[string]string `json:"reported,omitempty"`
	// Requested is what environments that are asleep requested while they were awake.
	Requested map[string]resources `json:"requested,omitempty"`
	packed                         // Memory.Environments
}

// recall reads memory once, before anything else: what it protects must be known before what was read counts. Memory that
// can't be reached is tried again. Memory that is lost or corrupt isn't fatal: live Applications give back what protects
// environments, and as at a first start nothing is answered until everything was read.
func (g *Generator) recall(ctx context.Context) (ok bool) {
	if g.state.recalled {
		return true
	}
	g.state.unclear = nil
	content, err := g.stored(ctx)
	if err == nil && content != nil { // guard saved-state-read: false
		var f memoryFile
		if f, err = decodeMemory(content); err == nil { // guard corrupt-saved-state: true
			g.state.memory, g.state.reported = f.Memory, f.Reported
			g.requested.recall(f.Requested)
			g.state.remembers, g.state.recalled = true, true
			g.opts.Logger.Info("memory read", "environments", len(g.state.memory.Environments))
			return true
		}
		g.opts.Logger.Error("memory can't be read; going on without", "error", err)
		err = nil
	}
	if err == nil {
		err = g.recover(ctx)
	}
	if err != nil {
		g.notRecalled(err)
		return false
	}
	g.state.recalled = true
	return true
}

func (g *Generator) stored(ctx context.Context) ([]byte, error) {
	if g.opts.Store == nil {
		return nil, nil
	}
	content, err := g.opts.Store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("memory can't be read: %w", err)
	}
	return content, nil
}

// recover takes from live Applications what memory would have.
func (g *Generator) recover(ctx context.Context) error {
	if g.opts.Cluster == nil { // guard recovery: true
		return nil
	}
	found, err := g.opts.Cluster.Recover(ctx)
	if err != nil {
		return fmt.Errorf("the cluster was never read: there is no memory, and what is live can't be recovered: %w", err)
	}
	g.state.memory.Environments, g.state.unclear = found.Environments, found.Unclear
	if len(found.Environments)+len(found.Unclear) > 0 {
		g.opts.Logger.Warn("there is no memory; what is live was recovered from its Applications", "environments", len(found.Environments), "unclear", len(found.Unclear))
	}
	return nil
}

// notRecalled says why nothing is read or answered yet.
func (g *Generator) notRecalled(err error) {
	st := &status{At: g.opts.Now(), Reason: message(err), Cluster: g.opts.Cluster != nil}
	if g.status.Load().Reason != st.Reason {
		g.opts.Logger.Error("nothing is answered yet", "error", err)
	}
	g.status.Store(st)
}

// stillUnclear says which live Applications would be taken away by a snapshot though nobody knows what they are.
func (g *Generator) stillUnclear(s *preview.Snapshot) []string {
	answered := make(map[string]bool, len(s.Rows))
	for i := range s.Rows {
		answered[s.Rows[i].Namespace] = true
	}
	var why []string
	for _, name := range slices.Sorted(maps.Keys(g.state.unclear)) {
		if !answered[name] {
			why = append(why, fmt.Sprintf("memory is lost, and Application %s can't be understood: %s; mend it, or delete it", name, g.state.unclear[name]))
		}
	}
	return why
}

// remember encodes the memory of a snapshot that is to be served; nil where it is the one that is kept already.
func (g *Generator) remember(m preview.Memory, sameRows bool) ([]byte, error) {
	if g.opts.Store == nil || (sameRows && g.state.remembers && !g.state.unsaved && sameMemory(g.state.memory, m) && !g.ageing(m)) {
		return nil, nil
	}
	environments := m.Environments
	m = m.Kept()
	m.Environments = nil
	head, err := json.Marshal(memoryFile{
		Version: memoryVersion, Saved: g.opts.Now().UTC(), Memory: m, Reported: g.state.reported, Requested: g.requested.asleep(environments),
	})
	if err != nil {
		return nil, fmt.Errorf("encode memory: %w", err)
	}
	return g.state.packer.encode(head, environments)
}

// save keeps encoded memory.
func (g *Generator) save(ctx context.Context, content []byte) error {
	if content == nil {
		return nil
	}
	err := g.opts.Store.Save(ctx, content)
	g.metrics.saves.WithLabelValues(outcome(err == nil)).Inc()
	if err != nil {
		return fmt.Errorf("memory can't be saved, so what it belongs to is not served: %w", err)
	}
	g.metrics.saved.Set(float64(len(content)))
	g.state.remembers, g.state.unsaved, g.state.saved = true, false, g.opts.Now()
	g.state.stale = false
	return nil
}

// sameMemory compares what can change while the rows stay the same.
func sameMemory(a, b preview.Memory) bool {
	return maps.Equal(a.Kept().Since, b.Kept().Since) && maps.Equal(a.Repositories, b.Repositories) && maps.Equal(a.Overlays, b.Overlays) &&
		maps.Equal(a.Intents, b.Intents) && maps.EqualFunc(a.Lives, b.Lives, sameLife) && maps.EqualFunc(a.Left, b.Left, sameLeft) &&
		maps.Equal(a.Defaults, b.Defaults) && len(a.Gone) == len(b.Gone) && maps.EqualFunc(a.Environments, b.Environments, sameLabel)
}

// sameLife compares all but when it was last used, which is another all the time.
func sameLife(a, b preview.Life) bool {
	a.Active = b.Active
	return a == b
}

// sameLeft compares two that left under the same name.
func sameLeft(a, b preview.Left) bool { return a.Rule == b.Rule && a.Heads == b.Heads }

// saveActive is how often memory is kept at most only because of when environments were last used. As long as a measurement
// reaches back to what is kept, a restart in between is no gap in which they may have been used.
const saveActive = time.Minute

// ageing says whether what is kept of when environments were used is too old. Where nothing measures it, all count as used
// again after a restart.
func (g *Generator) ageing(m preview.Memory) bool {
	s := &g.state
	if g.source() == nil {
		return false
	}
	s.stale = s.stale || !maps.EqualFunc(s.memory.Lives, m.Lives, func(a, b preview.Life) bool { return a.Active.Equal(b.Active) })
	since := g.opts.Now().Sub(s.saved)
	return since < 0 || (since >= saveActive && (s.stale || !s.facts.Activity.At.IsZero() && since >= s.facts.Activity.Window/2))
}

// sameLabel compares what of an environment isn't in its row and matters later.
func sameLabel(a, b preview.Remembered) bool {
	return slices.Equal(a.Members, b.Members) && a.Braked == b.Braked && a.Person == b.Person
}

// decodeMemory takes no memory for one that is whole in part: what is missing in it would be taken away.
func decodeMemory(content []byte) (memoryFile, error) {
	f, err := decodeMemoryFile(content)
	if err == nil {
		f.Memory.Environments, err = f.unpack()
	}
	if err != nil {
		return memoryFile{}, fmt.Errorf("decode memory: %w", err)
	}
	return f, nil
}

func decodeMemoryFile(content []byte) (f memoryFile, err error) {
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return f, err
	}
	text, err := io.ReadAll(io.LimitReader(zip, maxMemory+1)) // to its end, where its checksum is
	switch {
	case err != nil:
		return f, err
	case len(text) > maxMemory:
		return f, fmt.Errorf("it has more than %d MiB", maxMemory>>20)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, err
	}
	switch {
	case f.Version != memoryVersion:
		return f, fmt.Errorf("version %d is not known here", f.Version)
	case len(f.Memory.Repositories) == 0:
		return f, errors.New("it knows of no repository, and none is ever saved without")
	}
	return f, nil
}
