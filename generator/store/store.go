// Package store keeps the saved state: what the generator remembers between two runs. It decides when the state must be
// saved again, and how it is encoded. Packages that talk to a file or a ConfigMap only load and save bytes. The package
// doesn't know what the memory means; package preview does.
package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/generator/store/rowtemplate"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Backend holds the saved state's bytes. Load returns nil if nothing was saved yet. An error of Save has a method
// OtherWriter if another service has written the state; it reports whether that one may go on writing.
type Backend interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, content []byte) error
	// MaxSize is the size in bytes of the largest state that can be saved; 0 without a limit.
	MaxSize() int
}

// ErrCorrupt says that the backend has a saved state that can't be read. It is never taken for an empty state.
var ErrCorrupt = errors.New("saved state is corrupt")

// ErrOtherWriter says that another service writes the same saved state.
var ErrOtherWriter = errors.New("two services have the same saved state")

// quietFor is how long another service must not have written the state before this one uses it again.
const quietFor = 5 * time.Minute

// Store loads and saves the state. It isn't safe for concurrent use.
type Store struct {
	backend Backend
	now     func() time.Time
	encoder rowtemplate.Encoder

	hasState      bool // a state was loaded or saved
	sum           [sha256.Size]byte
	mustSave      bool
	savedAt       time.Time
	activityStale bool // environments were used since the last save

	rival   rival
	dropped []string
}

// rival is another service that has written the saved state.
type rival struct {
	seenAt time.Time // of its last write; zero without another service
	state  [sha256.Size]byte
}

// isQuiet reports whether the rival has stopped writing. Content is the saved state now.
func (r *rival) isQuiet(content []byte, now time.Time) bool {
	if r.seenAt.IsZero() {
		return true
	}
	if sum := sha256.Sum256(content); sum != r.state {
		r.seenAt, r.state = now, sum
	}
	return now.Sub(r.seenAt) >= quietFor
}

// New returns a Store. A nil backend saves nothing.
func New(b Backend, now func() time.Time) *Store { return &Store{backend: b, now: now} }

// HasState reports whether there is a saved state, of this run or an earlier one.
func (s *Store) HasState() bool { return s.hasState }

// MustSave makes the next Encode return the state even if it looks unchanged.
func (s *Store) MustSave() { s.mustSave = true }

// Encoded returns how many environments, templates and parts were encoded since the start.
func (s *Store) Encoded() uint64 { return s.encoder.Encoded() }

// Load returns the saved state; nil if there is none. The error is ErrCorrupt if a state exists but can't be read.
// After any other error the caller must try again. It is ErrOtherWriter while another service writes the state.
func (s *Store) Load(ctx context.Context) (*State, error) {
	if s.backend == nil {
		return nil, nil
	}
	content, err := s.backend.Load(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load saved state: %w", err)
	case !s.rival.isQuiet(content, s.now()):
		return nil, fmt.Errorf("load saved state: %w; stop one of them. This one goes on %s after the last save of the other",
			ErrOtherWriter, config.FormatDuration(quietFor))
	}
	s.rival = rival{}
	if content == nil { // guard saved-state-read: true
		return nil, nil
	}
	state, err := Decode(content)
	if err != nil { // guard corrupt-saved-state: false
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	s.hasState, s.sum = true, sha256.Sum256(content)
	return &state, nil
}

// Change is a new state with the facts that decide whether it must be saved.
type Change struct {
	New State
	// Before is the memory of the last served snapshot. SameRows says that the rows didn't change since then.
	Before   preview.Memory
	SameRows bool
	// Activity is the last measurement of how environments are used; nil where nothing measures it.
	Activity *preview.Measurement
}

// Encode returns the bytes to save; nil if the saved state is still good enough.
func (s *Store) Encode(c Change) ([]byte, error) {
	if s.backend == nil {
		return nil, nil
	}
	s.noteUse(c)
	if c.SameRows && s.isSaved(c) {
		return nil, nil
	}
	return s.encodeWithin(c.New)
}

// Save saves encoded bytes. The error is ErrOtherWriter if another service has written the state; then it must be
// loaded again.
func (s *Store) Save(ctx context.Context, content []byte) error {
	err := s.backend.Save(ctx, content)
	if other, isOther := errors.AsType[interface {
		error
		OtherWriter() (goesOn bool)
	}](err); isOther {
		s.rival = rival{}
		if other.OtherWriter() {
			s.rival.seenAt = s.now()
		}
		return fmt.Errorf("save state: %w: %w", ErrOtherWriter, err)
	}
	if err != nil {
		return fmt.Errorf("save state: %w; the snapshot isn't served until its state is saved", err)
	}
	s.hasState, s.mustSave, s.savedAt, s.activityStale = true, false, s.now(), false
	s.sum = sha256.Sum256(content)
	return nil
}

// Sum is the SHA-256 of the state that was loaded or saved last.
func (s *Store) Sum() [sha256.Size]byte { return s.sum }

// isSaved reports whether the saved state is still good enough for a change without new rows.
func (s *Store) isSaved(c Change) bool {
	return s.hasState && !s.mustSave && sameMemory(c.Before, c.New.Memory) && !s.hasOldUse(c)
}

// activityEvery is the shortest time between two saves that only record the use of environments. A restart
// within this time leaves no gap: the next measurement reaches back to the save.
const activityEvery = time.Minute

// noteUse notes whether environments were used since the last save.
func (s *Store) noteUse(c Change) {
	sameUse := func(a, b preview.Life) bool { return a.Active.Equal(b.Active) }
	s.activityStale = s.activityStale || !maps.EqualFunc(c.Before.Lives, c.New.Memory.Lives, sameUse)
}

// hasOldUse says whether the saved times of use are too old. Without a measurement they don't matter: after a restart
// all environments count as used.
func (s *Store) hasOldUse(c Change) bool {
	if c.Activity == nil {
		return false
	}
	age := s.now().Sub(s.savedAt)
	outlastsWindow := !c.Activity.At.IsZero() && age >= c.Activity.Window/2
	return age < 0 || (age >= activityEvery && (s.activityStale || outlastsWindow))
}

// sameMemory compares the parts of memory that can change while the rows stay the same.
func sameMemory(a, b preview.Memory) bool {
	return maps.Equal(a.Kept().Since, b.Kept().Since) && maps.Equal(a.Repositories, b.Repositories) &&
		maps.Equal(a.Overlays, b.Overlays) && maps.Equal(a.Requests, b.Requests) && maps.Equal(a.Defaults, b.Defaults) &&
		maps.EqualFunc(a.Lives, b.Lives, sameLife) && maps.EqualFunc(a.Expired, b.Expired, sameLeft) &&
		maps.Equal(a.Leaving, b.Leaving) && reflect.DeepEqual(a.Slots, b.Slots) &&
		maps.EqualFunc(a.LostSlots, b.LostSlots, sameLost) &&
		len(a.Gone) == len(b.Gone) && maps.EqualFunc(a.Environments, b.Environments, rowequality.SameMembership)
}

// sameLife ignores the time of the last use, because it changes with every measurement.
func sameLife(a, b preview.Life) bool {
	a.Active = b.Active
	return a == b
}

// sameLost compares two slots that the same person lost.
func sameLost(a, b preview.LostSlot) bool {
	return a.Slot == b.Slot && a.At.Equal(b.At) && slices.Equal(a.To, b.To)
}

// sameLeft compares two removed environments with the same name.
func sameLeft(a, b preview.Expired) bool { return a.Rule == b.Rule && a.Heads == b.Heads }
