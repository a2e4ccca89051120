package preview

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// losesLabel reports whether a member leaves because it lacks its label, and not only because it has another one.
func losesLabel(m Member, to string) bool {
	switch to {
	case "", leavesClosed:
		return false
	case leavesUnlabelled, leavesJoin:
		return true
	}
	return isJoinLabel(m.Label)
}

// labelNames returns the names on GitHub of the labels by which a member asked for its environment, in lower case.
func labelNames(e Remembered, m Member) []string {
	var names []string
	if e.soleMember() == m && !isJoinLabel(m.Label) {
		for _, l := range e.Row.Labels {
			if found, _ := labelled([]string{l}, m.Label); found {
				names = append(names, strings.ToLower(l))
			}
		}
	}
	if len(names) == 0 {
		names = []string{strings.ToLower(m.Label)}
	}
	return names
}

// labelHold returns why a member stays that lost its label; nil if its repository still has the label, so that a person
// took it off this pull request. A deleted label stays deleted for this member, also if the repository gets it again.
func (l *Leaving) labelHold(m membership, repository Repository) *hold {
	if repository.Labels == nil || !losesLabel(m.last, l.To) {
		return nil
	}
	orConfirm := ", or previewctl confirm " + m.environment.Row.Name + " to remove it"
	for _, name := range labelNames(*m.environment, m.last) {
		exists, isKnown := repository.Labels[name]
		switch {
		case l.IsLabelDeleted || isKnown && !exists: // guard deleted-label: false
			l.IsLabelDeleted = true
			return &hold{
				rule: RuleWithheld, needsConfirmation: true,
				reason: fmt.Sprintf("the label %q was deleted or renamed in %s", config.Printable(name), m.last.Repository),
				remedy: "label it again" + orConfirm,
			}
		case !isKnown:
			return &hold{
				rule: RuleUnread, needsConfirmation: true,
				reason: fmt.Sprintf("it lost the label %q, and whether %s still has that can't be read",
					config.Printable(name), m.last.Repository),
				remedy: "wait; it is read again" + orConfirm,
			}
		}
	}
	return nil
}
