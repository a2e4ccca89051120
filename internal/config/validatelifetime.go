package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// validateLifetime checks the lifetime of the policy (all is nil), or that of a profile, which overrides the policy's
// (all). Zero is a mistake if it would delete an environment or put it to sleep at once.
func validateLifetime(d *decoder, at string, all, l *Lifetime) {
	validateLength(d, at+"deleteAfterIdle", l.DeleteAfterIdle, 1)
	validateLength(d, at+"expireAfter", l.ExpireAfter, 1)
	validateLength(d, at+"maxExtension", l.MaxExtension, 0)
	validateLength(d, at+"grace", l.Grace, 0)
	if l.Sleep != nil {
		validateLength(d, at+"sleep.idleAfter", l.Sleep.IdleAfter, 1)
		validateLength(d, at+"sleep.maxAwake", l.Sleep.MaxAwake, 1)
		if l.Sleep.WorkingHours != nil {
			validateWorkingHours(d, at+"sleep.workingHours", l.Sleep.WorkingHours)
		}
	}
	validateOrder(d, at, all, l)
}

// defaultApprovalGrace is pullRequests.approvalGrace if it isn't set.
const defaultApprovalGrace = time.Hour

// GraceOfApproval returns the time between the loss of a fork's approval and the stop of its environments.
func (p PullRequestPolicy) GraceOfApproval() time.Duration {
	grace := defaultApprovalGrace
	override(&grace, p.ApprovalGrace)
	return grace
}

// maxLength is longer than any useful setting.
const maxLength = 5 * 365 * 24 * time.Hour

func validateLength(d *decoder, at string, length *Duration, least Duration) {
	switch {
	case length == nil:
	case *length < least:
		d.mistake(at, "is zero", `write a length of time like "90m", or remove the key`)
	case time.Duration(*length) > maxLength:
		d.mistake(at, "is longer than five years", `write a length of time like "168h", or remove the key for no limit`)
	}
}

// validateOrder checks that idle environments sleep before they are deleted.
func validateOrder(d *decoder, at string, all, l *Lifetime) {
	switch {
	case all == nil:
		all = &Lifetime{}
	case l.DeleteAfterIdle == nil && (l.Sleep == nil || l.Sleep.IdleAfter == nil):
		return // the policy has the same problem
	}
	var idle *Duration
	for _, sleep := range []*Sleep{all.Sleep, l.Sleep} {
		if sleep != nil && sleep.IdleAfter != nil {
			idle = sleep.IdleAfter
		}
	}
	if end := cmp.Or(l.DeleteAfterIdle, all.DeleteAfterIdle); end != nil && idle != nil && *end > 0 && *end <= *idle {
		d.mistake(
			at+"deleteAfterIdle",
			fmt.Sprintf(
				"is %s, and sleep.idleAfter is %s: an environment would be deleted before it sleeps",
				FormatDuration(time.Duration(*end)),
				FormatDuration(time.Duration(*idle)),
			),
			"write a longer one, or remove one of the two",
		)
	}
}

func validateWorkingHours(d *decoder, at string, w *WorkingHours) {
	if len(w.Days) == 0 {
		d.mistake(at, "needs days", "write days: ["+strings.Join(weekdays, ", ")+"], or some of them")
	}
	for i, day := range w.Days {
		if !slices.Contains(weekdays, day) || slices.Index(w.Days, day) < i {
			d.mistake(
				fmt.Sprintf("%s.days[%d]", at, i),
				fmt.Sprintf("%q is not a day, or is a duplicate", Printable(day)),
				"write each once: "+strings.Join(weekdays, ", "),
			)
		}
	}
	for _, t := range [][2]string{{"from", w.From}, {"to", w.To}} {
		if !timeOfDay.MatchString(t[1]) {
			d.mistake(
				at+"."+t[0],
				fmt.Sprintf("%q is not a time of day", Printable(t[1])),
				`write it like "08:00", from "00:00" to "24:00"`,
			)
		}
	}
	if timeOfDay.MatchString(w.From) && w.To == w.From {
		d.mistake(
			at+".to",
			"is the same as from",
			`write from: "00:00" and to: "24:00" for whole days; if to is before from, the hours end on the next day`,
		)
	}
	if _, err := time.LoadLocation(w.Timezone); err != nil || w.Timezone == "" || w.Timezone == "Local" {
		d.mistake(
			at+".timezone",
			fmt.Sprintf("%q is not a time zone", Printable(w.Timezone)),
			"write one of the IANA database, like Europe/Berlin or UTC",
		)
	}
	validateLength(d, at+".idleAfter", w.IdleAfter, 1)
}
