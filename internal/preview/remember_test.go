package preview

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRowsStayEqualWithoutAChange(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{deleteAfterIdle: 48h, sleep: {idleAfter: 1h, maxAwake: 24h}}"), pull(1), pull(2)).pass(time.Minute)
	rows, sleeps := d.last.Rows, *d.decided("shop-pr-1").SleepsAt
	d.used["shop-pr-2"] = true
	d.pass(58 * time.Minute)
	if diff := cmp.Diff(rows, d.last.Rows); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	x := d.decided("shop-pr-1")
	if want := noon.Add(time.Hour); !sleeps.Equal(want) || !x.SleepsAt.Equal(want) || !x.ExpiresAt.Equal(noon.Add(48*time.Hour)) ||
		x.ExpiresAnyway || x.State != Awake {
		t.Errorf("sleeps at %s, then %s, want %s; expires at %s", sleeps, x.SleepsAt, want, x.ExpiresAt)
	}
	d.pass(time.Minute)
	rows = d.last.Rows
	d.pass(10 * time.Hour)
	if diff := cmp.Diff(rows, d.last.Rows); diff != "" {
		t.Errorf("rows of the night (-before +after):\n%s", diff)
	}
	if x := d.decided("shop-pr-1"); x.State != Asleep || x.SleepsAt != nil || !x.ExpiresAt.Equal(noon.Add(48*time.Hour)) {
		t.Errorf("asleep: %+v", x)
	}
	if got := d.decided("shop-pr-2").SleepsAt; !got.Equal(d.now.Add(time.Hour)) {
		t.Errorf("a used environment sleeps at %s", got)
	}
	d.lost["shop-pr-2"] = true
	if d.pass(5 * time.Minute); d.decided("shop-pr-2").SleepsAt != nil || d.decided("shop-pr-2").ExpiresAt != nil {
		t.Error("an environment with unknown activity has no time of sleep and no end")
	}
	asleep := d.last.Rows[slices.IndexFunc(d.last.Rows, func(r Row) bool { return r.State == Asleep })]
	d.ask(ActionWake, "shop-pr-1", 0).pass(time.Minute)
	if diff := cmp.Diff(asleep.withState(Awake, false), d.last.Rows[0]); diff != "" {
		t.Errorf("awake again (-from asleep +composed):\n%s", diff)
	}
}
