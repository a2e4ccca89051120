package shares_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/shares"
)

// world is a clock.
type world struct{ now time.Time }

func newShares() (*world, *shares.Shares) {
	w := &world{now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	return w, shares.New(func() time.Time { return w.now })
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	w, s := newShares()
	secret, err := s.Add("a", "owner", "alice", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Find(secret); !ok || got.Environment != "a" || got.By != "alice" {
		t.Errorf("found %+v, %v", got, ok)
	}
	for _, wrong := range []string{"", secret[1:], secret + "A", strings.ToLower(secret), s.Of("a")[0].ID, strings.Repeat("A", 1000)} {
		if _, ok := s.Find(wrong); ok {
			t.Errorf("%q is found", wrong)
		}
	}
	w.now = w.now.Add(time.Hour)
	if _, ok := s.Find(secret); ok || len(s.Of("a")) > 0 {
		t.Error("the link is found after its end")
	}
}

func TestRevokedLink(t *testing.T) {
	t.Parallel()
	_, s := newShares()
	secret, _ := s.Add("a", "owner", "alice", time.Hour)
	other, _ := s.Add("b", "owner", "bob", time.Hour)
	id := s.Of("a")[0].ID
	if s.Revoke("b", id) || !s.Revoke("a", id) || s.Revoke("a", id) {
		t.Error("a link is revoked for another environment, or twice, or not at all")
	}
	if _, ok := s.Find(secret); ok {
		t.Error("a revoked link is found")
	}
	if _, ok := s.Find(other); !ok {
		t.Error("another link is revoked")
	}
}

// Links survive a restart, and revoked ones stay revoked.
func TestSavedLinks(t *testing.T) {
	t.Parallel()
	w, s := newShares()
	kept, _ := s.Add("a", "owner", "alice", time.Hour)
	revoked, _ := s.Add("a", "owner", "alice", 2*time.Hour)
	s.Revoke("a", s.Of("a")[1].ID)
	all, hasChanged := s.Saved()
	if _, again := s.Saved(); !hasChanged || again || len(all) != 1 {
		t.Errorf("saved %v, changed %v and then %v", all, hasChanged, again)
	}
	for id := range all {
		if strings.Contains(id, kept) {
			t.Error("the secret is saved")
		}
	}
	restarted := shares.New(func() time.Time { return w.now })
	restarted.Restore(all)
	if _, ok := restarted.Find(kept); !ok {
		t.Error("the link is lost")
	}
	if _, ok := restarted.Find(revoked); ok {
		t.Error("the revoked link is back")
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	_, s := newShares()
	for lifetime, want := range map[time.Duration]error{
		0: shares.ErrTooLong, -time.Hour: shares.ErrTooLong, shares.MaxLifetime: nil, shares.MaxLifetime + 1: shares.ErrTooLong,
	} {
		if _, err := s.Add("x", "owner", "alice", lifetime); !errors.Is(err, want) {
			t.Errorf("%v: %v", lifetime, err)
		}
	}
	for i := range 11 {
		if _, err := s.Add("a", "owner", "alice", time.Hour); (err == nil) != (i < 10) {
			t.Errorf("link %d: %v", i+1, err)
		}
	}
}

// A link ends with the environment that was shared, also if another one gets its name.
func TestLinkEndsWithTheEnvironment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		owners map[string]string
		want   bool
	}{
		"live": {map[string]string{"a": "owner"}, true}, "removed": {map[string]string{"b": "owner"}, false},
		"another owner": {map[string]string{"a": "other"}, false},
	} {
		_, s := newShares()
		secret, _ := s.Add("a", "owner", "alice", time.Hour)
		s.Saved()
		s.Keep(tt.owners)
		_, found := s.Find(secret)
		if _, hasChanged := s.Saved(); found != tt.want || hasChanged == tt.want {
			t.Errorf("%s: found %v, changed %v", name, found, hasChanged)
		}
	}
}
