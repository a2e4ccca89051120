package github

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestMissingPullRequestIsReadDirectly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare    func(*githubtest.Server, *githubtest.Repo)
		isClosed   bool
		hasProblem bool
	}{
		"closed":                  {func(_ *githubtest.Server, r *githubtest.Repo) { r.Close(3) }, true, false},
		"open":                    {func(s *githubtest.Server, _ *githubtest.Repo) { s.Inject(emptyList) }, false, false},
		"status 404":              {hideWith(githubtest.Fault{Status: 404}), false, true},
		"status 500":              {hideWith(githubtest.Fault{Status: 500}), false, true},
		"an empty object":         {hideWithBody("{}"), false, true},
		"another number":          {hideWithBody(`{"number":9,"state":"closed","base":{"repo":{"id":1001}}}`), false, true},
		"another repository":      {hideWithBody(`{"number":3,"state":"closed","base":{"repo":{"id":9}}}`), false, true},
		"an unknown state":        {hideWithBody(`{"number":3,"state":"odd","labels":[],"base":{"repo":{"id":1001}}}`), false, true},
		"an empty body":           {hideWithBody(" "), false, true},
		"null instead of labels":  {setRawLabels(nil), false, true},
		"null instead of a label": {setRawLabels([]any{nil}), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 3)
			c := newClient(t, url, Options{})
			before := readShop(t, c, preview.Wants{})
			tc.prepare(s, repo)
			got := readShop(t, c, preview.Wants{})
			if tc.isClosed {
				assertEqual(t, []int{1, 2}, numbersOf(got))
				return
			}
			assertEqual(t, []int{1, 2, 3}, numbersOf(got))
			last := got.PullRequests[len(got.PullRequests)-1]
			assertEqual(t, tc.hasProblem, last.Problem != "")
			last.Problem, last.Stale = "", false
			assertEqual(t, before.PullRequests[2], last)
		})
	}
}

var emptyList = githubtest.Fault{Match: `pulls\?`, Times: 1, Status: 200, Body: "[]"}

// hideWith hides all pull requests in the list and injects the fault for direct reads.
func hideWith(fault githubtest.Fault) func(*githubtest.Server, *githubtest.Repo) {
	fault.Match = `pulls/`
	return func(s *githubtest.Server, _ *githubtest.Repo) {
		s.Inject(emptyList)
		s.Inject(fault)
	}
}

func hideWithBody(body string) func(*githubtest.Server, *githubtest.Repo) {
	return hideWith(githubtest.Fault{Status: 200, Body: body})
}

func setRawLabels(labels any) func(*githubtest.Server, *githubtest.Repo) {
	return func(_ *githubtest.Server, r *githubtest.Repo) {
		r.Edit(3, func(p *githubtest.PullRequest) { p.Raw = map[string]any{"labels": labels} })
	}
}

func TestCancelledDirectReadIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	c := newClient(t, url, Options{})
	readShop(t, c, preview.Wants{})
	repo.Close(1)
	ctx, cancel := context.WithCancel(t.Context())
	s.After(`pulls/1`, cancel)
	s.Inject(githubtest.Fault{Match: `pulls/1`, Status: 500})
	if _, err := c.Repository(ctx, "acme/shop", preview.Wants{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// advancing is a clock that goes on by a second at each call, so that each change has an updated_at of its own.
func advancing(s *githubtest.Server) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	s.SetClock(func() time.Time { now = now.Add(time.Second); return now })
}

// wantLive wants pull request 1, which has an environment. It leaves if the list shows it without labels.
func wantLive(known preview.Known) preview.Wants {
	known.NeedsDirectRead = func(pr preview.PullRequest) bool { return len(pr.Labels) == 0 }
	return preview.Wants{Live: func(int64) map[int]preview.Known { return map[int]preview.Known{1: known} }}
}

func TestStaleAnswers(t *testing.T) {
	t.Parallel()
	const list, direct, both = `pulls\?`, `pulls/1$`, `pulls(\?|/1$)`
	stale := map[int]bool{}
	for name, tc := range map[string]struct {
		match    string
		restart  bool
		known    bool // memory knows when the label was put on
		isLive   bool
		observed map[int]bool
		unread   bool
	}{
		"a list, without an environment":                {list, false, false, false, stale, false},
		"a list, with an environment":                   {list, false, true, true, map[int]bool{1: false}, false},
		"both":                                          {both, false, true, true, stale, false},
		"a list after a restart":                        {list, true, true, true, map[int]bool{1: false}, false},
		"both after a restart":                          {both, true, true, true, stale, true},
		"a direct read that nothing asks for":           {direct, false, true, true, stale, false},
		"a list after a restart with an earlier memory": {list, true, false, true, map[int]bool{1: false}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			advancing(s)
			openMany(repo, 1)
			old := s.Replica()
			repo.Label(1, "preview")
			c, wants := newClient(t, url, Options{}), preview.Wants{}
			pr := readShop(t, c, wants).PullRequests[0]
			if tc.isLive {
				wants = wantLive(preview.Known{})
			}
			if tc.known {
				wants = wantLive(preview.Known{Updated: pr.Updated})
			}
			if tc.restart {
				c = newClient(t, url, Options{})
			}
			s.Inject(githubtest.Fault{Match: tc.match, Replica: old})
			got := readShop(t, c, wants)
			assertEqual(t, tc.observed, got.Observed)
			assertEqual(t, tc.unread, len(got.Unread) == 1)
			if !tc.unread {
				assertEqual(t, []string{"preview"}, got.PullRequests[0].Labels)
			}
			s.ClearFaults()
			assertEqual(t, []string{"preview"}, readShop(t, c, wants).PullRequests[0].Labels)
		})
	}
}

// A pull request that leaves is read without a cache validator at each read, until there is enough evidence.
func TestClosedPullRequestIsReadWithoutQuota(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	c := newClient(t, url, Options{})
	readShop(t, c, wantLive(preview.Known{}))
	repo.Close(1)
	readShop(t, c, wantLive(preview.Known{}))
	charged := func(known preview.Known) int {
		before := s.Charged()
		assertEqual(t, map[int]bool{1: true}, readShop(t, c, wantLive(known)).Observed)
		return s.Charged() - before
	}
	assertEqual(t, []int{1, 0, 0, 1}, []int{
		charged(preview.Known{}), charged(preview.Known{IsClosed: true}), charged(preview.Known{IsClosed: true}),
		charged(preview.Known{}),
	})
	repo.Reopen(1)
	s.Inject(emptyList)
	assertEqual(t, []int{1}, numbersOf(readShop(t, c, wantLive(preview.Known{IsClosed: true})))[:1])
}

// pullAt is pull request 1 as of a minute.
func pullAt(minute int, labels ...string) preview.PullRequest {
	at := time.Date(2026, 11, 20, 9, minute, 0, 0, time.UTC)
	return preview.PullRequest{Number: 1, Updated: at, Labels: labels}
}

// Each case has the pull request in the list, the known state, and in the previous read.
func TestDoubts(t *testing.T) {
	t.Parallel()
	unlabelled, labelled, noTime := pullAt(5), pullAt(5, "preview"), preview.PullRequest{Number: 1, Labels: []string{"preview"}}
	early, late := pullAt(3, "preview"), pullAt(7, "preview")
	live := func(minute int) *preview.Known { return &preview.Known{Updated: pullAt(minute).Updated} }
	for name, tc := range map[string]struct {
		listed, last *preview.PullRequest
		known        *preview.Known // nil if it has no environment
		isDoubt      bool
		kept         *preview.PullRequest // what counts if it is no doubt
	}{
		"the list lacks a live one":                      {nil, nil, live(5), true, nil},
		"the list lacks one of the previous read":        {nil, &labelled, nil, true, nil},
		"the list has a live one, as known":              {&labelled, nil, live(5), false, &labelled},
		"the list has a live one, in an older state":     {&labelled, nil, live(6), true, nil},
		"it is older than in the previous read":          {&labelled, &late, live(3), true, nil},
		"a live one without a time":                      {&noTime, &late, live(7), false, &noTime},
		"a live one leaves":                              {&unlabelled, &early, live(3), true, nil},
		"another one is unlabelled":                      {&unlabelled, &early, nil, false, &unlabelled},
		"another one is older than in the previous read": {&early, &labelled, nil, false, &labelled},
		"another one is newer than in the previous read": {&late, &labelled, nil, false, &late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, listed, known := &repository{}, map[int]preview.PullRequest{}, map[int]preview.Known{}
			if tc.listed != nil {
				listed[1] = *tc.listed
			}
			if tc.last != nil {
				r.last = []preview.PullRequest{*tc.last}
			}
			if tc.known != nil {
				tc.known.NeedsDirectRead = func(pr preview.PullRequest) bool { return !slices.Contains(pr.Labels, "preview") }
				known[1] = *tc.known
			}
			doubts := r.doubts(listed, preview.Wants{Live: func(int64) map[int]preview.Known { return known }})
			assertEqual(t, tc.isDoubt, len(doubts) == 1)
			if tc.kept != nil {
				assertEqual(t, *tc.kept, listed[1])
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const open, closed, asBefore, unknown = "open", "closed", "as before", "unknown"
	early, late := pullAt(3), pullAt(7)
	failed := directRead{err: errors.New("status 500")}
	for name, tc := range map[string]struct {
		listed  *preview.PullRequest
		hasLast bool
		found   directRead
		want    string
		reason  string
	}{
		"open, and the list lacks it":                {nil, true, directRead{open: &late}, open, ""},
		"open, and as new as in the list":            {&late, true, directRead{open: &late}, open, ""},
		"open, and older than in the list":           {&late, true, directRead{open: &early}, asBefore, "older state"},
		"open, and older than in the list, at first": {&late, false, directRead{open: &early}, unknown, "older state"},
		"closed, and the list lacks it":              {nil, false, directRead{isClosed: true}, closed, ""},
		"closed, and the list has it":                {&late, true, directRead{isClosed: true}, closed, ""},
		"unreadable":                                 {nil, true, failed, asBefore, "status 500"},
		"unreadable at first":                        {nil, false, failed, unknown, "status 500"},
		"unreadable at first, and the list has it":   {&late, false, failed, unknown, "status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var listed []preview.PullRequest
			if tc.listed != nil {
				listed = append(listed, *tc.listed)
			}
			o := newOpenPullRequests(listed)
			o.decide(doubt{last: preview.PullRequest{Number: 1, Title: "before"}, hasLast: tc.hasLast, listed: tc.listed}, tc.found)
			pr, isOpen := o.byNumber[1]
			isClosed, wasRead := o.observed[1]
			assertEqual(t, map[string]bool{
				open: tc.want == open, closed: tc.want == closed, asBefore: tc.want == asBefore, unknown: tc.want == unknown,
			}, map[string]bool{
				open: isOpen && wasRead && !isClosed, closed: !isOpen && wasRead && isClosed,
				asBefore: isOpen && !wasRead && o.asBefore[1] && pr.Title == "before", unknown: !isOpen && !wasRead && o.unknown[1] != "",
			})
			if got := pr.Problem + o.unknown[1]; !strings.Contains(got, tc.reason) {
				t.Errorf("reason %q, want one with %q", got, tc.reason)
			}
		})
	}
}

// A webhook announced a state. Then a copy answers from before that state.
func TestAnnouncedStateMakesEarlierAnswersStale(t *testing.T) {
	t.Parallel()
	for name, isAnnounced := range map[string]bool{"announced": true, "not announced": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := githubtest.New()
				repo := s.AddRepository("acme/shop")
				openMany(repo, 1)
				c, unlabelled := newInProcessClient(t, s), s.Replica()
				time.Sleep(time.Minute)
				repo.Label(1, "preview")
				wants := wantLive(preview.Known{})
				if pr, ok := repo.PullRequest(1); ok && isAnnounced {
					wants.Announced = map[int]time.Time{1: pr.Updated}
				}
				s.Inject(githubtest.Fault{Match: `pulls(\?|/1$)`, Replica: unlabelled})
				got := readShop(t, c, wants)
				assertEqual(t, isAnnounced, len(got.Unread) == 1)
				assertEqual(t, !isAnnounced, len(got.Observed) == 1)
			})
		})
	}
}
