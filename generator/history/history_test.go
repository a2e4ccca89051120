package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/history"
)

var start = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func TestNewestEventsAreKept(t *testing.T) {
	t.Parallel()
	l := history.New()
	for i := range 35 {
		l.Add("a", history.Event{At: start.Add(time.Duration(i) * time.Second), What: fmt.Sprint(i)})
	}
	got := l.Of("a")
	if len(got) != 30 || got[0].What != "34" || got[29].What != "5" {
		t.Errorf("%d events from %q to %q", len(got), got[0].What, got[len(got)-1].What)
	}
	if len(l.Of("b")) > 0 {
		t.Error("another environment has events")
	}
}

func TestOldestEnvironmentIsDropped(t *testing.T) {
	t.Parallel()
	l := history.New()
	for i := range 2001 {
		l.Add(fmt.Sprint("e", i), history.Event{At: start.Add(time.Duration(i) * time.Second), What: "x"})
		if i == 0 {
			l.Add("e1", history.Event{At: start.Add(-time.Hour), What: "old"})
		}
	}
	if len(l.Of("e0")) > 0 || len(l.Of("e1")) != 2 || len(l.Of("e2000")) != 1 {
		t.Errorf("e0: %v, e1: %v, e2000: %v", l.Of("e0"), l.Of("e1"), l.Of("e2000"))
	}
}

func TestTextsArePrintableAndShort(t *testing.T) {
	t.Parallel()
	l := history.New()
	l.Add("a", history.Event{What: "\u202e\x1b[31m" + strings.Repeat("é", 1000), Who: "a\nb", From: "\x00"})
	got := l.Of("a")[0]
	if len([]rune(got.What)) > 300 || strings.ContainsAny(got.What+got.Who+got.From, "\u202e\x1b\n\x00") {
		t.Errorf("%+v", got)
	}
}

// The newest events of all environments come first, and older ones than asked for are left out.
func TestRecentChangesOfAll(t *testing.T) {
	t.Parallel()
	l := history.New()
	for i := range 10 {
		l.Add(fmt.Sprint("e", i%3), history.Event{At: start.Add(time.Duration(i) * time.Minute), What: fmt.Sprint(i), Who: "alice"})
	}
	var got []string
	for _, c := range l.Recent(start.Add(6*time.Minute), 3) {
		got = append(got, c.Environment+" "+c.What)
	}
	if want := []string{"e0 9", "e2 8", "e1 7"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := l.Recent(start.Add(8*time.Minute), 100); len(got) != 2 || got[0].Who != "alice" {
		t.Errorf("since the eighth minute: %v", got)
	}
}
