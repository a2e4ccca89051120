package generator

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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
	memoryVersion = 1
	// maxMemory bounds what is unpacked, in bytes.
	maxMemory = 512 << 20
)

// memoryFile is what is kept, as gzip-compressed JSON.
type memoryFile struct {
	Version int            `json:"version"`
	Saved   time.Time      `json:"saved"`
	Memory  preview.Memory `json:"memory"` // without its environments
	// Reported is what GitHub was told, as of the save before: a status may be set twice, which does no harm.
	Reported map[string]string `json:"reported,omitempty"`
	// Environments are Memory.Environments.
	Environments map[string]preview.Remembered `json:"environments,omitempty"`
}

// recall reads memory once, before the first refresh. Memory that can't be read is lost, not fatal: as at a first start,
// nothing is answered then until everything was read.
func (g *Generator) recall(ctx context.Context) {
	if g.opts.Store == nil {
		return
	}
	content, err := g.opts.Store.Load(ctx)
	if err == nil && content != nil {
		g.state.memory, g.state.reported, err = decodeMemory(content)
	}
	if err != nil {
		g.opts.Logger.Error("memory can't be read; going on without", "error", err)
		return
	}
	g.state.remembers = content != nil
	g.opts.Logger.Info("memory read", "environments", len(g.state.memory.Environments))
}

// save keeps the memory of a snapshot that is about to be served, unless it is the one that is kept already.
func (g *Generator) save(ctx context.Context, m preview.Memory, sameRows bool) error {
	last := &g.state.memory
	if g.opts.Store == nil || (sameRows && g.state.remembers && !g.state.confirmed && sameMemory(*last, m)) {
		return nil
	}
	content, err := encodeMemory(memoryFile{Version: memoryVersion, Saved: g.opts.Now().UTC(), Memory: m, Reported: g.state.reported})
	if err == nil {
		err = g.opts.Store.Save(ctx, content)
	}
	g.metrics.saves.WithLabelValues(outcome(err == nil)).Inc()
	if err != nil {
		return fmt.Errorf("memory can't be saved, so what it belongs to is not served: %w", err)
	}
	g.metrics.saved.Set(float64(len(content)))
	g.state.remembers, g.state.confirmed = true, false
	return nil
}

// sameMemory compares what can change while the rows stay the same.
func sameMemory(a, b preview.Memory) bool {
	return maps.Equal(a.Since, b.Since) && maps.Equal(a.Repositories, b.Repositories) && maps.Equal(a.Overlays, b.Overlays) &&
		maps.Equal(a.Defaults, b.Defaults) && len(a.Gone) == len(b.Gone) && maps.EqualFunc(a.Environments, b.Environments, sameLabel)
}

// sameLabel compares what of an environment isn't in its row and matters later.
func sameLabel(a, b preview.Remembered) bool { return a.Label == b.Label && a.Braked == b.Braked }

// encodeMemory writes an environment at a time, so that the plain text of thousands never stands in memory whole.
func encodeMemory(f memoryFile) ([]byte, error) {
	environments := f.Memory.Environments
	f.Memory.Environments = nil
	head, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	w := &stickyWriter{w: zip}
	w.text(string(head[:len(head)-1]) + `,"environments":{`)
	for i, name := range slices.Sorted(maps.Keys(environments)) {
		if i > 0 {
			w.text(",")
		}
		w.json(name)
		w.text(":")
		w.json(environments[name])
	}
	w.text("}}")
	if w.err == nil {
		w.err = zip.Close()
	}
	return b.Bytes(), w.err
}

func decodeMemory(content []byte) (preview.Memory, map[string]string, error) {
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return preview.Memory{}, nil, fmt.Errorf("decode memory: %w", err)
	}
	var f memoryFile
	if err := json.NewDecoder(io.LimitReader(zip, maxMemory)).Decode(&f); err != nil {
		return preview.Memory{}, nil, fmt.Errorf("decode memory: %w", err)
	}
	if f.Version != memoryVersion {
		return preview.Memory{}, nil, fmt.Errorf("decode memory: version %d is not known here", f.Version)
	}
	f.Memory.Environments = f.Environments
	return f.Memory, f.Reported, nil
}
