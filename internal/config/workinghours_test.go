package config

import (
	"slices"
	"testing"
	"time"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// byWallClock says what anybody would who looks at a clock on the wall and at a calendar.
func byWallClock(w WorkingHours, local time.Time) bool {
	works := func(day time.Weekday) bool { return slices.Contains(w.Days, weekdays[(day+6)%7]) }
	clock := local.Format("15:04")
	if w.To > w.From {
		return works(local.Weekday()) && clock >= w.From && clock < w.To
	}
	return works(local.Weekday()) && clock >= w.From || works((local.Weekday()+6)%7) && clock < w.To
}

// TestHoursOfAYear looks at every quarter of an hour of a year: in Berlin, in the south, where clocks change at
// midnight, at offsets of half an hour, and where summer is half an hour only.
func TestHoursOfAYear(t *testing.T) {
	t.Parallel()
	week := []string{"mon", "tue", "wed", "thu", "fri"}
	windows := map[string]WorkingHours{
		"by day":                 {Days: week, From: "08:00", To: "19:00"},
		"by night":               {Days: week, From: "22:00", To: "06:00"},
		"on Sundays, all day":    {Days: []string{"sun"}, From: "00:00", To: "24:00"},
		"every day, all day":     {Days: weekdays, From: "00:00", To: "24:00"},
		"from midnight to eight": {Days: []string{"sat", "sun"}, From: "24:00", To: "08:00"},
		"on Saturday evenings":   {Days: []string{"sat"}, From: "18:30", To: "24:00"},
	}
	for _, zone := range []string{"Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Australia/Adelaide", "Australia/Lord_Howe", "UTC"} {
		for name, w := range windows {
			t.Run(zone+" "+name, func(t *testing.T) {
				t.Parallel()
				w.Timezone = zone
				if name == "from midnight to eight" { // which is on the next day
					checkYear(
						t,
						w,
						WorkingHours{Days: []string{"sun", "mon"}, From: "00:00", To: "08:00", Timezone: zone},
					)
					return
				}
				checkYear(t, w, w)
			})
		}
	}
}

func checkYear(t *testing.T, w, shown WorkingHours) {
	t.Helper()
	h := newWorkingHours(&w)
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, zoneOf(t, w.Timezone))
	for at := year; at.Before(year.AddDate(1, 0, 0)); at = at.Add(15 * time.Minute) {
		inside, until := h.at(at)
		if want := byWallClock(shown, at); inside != want {
			t.Fatalf("at %s inside is %t, want %t", at, inside, want)
		}
		if !until.After(at) {
			t.Fatalf("at %s it is so until %s", at, until)
		}
		if still, _ := h.at(until.Add(-time.Second)); still != inside {
			t.Fatalf("at %s inside is %t, and not until %s", at, inside, until)
		}
		if now, _ := h.at(until); now == inside && len(w.Days) < len(weekdays) {
			t.Fatalf("at %s inside is %t, and still at %s", at, inside, until)
		}
	}
}

// clockChange is a period of working hours on a day when clocks are set.
type clockChange struct {
	name     string
	hours    WorkingHours
	from, to string
}

// clockChanges are periods that begin or end in an hour that clocks skip or repeat.
func clockChanges() []clockChange {
	sunday := WorkingHours{Days: []string{"sun"}, From: "02:30", To: "12:00", Timezone: "Europe/Berlin"}
	early := WorkingHours{Days: []string{"sun"}, From: "00:00", To: "02:30", Timezone: "Europe/Berlin"}
	saturday := WorkingHours{Days: []string{"sat"}, From: "18:00", To: "24:00", Timezone: "America/Santiago"}
	late := WorkingHours{Days: []string{"sat"}, From: "23:30", To: "23:45", Timezone: "America/Santiago"}
	return []clockChange{
		{
			"half past two is skipped in spring: it begins when clocks show three",
			sunday,
			"2026-03-29T01:00:00Z",
			"2026-03-29T10:00:00Z",
		},
		{
			"half past two comes twice in autumn: it begins with the first",
			sunday,
			"2026-10-25T00:30:00Z",
			"2026-10-25T11:00:00Z",
		},
		{
			"half past two is skipped in spring: it ends when clocks show three",
			early,
			"2026-03-28T23:00:00Z",
			"2026-03-29T01:00:00Z",
		},
		{
			"half past two comes twice in autumn: it ends with the last",
			early,
			"2026-10-24T22:00:00Z",
			"2026-10-25T01:30:00Z",
		},
		{
			"half past eleven comes twice in the south's autumn: it begins with the first and ends with the last",
			late,
			"2026-04-05T02:30:00Z",
			"2026-04-05T03:45:00Z",
		},
		{"midnight is skipped in the south's spring", saturday, "2026-09-05T22:00:00Z", "2026-09-06T04:00:00Z"},
		{
			"the hour before midnight comes twice in the south's autumn",
			saturday,
			"2026-04-04T21:00:00Z",
			"2026-04-05T04:00:00Z",
		},
	}
}

func TestHoursBeginAndEndWhereClocksAreSet(t *testing.T) {
	t.Parallel()
	for _, tt := range clockChanges() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from, err := time.Parse(time.RFC3339, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			h := newWorkingHours(&tt.hours)
			before, begins := h.at(from.Add(-time.Hour))
			inside, ends := h.at(from)
			if before || !inside || begins.UTC().Format(time.RFC3339) != tt.from ||
				ends.UTC().Format(time.RFC3339) != tt.to {
				t.Errorf(
					"begins %s (%t before), ends %s (%t within); want %s to %s",
					begins.UTC(),
					before,
					ends.UTC(),
					inside,
					tt.from,
					tt.to,
				)
			}
		})
	}
}
