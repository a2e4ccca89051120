package github

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// quotaTransport answers each request with a quota.
type quotaTransport struct {
	remaining int // of 5000
	reset     time.Duration
}

// RoundTrip implements http.RoundTripper.
func (q *quotaTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	rec.Header().Set("X-RateLimit-Limit", "5000")
	rec.Header().Set("X-RateLimit-Remaining", strconv.Itoa(q.remaining))
	rec.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(q.reset).Unix(), 10))
	_, _ = rec.WriteString("{}")
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

// receiveQuota makes the client read an answer with the transport's quota.
func receiveQuota(t *testing.T, c *Client) {
	t.Helper()
	if _, err := c.rest.Get(t.Context(), "rate", "", new(any)); err != nil {
		t.Fatal(err)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		remaining int
		reset     time.Duration
		costs     [2]int64
		want      time.Duration
		canHurry  bool
	}{
		"nothing is charged":                        {5000, time.Hour, [2]int64{}, time.Minute, true},
		"quota is enough":                           {4500, time.Hour, [2]int64{50, 50}, time.Minute, true},
		"quota is enough for half of the polls":     {3500, time.Hour, [2]int64{100, 100}, 2 * time.Minute, true},
		"the cheaper of two reads counts":           {3500, time.Hour, [2]int64{3000, 0}, time.Minute, true},
		"the cheaper of two reads counts, reversed": {3500, time.Hour, [2]int64{0, 3000}, time.Minute, true},
		"little more than the reserve":              {600, time.Hour, [2]int64{30, 30}, 6 * time.Minute, true},
		"only the reserve is left":                  {500, time.Hour, [2]int64{25, 25}, 6 * time.Minute, false},
		"two requests are left":                     {2, time.Hour, [2]int64{25, 25}, time.Hour, false},
		"two are left, but nothing is charged":      {2, time.Hour, [2]int64{}, time.Minute, false},
		"no request is left":                        {0, 40 * time.Minute, [2]int64{}, 40 * time.Minute, false},
		"no request is left until a close reset":    {0, 30 * time.Second, [2]int64{25, 25}, time.Minute, false},
		"the reset is in the past":                  {0, -time.Minute, [2]int64{25, 25}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, "http://github.test", Options{Transport: &quotaTransport{tc.remaining, tc.reset}})
				assertEqual(t, time.Minute, c.Pause(time.Minute))
				assertEqual(t, true, c.Hurry())
				receiveQuota(t, c)
				r := c.repository("acme/shop")
				c.addCost(r, tc.costs[0])
				c.addCost(r, tc.costs[1])
				assertEqual(t, tc.want, c.Pause(time.Minute))
				assertEqual(t, tc.canHurry, c.Hurry())
			})
		})
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 150)
	var token atomic.Value
	token.Store("one")
	c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	wants := preview.Wants{Branches: []string{"main"}, Changes: func(p preview.PullRequest) bool { return p.Number < 4 }}
	last := func() int64 { return c.repository("acme/shop").costs[1] }
	readShop(t, c, wants)
	assertEqual(t, int64(0), last()) // first reads don't count
	repo.Touch()
	readShop(t, c, wants)
	assertEqual(t, int64(2), last())
	assertEqual(t, int64(0), c.cost())
	token.Store("two")
	readShop(t, c, wants)
	assertEqual(t, int64(3), last())
	assertEqual(t, int64(2), c.cost())
	readShop(t, c, wants)
	assertEqual(t, int64(0), c.cost())
	s.Inject(githubtest.Fault{Match: `pulls\?`, Status: 500})
	readShopError(t, c, "GitHub has a problem")
	assertEqual(t, int64(1), last())
	s.ClearFaults()
	repo.Rename("acme/store")
	readShop(t, c, wants)
	s.ResetCounts()
	readShop(t, c, wants)
	assertEqual(t, []int64{1, 1}, []int64{last(), int64(s.Charged())}) // the redirect
	c.Only(nil)
	assertEqual(t, int64(0), c.cost())
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, "http://github.test", Options{Transport: &quotaTransport{12, time.Hour}})
		assertEqual(t, "not known yet", c.Describe())
		receiveQuota(t, c)
		if text := c.Describe(); !strings.Contains(text, "12 of 5000") || !strings.Contains(text, "2000-01-01T01:00:00Z") {
			t.Errorf("described as %q", text)
		}
		s := githubtest.New()
		s.AddRepository("acme/shop")
		s.Inject(githubtest.Fault{Kind: githubtest.SecondaryLimit, RetryAfter: time.Minute})
		c = newInProcessClient(t, s)
		readShopError(t, c, "slow down")
		if text := c.Describe(); !strings.Contains(text, "until 2000-01-01T00:01:00Z") {
			t.Errorf("described as %q", text)
		}
	})
}

// Polling alone never uses up the quota, and reads after webhooks leave enough of it for polling.
func TestQuotaLasts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quota    int // per hour
		webhooks int // per minute
		polls    int // minimum in two hours
	}{"polling": {40, 0, 60}, "a flood of webhooks": {200, 30, 20}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := githubtest.New()
				s.SetQuota(tc.quota)
				repo := s.AddRepository("acme/shop")
				openMany(repo, 1)
				c := newInProcessClient(t, s)
				polls, refused, hurried := 0, 0, 0
				next, end := time.Now(), time.Now().Add(2*time.Hour)
				readTouched := func() {
					repo.Touch()
					if _, err := c.Repository(t.Context(), "acme/shop", preview.Wants{}); err != nil {
						refused++
					}
				}
				for ; time.Now().Before(end); time.Sleep(time.Minute) {
					for range tc.webhooks {
						if c.Hurry() {
							hurried++
							readTouched()
						}
					}
					if !time.Now().Before(next) {
						polls++
						readTouched()
						next = time.Now().Add(c.Pause(time.Minute))
					}
				}
				t.Logf("%d polls, %d webhooks' reads, %d refused, %d charged", polls, hurried, refused, s.Charged())
				assertEqual(t, 0, refused)
				assertEqual(t, 0, s.Count(http.StatusForbidden))
				if polls < tc.polls {
					t.Errorf("%d polls in two hours, want at least %d", polls, tc.polls)
				}
			})
		})
	}
}

func TestPauseLastsUntilRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := githubtest.New()
		openMany(s.AddRepository("acme/shop"), 1)
		s.Inject(githubtest.Fault{Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute, Times: 1})
		c := newInProcessClient(t, s)
		readShopError(t, c, "slow down")
		assertEqual(t, false, c.Hurry())
		assertEqual(t, 7*time.Minute, c.Pause(time.Minute))
		time.Sleep(7 * time.Minute)
		assertEqual(t, []int{1}, numbersOf(readShop(t, c, preview.Wants{})))
		assertEqual(t, time.Minute, c.Pause(time.Minute))
	})
}
