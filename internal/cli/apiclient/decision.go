package apiclient

import (
	"fmt"

	"github.com/previewset/previewset/internal/preview"
)

// FirstOf is the decision that matters of those that are wanted.
func FirstOf(decisions []preview.Decision, wanted func(preview.Decision) bool) *preview.Decision {
	for _, outcome := range []string{preview.Live, preview.Asleep, preview.Held, preview.Gone} {
		for i := range decisions {
			if d := &decisions[i]; d.Outcome == outcome && wanted(*d) {
				return d
			}
		}
	}
	return nil
}

// HasEnvironment is true of what is there, awake or asleep.
func HasEnvironment(d preview.Decision) bool {
	return d.Outcome == preview.Live || d.Outcome == preview.Asleep
}

// IsQuiet is true of what needs nobody's attention: pull requests without the label, and what went away.
func IsQuiet(d preview.Decision) bool {
	return (d.Outcome == preview.Held && d.Rule == "unlabelled") || d.Outcome == preview.Gone
}

func ByEnvironment(all []preview.Decision) map[string]preview.Decision {
	found := map[string]preview.Decision{}
	for _, d := range all {
		if HasEnvironment(d) {
			found[d.Environment] = d
		}
	}
	return found
}

func PullRequest(d preview.Decision) string {
	if d.Number == 0 {
		return ""
	}
	return Reference(d.Repository, fmt.Sprint(d.Number))
}

func Reference(repository, number string) string {
	if repository == "" || number == "" {
		return ""
	}
	return repository + "#" + number
}
