package visit_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestPageOfEnvironmentThatIsNotLive(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(
		1,
		strings.Replace(testworld.Policy, `image: ghcr.io/acme/gateway,`, `image: ghcr.io/acme/gateway, ready: {check: image, app: ci},`, 1),
	)
	s := newSite(testworld.NewService(t, w))
	const host = ".preview.example.dev"
	if got := s.stateAt(t, "shop-pr-7"+host); got != "unready preview" {
		t.Errorf("before the first snapshot: %q", got)
	}
	s.Refresh(t.Context())
	if got := s.stateAt(t, "gateway-pr-1"+host); got != "building gateway-pr-1" {
		t.Errorf("before its check is green: %q", got)
	}
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop")
	s.Refresh(t.Context())
	if got := s.stateAt(t, "shop-pr-7"+host); got != "gone shop-pr-7" {
		t.Errorf("after its pull request was closed: %q", got)
	}
}

func TestPageOfLiveEnvironment(t *testing.T) {
	t.Parallel()
	later := testworld.Start.Add(time.Minute)
	tests := []struct {
		name         string
		state        preview.State
		woken, slept time.Time
		want         string
	}{
		{"awake but not yet routed", preview.Awake, testworld.Start, time.Time{}, "starting"},
		{"asleep", preview.Asleep, time.Time{}, time.Time{}, "asleep"},
		{"asleep again after it woke", preview.Asleep, testworld.Start.Add(-time.Minute), time.Time{}, "asleep"},
		{"woken when it fell asleep, above a limit", preview.Asleep, testworld.Start, time.Time{}, "queued"},
		{"woken, above a limit", preview.Asleep, later, testworld.Start, "queued"},
		{"woken, then sent to sleep", preview.Asleep, later, later.Add(time.Second), "asleep"},
		{"waking", preview.Waking, later, time.Time{}, "waking"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSiteIn(t, tt.state)
			s.changeSnapshot(func(snapshot *preview.Snapshot) {
				lives, intents := maps.Clone(snapshot.Memory.Lives), maps.Clone(snapshot.Memory.Requests)
				if lives == nil {
					lives = map[string]preview.Life{}
				}
				if intents == nil {
					intents = map[string]preview.Requests{}
				}
				lives["shop-pr-7"], intents["shop-pr-7"] = preview.Life{Changed: testworld.Start}, preview.Requests{Woken: tt.woken, Slept: tt.slept}
				snapshot.Memory.Lives, snapshot.Memory.Requests = lives, intents
			})
			if got := s.stateAt(t, "shop-pr-7.preview.example.dev"); got != tt.want+" shop-pr-7" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestExpiredEnvironmentIsGone(t *testing.T) {
	t.Parallel()
	s := newSite(testworld.Ready(t, testworld.New()))
	s.changeSnapshot(func(snapshot *preview.Snapshot) {
		snapshot.Rows = snapshot.Rows[:2]
		snapshot.Memory.Expired = map[string]preview.Expired{"shop-pr-7": {}}
		for i := range snapshot.Decisions {
			if d := &snapshot.Decisions[i]; d.Environment == "shop-pr-7" {
				d.Outcome = preview.Held
			}
		}
	})
	if got := s.stateAt(t, "shop-pr-7.preview.example.dev"); got != "gone shop-pr-7" {
		t.Errorf("%q", got)
	}
}
