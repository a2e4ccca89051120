package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
)

// The requests that a lagging replica can answer.
const (
	lists       = `acme/shop/pulls\?`
	directReads = `/pulls/1$`
)

// newLagging has a live environment, and a replica with the state before its pull request got the label.
func newLagging(t *testing.T) (*hosted, *testworld.Service, *githubtest.Replica) {
	t.Helper()
	h := newHosted(t)
	h.options = append(h.options, testworld.WithWebhooks(t), func(o *generator.Options) { o.Interval = time.Minute })
	clock := testworld.Start
	h.github.SetClock(func() time.Time { clock = clock.Add(time.Second); return clock })
	h.shop.Unlabel(1, "preview")
	replica := h.github.Replica()
	h.shop.Label(1, "preview")
	s := h.start()
	if !isShopLive(t, s) {
		t.Fatal("not live at first")
	}
	return h, s, replica
}

func isShopLive(t *testing.T, s *testworld.Service) bool {
	t.Helper()
	return slices.Contains(s.GetParams(t, testworld.ParamsBody).Names(t), shopRow)
}

func decisionOfShop(t *testing.T, s *testworld.Service) string {
	t.Helper()
	for _, d := range s.Decisions(t) {
		if name, decision, _ := strings.Cut(d, ": "); name == shopRow {
			return decision
		}
	}
	return ""
}

// GitHub answers some requests of one poll as it was before the label was put on.
func TestStaleAnswersAreNoEvidence(t *testing.T) {
	t.Parallel()
	for name, stale := range map[string][]string{
		"a list": {lists}, "a list and a direct read": {lists, directReads},
	} {
		for when, restart := range map[string]bool{"while it runs": false, "after a restart": true} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				h, s, replica := newLagging(t)
				for _, match := range stale {
					h.github.Inject(githubtest.Fault{Match: match, Replica: replica})
				}
				if restart { // it may read twice before its first answer
					s = h.start()
				} else {
					h.poll(s)
				}
				h.github.ClearFaults()
				for range 3 {
					if !isShopLive(t, s) {
						t.Fatal("its environment is gone")
					}
					h.poll(s)
				}
				if diff := cmp.Diff("live labelled", decisionOfShop(t, s)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// A webhook announces the newest state while lists can't be read. Then the generator restarts, and GitHub answers two polls
// from before that state.
func TestAnAnnouncedStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		isAnnounced bool
		pause       time.Duration // between webhook and restart
		want        bool          // the environment stays
	}{
		"announced":                   {true, time.Minute, true},
		"not announced":               {false, time.Minute, false},
		"announced more than an hour": {true, 61 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s, _ := newLagging(t)
			h.github.Inject(githubtest.Fault{Match: lists, Status: 502})
			h.shop.Unlabel(1, "preview")
			replica := h.github.Replica()
			h.shop.Label(1, "preview")
			if pr, ok := h.shop.PullRequest(1); ok && tt.isAnnounced {
				s.Deliver(t, "pull_request", name, fmt.Sprintf(`{"repository":{"full_name":"acme/shop"},"pull_request":
					{"number":1,"state":"open","labels":[{"name":"preview"}],"updated_at":%q}}`, pr.Updated.Format(time.RFC3339)))
			}
			s.Refresh(t.Context())
			h.github.ClearFaults()
			for _, match := range []string{lists, directReads} {
				h.github.Inject(githubtest.Fault{Match: match, Replica: replica})
			}
			h.AdvanceClock(tt.pause)
			s = h.start()
			for range 3 {
				h.poll(s)
			}
			if isLive := isShopLive(t, s); isLive != tt.want {
				t.Errorf("live: %v: %s", isLive, decisionOfShop(t, s))
			}
		})
	}
}

// The pull request gives no sign that a direct read is stale: the label is removed and put on again in one second.
func TestOneStaleReadOfTheSameAgeIsNoEvidence(t *testing.T) {
	t.Parallel()
	h, s, _ := newLagging(t)
	now := testworld.Start.Add(time.Hour)
	h.github.SetClock(func() time.Time { return now })
	h.shop.Touch()
	h.shop.Label(1, "size/M")
	h.poll(s)
	h.shop.Unlabel(1, "preview")
	replica := h.github.Replica()
	h.shop.Label(1, "preview")
	for _, match := range []string{lists, directReads} {
		h.github.Inject(githubtest.Fault{Match: match, Times: 1, Replica: replica})
	}
	got := []string{}
	for range 3 {
		h.poll(s)
		got = append(got, decisionOfShop(t, s))
	}
	if diff := cmp.Diff([]string{"live leaving", "live labelled", "live labelled"}, got); diff != "" {
		t.Error(diff)
	}
}

// A pull request that leaves is read directly twice. Two reads of one poll count once, and a restart forgets nothing.
func TestSecondReadRemoves(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*githubtest.Repo){
		"unlabelled": func(r *githubtest.Repo) { r.Unlabel(1, "preview") },
		"closed":     func(r *githubtest.Repo) { r.Close(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s, _ := newLagging(t)
			leave(h.shop)
			h.poll(s)
			s.Refresh(t.Context()) // not a poll later
			if diff := cmp.Diff("live leaving", decisionOfShop(t, s)); diff != "" {
				t.Fatal(diff)
			}
			h.AdvanceClock(time.Minute)
			if s = h.start(); isShopLive(t, s) {
				t.Error("it stays: ", decisionOfShop(t, s))
			}
		})
	}
}

// A change that GitHub takes back between the two reads removes nothing.
func TestDisagreeingReadBeginsAnew(t *testing.T) {
	t.Parallel()
	h, s, _ := newLagging(t)
	got := []string{}
	for i := range 6 {
		if i%2 == 0 {
			h.shop.Unlabel(1, "preview")
		} else {
			h.shop.Label(1, "preview")
		}
		h.poll(s)
		got = append(got, decisionOfShop(t, s))
	}
	if diff := cmp.Diff(slices.Repeat([]string{"live leaving", "live labelled"}, 3), got); diff != "" {
		t.Error(diff)
	}
}

// A webhook that says the same as the direct read confirms it. The preview then goes without waiting for a poll.
func TestWebhookConfirms(t *testing.T) {
	t.Parallel()
	const (
		unlabelled = `"state":"open","labels":[{"name":"bug"}]`
		labelled   = `"state":"open","labels":[{"name":"preview"}]`
		closed     = `"state":"closed","labels":[{"name":"preview"}]`
	)
	for name, tt := range map[string]struct {
		leave   func(*githubtest.Repo)
		webhook string // its pull request
		number  int
		want    string
	}{
		"unlabelled":               {func(r *githubtest.Repo) { r.Unlabel(1, "preview") }, unlabelled, 1, "held unlabelled"},
		"closed":                   {func(r *githubtest.Repo) { r.Close(1) }, closed, 1, "gone closed"},
		"it says something else":   {func(r *githubtest.Repo) { r.Unlabel(1, "preview") }, labelled, 1, "live leaving"},
		"it is about another one":  {func(r *githubtest.Repo) { r.Unlabel(1, "preview") }, unlabelled, 2, "live leaving"},
		"its content is no fact":   {func(*githubtest.Repo) {}, unlabelled, 1, "live labelled"},
		"closed, says its webhook": {func(*githubtest.Repo) {}, closed, 1, "live labelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s, _ := newLagging(t)
			tt.leave(h.shop)
			const body = `{"repository":{"full_name":"acme/shop"},"pull_request":{"number":%d,%s}}`
			s.Deliver(t, "pull_request", name, fmt.Sprintf(body, tt.number, tt.webhook))
			s.Refresh(t.Context())
			if diff := cmp.Diff(tt.want, decisionOfShop(t, s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// While a closed pull request is in its grace, polls cost no quota.
func TestGraceCostsNoQuota(t *testing.T) {
	t.Parallel()
	h, _, _ := newLagging(t)
	h.Tree = testworld.Tree(2, testworld.Policy+"lifetime: {grace: 8h}\n")
	s := h.start()
	h.shop.Close(1)
	for range 3 {
		h.poll(s)
	}
	before := h.github.Charged()
	for range 5 {
		h.poll(s)
	}
	if diff := cmp.Diff("live grace", decisionOfShop(t, s)); diff != "" {
		t.Error(diff)
	}
	if charged := h.github.Charged() - before; charged != 0 {
		t.Errorf("%d requests were charged", charged)
	}
	h.shop.Reopen(1)
	h.poll(s)
	if diff := cmp.Diff("live labelled", decisionOfShop(t, s)); diff != "" {
		t.Error(diff)
	}
}
