package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// compare returns the environments with another row than in memory, by name.
func compare(m preview.Memory, after *preview.Snapshot) []Change {
	changes := []Change{}
	rows := map[string]preview.Row{}
	for _, r := range after.Rows {
		rows[r.Name] = r
	}
	reason := reasons(after)
	for name, previous := range m.Environments {
		before := &previous.Row
		row, exists := rows[name]
		switch {
		case !exists:
			changes = append(changes, Change{Environment: name, Change: Removed, Reason: reason[name], Before: before})
		case !isSameRow(*before, row):
			changes = append(changes, Change{
				Environment: name, Change: Changed, Reason: difference(*before, row), Before: before, After: &row,
			})
		}
	}
	for name, row := range rows {
		if _, existed := m.Environments[name]; !existed {
			changes = append(changes, Change{Environment: name, Change: Added, Reason: reason[name], After: &row})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Environment, b.Environment) })
	return changes
}

// isSameRow compares rows as Argo CD receives them.
func isSameRow(a, b preview.Row) bool {
	before, err := json.Marshal(a)
	after, otherErr := json.Marshal(b)
	return err == nil && otherErr == nil && bytes.Equal(before, after)
}

// reasons returns the reason of each environment's decision. The decision about an existing environment is preferred.
func reasons(s *preview.Snapshot) map[string]string {
	found := map[string]string{}
	for _, d := range s.Decisions {
		if found[d.Environment] == "" || d.Outcome != preview.Held {
			found[d.Environment] = d.Reason
		}
	}
	return found
}

// newlyHeld returns the decisions that aren't in memory and hold an environment, or make it wait for a confirmation.
func newlyHeld(m preview.Memory, after *preview.Snapshot) []preview.Decision {
	held := []preview.Decision{}
	for _, d := range after.Decisions {
		key := d.Environment
		if d.Number > 0 {
			key = strings.ToLower(apiclient.PullRequest(d))
		}
		previous, isKnown := m.Since[key]
		isNew := !isKnown || previous.Outcome != d.Outcome || previous.Rule != d.Rule
		if isNew && ((d.Outcome == preview.Held && !apiclient.IsQuiet(d)) || d.Withheld) {
			held = append(held, d)
		}
	}
	return held
}

// difference summarizes the difference between two rows.
func difference(a, b preview.Row) string {
	var parts []string
	before := map[string]preview.Content{}
	for _, c := range a.Contents() {
		before[c.Service] = c
	}
	for _, c := range b.Contents() {
		switch old, existed := before[c.Service]; {
		case !existed:
			parts = append(parts, c.Service+" is new")
		case old != c:
			parts = append(parts, fmt.Sprintf("%s %s → %s", c.Service, source(old), source(c)))
		}
		delete(before, c.Service)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		parts = append(parts, name+" is removed")
	}
	parts = append(parts, changedAddresses(a, b)...)
	parts = append(parts, changedPatches(a, b)...)
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

// changedAddresses names the services of both rows with another address.
func changedAddresses(a, b preview.Row) (parts []string) {
	before := map[string]string{}
	for _, s := range a.Services {
		before[s.Service] = s.Host
	}
	for _, s := range b.Services {
		if host, existed := before[s.Service]; existed && host != s.Host {
			parts = append(parts, fmt.Sprintf(
				"the address of %s %s → %s", s.Service, cmp.Or(host, "none"), cmp.Or(s.Host, "none"),
			))
		}
	}
	return parts
}

// source describes from where a service comes.
func source(c preview.Content) string {
	switch {
	case !c.Runs:
		return "linked to " + c.Namespace
	case c.Commit == "":
		return "the default image"
	}
	return output.ShortCommit(c.Commit)
}

// changedPatches names the services with other resources or variables, and the quota.
func changedPatches(a, b preview.Row) (parts []string) {
	before, after := patchesByTarget(a), patchesByTarget(b)
	targets := maps.Clone(before)
	maps.Copy(targets, after)
	for target := range targets {
		part := ""
		if service, ok := strings.CutPrefix(target.LabelSelector, config.ImageOfLabel+"="); ok && runsInBoth(service, a, b) {
			part = "resources or variables of " + service
		} else if target.Kind == "ResourceQuota" {
			part = "the quota"
		}
		if part != "" && !slices.Equal(before[target], after[target]) && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}

func patchesByTarget(r preview.Row) map[preview.Target][]string {
	found := map[preview.Target][]string{}
	for _, p := range r.Kustomize.Patches {
		if !strings.Contains(p.Patch, `"`+config.CommitAnnotation+`"`) { // a new commit is named already
			found[p.Target] = append(found[p.Target], p.Patch)
		}
	}
	return found
}

func runsInBoth(service string, rows ...preview.Row) bool {
	return !slices.ContainsFunc(rows, func(r preview.Row) bool {
		return !slices.ContainsFunc(r.Services, func(s preview.RunningService) bool { return s.Service == service })
	})
}
