package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/preview"
)

// compared are the environments that the new answer says something else about than the one that is remembered, by name.
func compared(m preview.Memory, after *preview.Snapshot) []Change {
	var changes []Change
	rows := map[string]preview.Row{}
	for _, r := range after.Rows {
		rows[r.Name] = r
	}
	why := reasons(after)
	for name, was := range m.Environments {
		is, live := rows[name]
		switch {
		case !live:
			changes = append(changes, Change{Environment: name, Change: Removed, Reason: why[name], Before: &was.Row})
		case !sameRow(was.Row, is):
			changes = append(changes, Change{Environment: name, Change: Changed, Reason: difference(was.Row, is), Before: &was.Row, After: &is})
		}
	}
	for name, is := range rows {
		if _, was := m.Environments[name]; !was {
			changes = append(changes, Change{Environment: name, Change: Added, Reason: why[name], After: &is})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Environment, b.Environment) })
	return changes
}

// sameRow compares as Argo CD sees them.
func sameRow(a, b preview.Row) bool {
	was, err := json.Marshal(a)
	is, otherErr := json.Marshal(b)
	return err == nil && otherErr == nil && bytes.Equal(was, is)
}

func reasons(s *preview.Snapshot) map[string]string {
	why := map[string]string{}
	for _, d := range s.Decisions {
		if why[d.Environment] == "" || d.Outcome != preview.Held {
			why[d.Environment] = d.Reason
		}
	}
	return why
}

// newlyHeld are the decisions that hold or withhold something, and that are new with this answer.
func newlyHeld(m preview.Memory, after *preview.Snapshot) []preview.Decision {
	held := []preview.Decision{}
	for _, d := range after.Decisions {
		about := d.Environment
		if d.Number > 0 {
			about = strings.ToLower(apiclient.PullRequest(d))
		}
		was, known := m.Since[about]
		isNew := !known || was.Outcome != d.Outcome || was.Rule != d.Rule
		if isNew && ((d.Outcome == preview.Held && !apiclient.IsQuiet(d)) || d.Withheld) {
			held = append(held, d)
		}
	}
	return held
}

// difference says in a few words what differs between two rows.
func difference(a, b preview.Row) string {
	var parts []string
	was := map[string]preview.Content{}
	for _, c := range a.Contents() {
		was[c.Service] = c
	}
	for _, c := range b.Contents() {
		switch old, known := was[c.Service]; {
		case !known:
			parts = append(parts, c.Service+" is new")
		case old != c:
			parts = append(parts, fmt.Sprintf("%s %s → %s", c.Service, where(old), where(c)))
		}
		delete(was, c.Service)
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		parts = append(parts, name+" goes")
	}
	if a.Path != b.Path {
		parts = append(parts, "built from "+b.Path)
	} else if a.Revision != b.Revision {
		parts = append(parts, "files of the new commit")
	}
	if len(parts) == 0 {
		return "its composition"
	}
	return strings.Join(parts, ", ")
}

func where(c preview.Content) string {
	switch {
	case !c.Runs:
		return "linked to " + c.Namespace
	case c.Commit == "":
		return "the base's image"
	}
	return output.ShortCommit(c.Commit)
}
