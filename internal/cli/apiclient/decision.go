package apiclient

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/previewset/previewset/internal/preview"
)

// FirstOf returns the most relevant matching decision: live before asleep, held and gone.
func FirstOf(decisions []preview.Decision, matches func(preview.Decision) bool) *preview.Decision {
	for _, outcome := range []preview.Outcome{preview.Live, preview.AsleepOutcome, preview.Held, preview.Gone} {
		for i := range decisions {
			if d := &decisions[i]; d.Outcome == outcome && matches(*d) {
				return d
			}
		}
	}
	return nil
}

// HasEnvironment reports whether the decision's environment exists, awake or asleep.
func HasEnvironment(d preview.Decision) bool {
	return d.Outcome == preview.Live || d.Outcome == preview.AsleepOutcome
}

// IsQuiet reports whether a decision needs no attention: a pull request without the label, or a removed environment.
func IsQuiet(d preview.Decision) bool {
	return (d.Outcome == preview.Held && d.Rule == preview.RuleUnlabelled) || d.Outcome == preview.Gone
}

// ByEnvironment returns the decisions about existing environments by name.
func ByEnvironment(all []preview.Decision) map[string]preview.Decision {
	found := map[string]preview.Decision{}
	for _, d := range all {
		if HasEnvironment(d) {
			found[d.Environment] = d
		}
	}
	return found
}

// PullRequest returns owner/repo#number of a decision, or "".
func PullRequest(d preview.Decision) string {
	if d.Number == 0 {
		return ""
	}
	return Reference(d.Repository, strconv.Itoa(d.Number))
}

// Reference returns repository#number, or "" if either is empty.
func Reference(repository, number string) string {
	if repository == "" || number == "" {
		return ""
	}
	return repository + "#" + number
}

// NotLive returns the error for a decision without an environment: its reason and remedy.
func NotLive(target string, d preview.Decision) error {
	text := fmt.Sprintf("%s is %s: %s", target, d.Outcome, d.Reason)
	if d.Remedy != "" {
		text += "\n" + d.Remedy
	}
	return errors.New(text)
}
