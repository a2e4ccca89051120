package preview

import (
	"cmp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// person is whose a pull request counts as, for limits.perOwner and for people who look for theirs: its author's; of a
// bot's, that of the human who last put on a label by which it is asked for. Where a workflow did, or somebody whose
// account is gone, or where the label was renamed since, it is the bot's own.
func person(c *config.Config, pr PullRequest) string {
	if !pr.Bot {
		return pr.Author
	}
	for _, l := range slices.Backward(pr.Labellings) {
		asked, _ := labelled([]string{l.Label}, c.Policy.PullRequests.Label)
		joined, _ := labelled([]string{l.Label}, c.Policy.PullRequests.JoinLabel)
		if !asked && !joined || !slices.ContainsFunc(pr.Labels, func(has string) bool { return strings.EqualFold(has, l.Label) }) {
			continue
		}
		if l.Human && l.By != "" {
			return l.By
		}
		break
	}
	return pr.Author
}

// unknownPerson holds a bot's pull request until it is known who labelled it.
func (pr PullRequest) unknownPerson() *hold {
	if !pr.Bot || pr.Labellings != nil {
		return nil
	}
	return &hold{
		rule: ruleUnread, reason: "a bot opened it, and who labelled it isn't known: " + cmp.Or(pr.Problem, "that has not been read yet"),
		remedy: "wait; it is read again",
	}
}

// person is whom a live environment counts for.
func (e Remembered) person() string { return cmp.Or(e.Person, e.Row.Author) }
