package generator_test

import (
	"slices"
	"strings"
)

// noteDeletedLabel returns a function that notes, after a label was deleted or renamed, the environments that may not go
// by that: their pull requests lost the only label by which they asked for them.
func (sim *simulation) noteDeletedLabel(at *trackedRepository, label string) func() {
	isLabel := func(l any) bool {
		text, _ := l.(string)
		return strings.EqualFold(text, label)
	}
	var had []*liveEnvironment
	for _, row := range sim.lastRows {
		name, _ := row["name"].(string)
		read, _ := row["labels"].([]any)
		l := sim.environments[name]
		if l == nil || l.repository != at || !slices.ContainsFunc(read, isLabel) || !sim.isOnlyLabel(label) {
			continue
		}
		labels := sim.pullRequestOf(l).Labels
		if slices.ContainsFunc(labels, func(text string) bool { return isLabel(text) }) {
			had = append(had, l)
		}
	}
	return func() {
		for _, l := range had {
			if l.deletedLabel == "" && !sim.hasEitherLabel(l) {
				l.deletedLabel = label
				sim.logf("%s#%d lost its label %s, and must stay", at.key, l.number, label)
			}
		}
	}
}

// isOnlyLabel reports whether all configurations that may be in force ask for a label.
func (sim *simulation) isOnlyLabel(label string) bool {
	for s := range sim.inForce {
		if s.label != label {
			return false
		}
	}
	return len(sim.inForce) > 0
}

func (sim *simulation) hasEitherLabel(l *liveEnvironment) bool {
	labels := sim.pullRequestOf(l).Labels
	return slices.ContainsFunc(bothLabels, func(label string) bool { return hasLabel(labels, label) })
}

// forgetCreatedLabels forgets that a label was deleted if a person has created it again, or has labelled the pull request.
// If the generator reads that, a person may have taken the label off.
func (sim *simulation) forgetCreatedLabels() {
	for _, l := range sim.environments {
		if l.deletedLabel != "" && (l.repository.repo.HasLabel(l.deletedLabel) || sim.hasEitherLabel(l)) {
			l.deletedLabel = ""
		}
	}
}
