package store

import (
	"maps"

	"github.com/previewset/previewset/internal/preview"
)

// droppable are the parts of a state that aren't needed to keep environments, the least needed first. The generator gets
// them again after a restart, except for the history.
var droppable = []struct {
	name string
	drop func(*State)
}{
	{"decisions about removed environments", func(s *State) { s.Memory.Gone = nil }},
	{"commit statuses", func(s *State) { s.Reported = nil }},
	{"check runs, deployments and comments", func(s *State) { s.Reports = nil }},
	{"phases of environments", func(s *State) { s.Progress.Phases, s.Progress.Stages = nil, nil }},
	{"announced states of pull requests", func(s *State) { s.Announced = nil }},
	{"requested resources of sleeping environments", func(s *State) { s.Requested = nil }},
	{"times of decisions", func(s *State) {
		s.Memory.Since = maps.Clone(s.Memory.Since)
		maps.DeleteFunc(s.Memory.Since,
			func(_ string, d preview.Decided) bool { return d.Outcome == preview.Held && d.Ticket == 0 })
	}},
}

// encodeWithin encodes a state. If it is larger than the backend's limit, it leaves out droppable parts.
func (s *Store) encodeWithin(state State) ([]byte, error) {
	most := s.backend.MaxSize()
	s.dropped = nil
	content, err := encodeState(&s.encoder, state, s.now())
	for _, part := range droppable {
		if err != nil || most == 0 || len(content) <= most {
			break
		}
		part.drop(&state)
		s.dropped = append(s.dropped, part.name)
		content, err = encodeState(&s.encoder, state, s.now())
	}
	return content, err
}

// Dropped are the parts that the last encoded state lacks, because it would be too large.
func (s *Store) Dropped() []string { return s.dropped }
