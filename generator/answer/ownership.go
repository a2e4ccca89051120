package answer

import (
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// IsOwn says whether an environment belongs to a login: as its owner, as the author of one of its pull requests, or as
// the holder of its slot. The row is nil if the environment isn't live.
func IsOwn(login string, row *preview.Row, decisions []*preview.Decision, claims map[string]config.Claim) bool {
	if login == "" {
		return false
	}
	if row != nil && (strings.EqualFold(row.Owner, login) || ContainsFold(claims[row.Name].Holders, login)) {
		return true
	}
	for _, d := range decisions {
		if row != nil && d.Outcome == preview.Held { // it asks for this environment, but has no part in it
			continue
		}
		if strings.EqualFold(d.Owner, login) || (d.Number > 0 && strings.EqualFold(d.Author, login)) {
			return true
		}
	}
	return false
}

// Row returns the row of a live environment; nil if there is none.
func (p *Published) Row(environment string) *preview.Row {
	for i := range p.Snapshot.Rows {
		if p.Snapshot.Rows[i].Name == environment {
			return &p.Snapshot.Rows[i]
		}
	}
	return nil
}

// Owns reports whether a live environment belongs to a login.
func (p *Published) Owns(login, environment string, now time.Time) bool {
	row := p.Row(environment)
	if row == nil || p.Config == nil {
		return false
	}
	return IsOwn(login, row, p.about(environment), p.Config.Claims(now))
}

// about returns the decisions about a live environment: those about its pull requests or its file, and those that ask
// for its name.
func (p *Published) about(environment string) []*preview.Decision {
	var found []*preview.Decision
	for i := range p.Snapshot.Decisions {
		if d := &p.Snapshot.Decisions[i]; d.Environment == environment && d.Outcome != preview.Gone {
			found = append(found, d)
		}
	}
	return found
}
