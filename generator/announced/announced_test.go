package announced_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/announced"
	"github.com/previewset/previewset/internal/preview"
)

const shop = "acme/shop"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// world has announced states and a clock.
type world struct {
	*announced.States
	now time.Time
}

func newWorld() *world {
	w := &world{now: noon}
	w.States = announced.New(func() time.Time { return w.now })
	return w
}

// announce announces that a pull request changed some time after noon.
func (w *world) announce(number int, after time.Duration) {
	w.Note(shop, []preview.PullRequest{{Number: number, Updated: noon.Add(after)}})
}

// withEnvironment is a memory in which some pull requests have an environment.
func withEnvironment(numbers ...int) preview.Memory {
	e := preview.Remembered{}
	for _, n := range numbers {
		e.Members = append(e.Members, preview.Member{Repository: shop, Number: n})
	}
	return preview.Memory{Environments: map[string]preview.Remembered{"shop": e}}
}

func wantNewest(t *testing.T, w *world, after string, want map[int]time.Time) {
	t.Helper()
	if diff := cmp.Diff(want, w.Newest(shop)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", after, diff)
	}
}

func TestTheNewestAnnouncementCountsForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.announce(1, time.Minute)
	w.announce(1, time.Second) // a late webhook
	w.now = w.now.Add(30 * time.Minute)
	w.announce(2, 2*time.Minute)
	both := map[int]time.Time{1: noon.Add(time.Minute), 2: noon.Add(2 * time.Minute)}
	wantNewest(t, w, "two announcements", both)
	w.now = noon.Add(time.Hour)
	wantNewest(t, w, "an hour later", both)
	w.now = w.now.Add(time.Second)
	wantNewest(t, w, "more than an hour later", map[int]time.Time{2: noon.Add(2 * time.Minute)})
	w.now = noon.Add(-24 * time.Hour)
	wantNewest(t, w, "a jump of the clock", map[int]time.Time{})
}

func TestAnnouncementsOfOneRepository(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"another one has its name": func(w *world) { w.Forget(shop) },
		"it isn't configured":      func(w *world) { w.Keep([]string{"acme/web"}) },
	} {
		w := newWorld()
		w.announce(1, time.Minute)
		change(w)
		wantNewest(t, w, name, map[int]time.Time{})
	}
	w := newWorld()
	for n := range 1500 {
		w.now = noon.Add(time.Duration(n) * time.Second)
		w.announce(n, time.Minute)
	}
	newest := w.Newest(shop)
	if _, oldest := newest[499]; oldest || len(newest) != 1000 || newest[1499].IsZero() {
		t.Errorf("%d announcements of 1,500 stay", len(newest))
	}
}

func TestSavedAnnouncements(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.announce(1, time.Minute)
	w.announce(2, time.Minute)
	want := announced.Saved{shop: {1: {Updated: noon.Add(time.Minute), Arrived: noon}}}
	for i, hasNew := range []bool{true, false} {
		saved, got := w.Saved(withEnvironment(1, 3))
		if diff := cmp.Diff(want, saved); diff != "" || got != hasNew {
			t.Errorf("save %d has new ones: %v (-want +got):\n%s", i+1, got, diff)
		}
	}
	if _, hasNew := w.Saved(withEnvironment(1, 2)); !hasNew {
		t.Error("the announcement about a new environment isn't new")
	}
	other := newWorld()
	other.now = noon.Add(59 * time.Minute)
	other.announce(3, time.Minute)
	other.Restore(want)
	wantNewest(t, other, "a restart", map[int]time.Time{1: noon.Add(time.Minute), 3: noon.Add(time.Minute)})
	other.now = noon.Add(61 * time.Minute)
	wantNewest(t, other, "an hour after the webhook", map[int]time.Time{3: noon.Add(time.Minute)})
	if saved, hasNew := other.Saved(withEnvironment(1)); len(saved) > 0 || hasNew {
		t.Errorf("an old one is saved: %v", saved)
	}
}

func TestTheSavedStateHasAtMostTheNewest(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var members []preview.Member
	for n := range 1500 {
		repository := []string{"acme/a", "acme/b"}[n%2]
		w.now = noon.Add(time.Duration(n) * time.Second)
		w.Note(repository, []preview.PullRequest{{Number: n, Updated: noon}})
		members = append(members, preview.Member{Repository: repository, Number: n})
	}
	saved, _ := w.Saved(preview.Memory{Environments: map[string]preview.Remembered{"all": {Members: members}}})
	if n := len(saved["acme/a"]) + len(saved["acme/b"]); n != 1000 || saved["acme/b"][1499].Updated.IsZero() {
		t.Errorf("%d are saved", n)
	}
}
