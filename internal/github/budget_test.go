package github

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// inProcess asks a simulated GitHub without a network, so that time can be simulated too.
type inProcess struct{ s *githubtest.Server }

func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.s.ServeHTTP(rec, req.Clone(req.Context()))
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

func simulated(t *testing.T, s *githubtest.Server, token func() (string, error)) *Client {
	t.Helper()
	return client(t, "http://github.test", Options{Transport: inProcess{s}, Token: token})
}

const polledFor = 60 // rounds, one a minute

func TestAnHourOfUnchangedRepositoriesIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := githubtest.New()
		names := organisation(s, 50)
		c := simulated(t, s, nil)
		wants := preview.Wants{
			Branches: []string{"main", "release", "none"}, Tags: []string{"v1", "v2"}, BranchChecks: true,
			Changes: all.Changes, Checks: checked.Checks,
			Approvals: func(p preview.PullRequest) bool { return p.HeadRepositoryID != p.BaseRepositoryID },
		}
		round := func() {
			for _, name := range names {
				if _, err := c.Repository(t.Context(), name, wants); err != nil {
					t.Fatal(err)
				}
			}
		}
		round()
		t.Logf("the first read of %d repositories: %d requests, %d charged", len(names), s.Count(), s.Charged())
		s.ResetCounts()
		for range polledFor {
			if pause := c.Pause(time.Minute); pause != time.Minute {
				t.Fatalf("pause %v though nothing is charged", pause)
			}
			time.Sleep(time.Minute)
			round()
		}
		t.Logf("%d polls of unchanged repositories: %d requests, %d charged", polledFor, s.Count(), s.Charged())
		diff(t, 0, s.Charged())
		diff(t, s.Count(), s.Count(http.StatusNotModified))

		s.ResetCounts() // one webhook's read
		s.Repository("acme/r7").Label(1, "preview")
		if _, err := c.Repository(t.Context(), "acme/r7", wants); err != nil {
			t.Fatal(err)
		}
		diff(t, 1, s.Charged())
	})
}

// organisation makes repositories of every kind: without pull requests, with forks, with and without reviews and checks.
func organisation(s *githubtest.Server, n int) []string {
	var names []string
	for i := range n {
		name := fmt.Sprintf("acme/r%d", i)
		names = append(names, name)
		r := s.AddRepository(name)
		r.SetBranch("release", githubtest.SHA(name))
		r.SetBranch("none-of-these", githubtest.SHA(name))
		r.SetAnnotatedTag("v1", "commit", githubtest.SHA(name))
		r.SetStatus(githubtest.SHA(name), githubtest.Status{State: "success"})
		if i%10 == 0 {
			continue
		}
		head := githubtest.SHA(name + " head")
		r.Open(githubtest.PullRequest{HeadSHA: head, Files: []githubtest.File{{Name: "a"}}})
		r.SetStatus(head, githubtest.Status{State: "success"})
		r.Open(githubtest.PullRequest{HeadRepository: r.Fork("mallory").ID})
		r.Review(2, githubtest.Review{Author: "wendy", State: "APPROVED"})
	}
	return names
}

// told makes the client believe what the quota is.
func told(c *Client, limit, remaining int, reset time.Duration) {
	h := http.Header{}
	h.Set("X-RateLimit-Limit", fmt.Sprint(limit))
	h.Set("X-RateLimit-Remaining", fmt.Sprint(remaining))
	h.Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(reset).Unix()))
	c.wire.learn(h)
}

func TestPause(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		remaining int
		reset     time.Duration
		costs     [2]int64
		want      time.Duration
		hurry     bool
	}{
		"nothing is charged":                       {5000, time.Hour, [2]int64{}, time.Minute, true},
		"it would last":                            {4500, time.Hour, [2]int64{50, 50}, time.Minute, true},
		"twice as dear as would last":              {3500, time.Hour, [2]int64{100, 100}, 2 * time.Minute, true},
		"the cheaper of two reads counts":          {3500, time.Hour, [2]int64{3000, 0}, time.Minute, true},
		"the other way round":                      {3500, time.Hour, [2]int64{0, 3000}, time.Minute, true},
		"a little more than the reserve":           {600, time.Hour, [2]int64{30, 30}, 6 * time.Minute, true},
		"the reserve is for polling":               {500, time.Hour, [2]int64{25, 25}, 6 * time.Minute, false},
		"nearly nothing":                           {2, time.Hour, [2]int64{25, 25}, time.Hour, false},
		"nearly nothing, and nothing is charged":   {2, time.Hour, [2]int64{}, time.Minute, false},
		"nothing":                                  {0, 40 * time.Minute, [2]int64{}, 40 * time.Minute, false},
		"nothing, and it is renewed in no time":    {0, 30 * time.Second, [2]int64{25, 25}, time.Minute, false},
		"it was renewed, and nobody was asked yet": {0, -time.Minute, [2]int64{25, 25}, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := client(t, "http://github.test", Options{})
				diff(t, time.Minute, c.Pause(time.Minute))
				diff(t, true, c.Hurry())
				told(c, 5000, tc.remaining, tc.reset)
				e := c.entry("acme/shop")
				c.charge(e, tc.costs[0])
				c.charge(e, tc.costs[1])
				diff(t, tc.want, c.Pause(time.Minute))
				diff(t, tc.hurry, c.Hurry())
			})
		})
	}
}

func TestWhatARoundCosts(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 150)
	var token atomic.Value
	token.Store("one")
	c := client(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	wants := preview.Wants{Branches: []string{"main"}, Changes: func(p preview.PullRequest) bool { return p.Number < 4 }}
	last := func() int64 { return c.entry("acme/shop").costs[1] }
	read(t, c, wants)
	diff(t, int64(0), last()) // first reads come once
	repo.Touch()
	read(t, c, wants)
	diff(t, int64(2), last())
	diff(t, int64(0), c.cost())
	token.Store("two")
	read(t, c, wants)
	diff(t, int64(3), last())
	diff(t, int64(2), c.cost())
	read(t, c, wants)
	diff(t, int64(0), c.cost())
	s.Inject(githubtest.Fault{Match: `pulls\?`, Status: 500})
	readError(t, c, "GitHub has a problem")
	diff(t, int64(1), last())
	s.ClearFaults()
	repo.Rename("acme/store")
	read(t, c, wants)
	s.ResetCounts()
	read(t, c, wants)
	diff(t, []int64{1, 1}, []int64{last(), int64(s.Charged())}) // the redirect
	c.Only(nil)
	diff(t, int64(0), c.cost())
}

func TestSkew(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		date  string
		want  time.Duration
		known bool
	}{
		"the same time":  {"Sat, 01 Jan 2000 00:00:02 GMT", 0, true},
		"GitHub's ahead": {"Sat, 01 Jan 2000 01:00:02 GMT", time.Hour, true},
		"GitHub's back":  {"Fri, 31 Dec 1999 23:50:02 GMT", -10 * time.Minute, true},
		"no date":        {"", 0, false},
		"a broken one":   {"yesterday", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := client(t, "http://github.test", Options{})
				began := time.Now()
				time.Sleep(4 * time.Second) // the answer was dated half-way
				c.wire.compareClocks(http.Header{"Date": {tc.date}}, began)
				skew, known := c.Skew()
				diff(t, tc.want, skew)
				diff(t, tc.known, known)
				if tc.known {
					c.wire.wall = c.wire.wall.Add(-48 * time.Hour) // our clock is set forward
					skew, _ = c.Skew()
					diff(t, tc.want-48*time.Hour, skew)
				}
			})
		})
	}
}

func TestTheQuotaIsDescribed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "http://github.test", Options{})
		diff(t, "not known yet", c.Describe())
		told(c, 5000, 12, time.Hour)
		diff(t, "12 of 5000 requests are left until 2000-01-01T01:00:00Z", c.Describe())
		s, err := c.current()
		if err != nil {
			t.Fatal(err)
		}
		s.hold(errors.New("slow down"), time.Now().Add(time.Minute))
		diff(t, "GitHub asks to wait until 2000-01-01T00:01:00Z", c.Describe())
	})
}

// Polling alone never runs dry, and webhooks never take what polling needs.
func TestTheBudgetLasts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		quota, webhooks int // an hour, a minute
		polls           int // at least, in two hours
	}{"polling": {40, 0, 60}, "a flood of webhooks": {200, 30, 20}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := githubtest.New()
				s.SetQuota(tc.quota)
				repo := s.AddRepository("acme/shop")
				open(repo, 1)
				c := simulated(t, s, nil)
				polls, refused, took := 0, 0, 0
				next, end := time.Now(), time.Now().Add(2*time.Hour)
				get := func() {
					repo.Touch()
					if _, err := c.Repository(t.Context(), "acme/shop", preview.Wants{}); err != nil {
						refused++
					}
				}
				for ; time.Now().Before(end); time.Sleep(time.Minute) {
					for range tc.webhooks {
						if c.Hurry() {
							took++
							get()
						}
					}
					if !time.Now().Before(next) {
						polls++
						get()
						next = time.Now().Add(c.Pause(time.Minute))
					}
				}
				t.Logf("%d polls, %d webhooks' reads, %d refused, %d charged", polls, took, refused, s.Charged())
				diff(t, 0, refused)
				diff(t, 0, s.Count(http.StatusForbidden))
				if polls < tc.polls {
					t.Errorf("%d polls in two hours, want at least %d", polls, tc.polls)
				}
			})
		})
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubtest.Fault{
		"secondary limit as 403": {Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute},
		"secondary limit as 429": {Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute, Status: 429},
		"the quota is used up":   {Kind: githubtest.RateLimited, RetryAfter: 7 * time.Minute},
		"GitHub is down":         {Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute, Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := githubtest.New()
				open(s.AddRepository("acme/shop"), 1)
				c := simulated(t, s, nil)
				fault.Match, fault.Times = "", 1
				s.Inject(fault)
				readError(t, c, "it is tried again after")
				sent := s.Count()
				diff(t, false, c.Hurry())
				pause := c.Pause(time.Minute)
				if pause < 6*time.Minute || pause > 7*time.Minute {
					t.Errorf("pause %v", pause)
				}
				for range 6 {
					readError(t, c, "it is tried again after")
					time.Sleep(time.Minute)
				}
				diff(t, sent, s.Count())
				time.Sleep(pause)
				diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
				diff(t, time.Minute, c.Pause(time.Minute))
			})
		})
	}
}

func TestNobodyIsObeyedForADay(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{24 * time.Hour, 200 * 365 * 24 * time.Hour} {
		s := githubtest.New()
		open(s.AddRepository("acme/shop"), 1)
		c := client(t, "http://github.test", Options{Transport: inProcess{s}})
		s.Inject(githubtest.Fault{Kind: githubtest.SecondaryLimit, RetryAfter: after, Status: 503, Times: 1})
		readError(t, c, "it is tried again after")
		if pause := c.Pause(time.Minute); pause < 59*time.Minute || pause > time.Hour {
			t.Errorf("after %s is %s", after, pause)
		}
	}
}

func TestRetryAfterIsObeyedWhereAnAppGetsItsToken(t *testing.T) {
	t.Parallel()
	key, text := appKey(t)
	for name, fault := range map[string]githubtest.Fault{
		"secondary limit":        {Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute},
		"the quota is used up":   {Kind: githubtest.RateLimited, RetryAfter: 7 * time.Minute},
		"GitHub is down a while": {Kind: githubtest.SecondaryLimit, RetryAfter: 7 * time.Minute, Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := githubtest.New()
				s.AllowApp(7, 8, &key.PublicKey, "acme/shop")
				open(s.AddRepository("acme/shop"), 1)
				c := client(t, "http://github.test", Options{Transport: inProcess{s}, App: &App{ID: 7, Installation: 8, Key: func() ([]byte, error) { return text, nil }}})
				fault.Match, fault.Times = "access_tokens", 1
				s.Inject(fault)
				readError(t, c, "it is tried again after")
				sent := s.Count()
				if pause := c.Pause(time.Minute); pause < 6*time.Minute || pause > 7*time.Minute {
					t.Errorf("pause %v", pause)
				}
				readError(t, c, "it is tried again after")
				diff(t, sent, s.Count())
				time.Sleep(7 * time.Minute)
				diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
			})
		})
	}
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 2)
	open(s.AddRepository("acme/gateway"), 1)
	c := client(t, url, Options{})
	gateway := func() preview.Repository {
		r, err := c.Repository(t.Context(), "acme/gateway", preview.Wants{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	read(t, c, preview.Wants{})
	gateway()
	c.Only([]string{"Acme/Shop", "acme/other"})
	s.ResetCounts()
	read(t, c, preview.Wants{})
	diff(t, 0, s.Charged())
	diff(t, []int{1}, numbers(gateway()))
	diff(t, 1, s.Charged())
	c.Only(nil)
	diff(t, 0, len(c.entries))
}

func TestWhatHappensToARepository(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		happens func(*githubtest.Server, *githubtest.Repo)
		undo    func(*githubtest.Server, *githubtest.Repo)
		want    string
	}{
		"transferred": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("bob/shop") },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("acme/shop") },
			"it was transferred to bob and is bob/shop now; what is known of it stays",
		},
		"transferred and renamed": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("bob/store") },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.Rename("acme/shop") },
			"it was transferred to bob and is bob/store now; what is known of it stays",
		},
		"made private": {
			func(_ *githubtest.Server, r *githubtest.Repo) { r.SetPrivate(true) },
			func(_ *githubtest.Server, r *githubtest.Repo) { r.SetPrivate(false) },
			"it was read before, so it was deleted or made private, or the token lost it; what is known of it stays",
		},
		"deleted": {func(_ *githubtest.Server, r *githubtest.Repo) { r.Delete() }, nil, "it was read before, so it was deleted or made private"},
		"its name belongs to another": {
			func(s *githubtest.Server, r *githubtest.Repo) {
				r.Rename("acme/elsewhere")
				open(s.AddRepository("acme/shop"), 1)
			}, nil, "the name now belongs to another repository",
		},
		"its name belongs to another without pull requests": {
			func(s *githubtest.Server, r *githubtest.Repo) { r.Delete(); s.AddRepository("acme/shop") }, nil, "the name now belongs to another repository",
		},
	} {
		for prs := range 2 {
			t.Run(fmt.Sprintf("%s, with %d pull requests", name, prs), func(t *testing.T) {
				t.Parallel()
				s, repo, url := start(t)
				s.AllowToken("secret", "acme/other")
				open(repo, prs)
				c := client(t, url, Options{})
				before := read(t, c, preview.Wants{})
				tc.happens(s, repo)
				for range 2 {
					readError(t, c, tc.want)
				}
				if tc.undo == nil {
					return
				}
				tc.undo(s, repo)
				after := read(t, c, preview.Wants{})
				diff(t, before.PullRequests, after.PullRequests)
				diff(t, before.FullName, after.FullName)
			})
		}
	}
}

func TestARenamedRepositoryCostsOneRedirect(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 250)
	repo.SetStatus(githubtest.SHA("x"), githubtest.Status{State: "success"})
	c := client(t, url, Options{})
	wants := preview.Wants{Branches: []string{"main", "none"}, BranchChecks: true}
	before := read(t, c, wants)
	repo.Rename("Acme/store")
	read(t, c, wants)
	read(t, c, wants)
	s.ResetCounts()
	after := read(t, c, wants)
	diff(t, 1, s.Charged())
	diff(t, 1, s.Count(http.StatusMovedPermanently))
	diff(t, "Acme/store", after.FullName) // says what happened
	diff(t, upTo(250), numbers(after))
	diff(t, before.Branches, after.Branches)
	if _, err := c.Repository(t.Context(), "acme/STORE", wants); err != nil || strings.EqualFold(before.FullName, after.FullName) {
		t.Errorf("under its new name: %v", err)
	}
}

func TestWhatAWebhookCosts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		happens func(*githubtest.Server, *githubtest.Repo)
		want    int
	}{
		"a label":         {func(_ *githubtest.Server, r *githubtest.Repo) { r.Label(1, "preview") }, 1},
		"a renamed label": {func(_ *githubtest.Server, r *githubtest.Repo) { r.RenameLabel("bug", "preview") }, 1},
		"closed":          {func(_ *githubtest.Server, r *githubtest.Repo) { r.Close(2) }, 2},
		"a status": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.SetStatus(githubtest.SHA("1"), githubtest.Status{State: "success"})
		}, 2},
		"a check run": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.SetCheckRun(githubtest.SHA("1"), githubtest.CheckRun{Name: "x"})
		}, 2},
		"a review": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
		}, 2},
		"a new reviewer": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.Review(1, githubtest.Review{Author: "bob", State: "APPROVED"})
		}, 3},
		"a pushed branch":  {func(_ *githubtest.Server, r *githubtest.Repo) { r.SetBranch("main", githubtest.SHA("1")) }, 2},
		"a pushed head":    {func(_ *githubtest.Server, r *githubtest.Repo) { r.Push(1) }, 5}, // and files, statuses, check runs, the commit
		"some other thing": {func(_ *githubtest.Server, r *githubtest.Repo) { r.Touch() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("1"), Labels: []string{"bug"}})
			open(repo, 1)
			repo.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
			c := client(t, url, Options{})
			one := func(p preview.PullRequest) bool { return p.Number == 1 }
			wants := preview.Wants{Branches: []string{"main"}, Changes: one, Checks: one, Approvals: one}
			read(t, c, wants)
			s.ResetCounts()
			tc.happens(s, repo)
			read(t, c, wants)
			diff(t, tc.want, s.Charged())
			read(t, c, wants)
			diff(t, tc.want, s.Charged())
		})
	}
}
