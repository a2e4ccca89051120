package preview

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// requestLabels are the labels by which a pull request asks for an environment.
type requestLabels struct {
	isRequested bool     // it has the label of pullRequests.label
	profiles    []string // named by that label
	isJoining   bool     // it has the label of pullRequests.joinLabel
	joins       []string // the environments named by that label
}

func parseLabels(policy config.PullRequestPolicy, labels []string) requestLabels {
	var l requestLabels
	l.isRequested, l.profiles = labelled(labels, policy.Label)
	l.isJoining, l.joins = labelled(labels, policy.JoinLabel)
	return l
}

// isUnlabelled is true if a pull request asks for no environment.
func (l requestLabels) isUnlabelled() bool { return !l.isRequested && !l.isJoining }

// labelled reports whether one of the labels is the wanted one, and the sorted values of "wanted:value" labels. Case
// and surrounding spaces don't count.
func labelled(labels []string, wanted string) (found bool, values []string) {
	for _, l := range labels {
		name, value, hasValue := strings.Cut(strings.ToLower(strings.TrimSpace(l)), ":")
		if strings.TrimSpace(name) != strings.ToLower(wanted) {
			continue
		}
		found = true
		if value = strings.TrimSpace(value); hasValue && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return found, values
}

// hasLabelValue reports whether the labels contain "name:value", in any spelling.
func hasLabelValue(labels []string, label string) bool {
	name, value, _ := strings.Cut(label, ":")
	_, values := labelled(labels, name)
	return slices.Contains(values, value)
}

// presentLabel returns the configured label by which a pull request asks for an environment now.
func presentLabel(policy config.PullRequestPolicy, labels requestLabels) string {
	if !labels.isRequested && labels.isJoining {
		return policy.JoinLabel
	}
	return policy.Label
}
