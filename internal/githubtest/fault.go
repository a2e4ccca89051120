package githubtest

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The special faults that Fault.Kind names.
const (
	// RateLimited answers 403 as if the quota were used up; RetryAfter says until when.
	RateLimited = "rate limited"
	// SecondaryLimit answers Fault.Status (403, or 429) with Retry-After.
	SecondaryLimit = "secondary limit"
	// CutOff announces the whole body, sends half of it and closes the connection.
	CutOff = "cut off"
	// PageMissing takes the links to the following pages out of the Link header.
	PageMissing = "page missing"
)

// Fault is something that goes wrong for the requests that it matches.
type Fault struct {
	// Match is a regular expression on "METHOD /path?query", without /api/v3. Empty matches all.
	Match string
	// Times is how often it happens; 0 means until ClearFaults.
	Times int
	// Delay is waited before anything else; alone it makes a slow GitHub. It ends when the client goes.
	Delay time.Duration
	// Status is answered instead of anything else, with Body, or a message if that is empty. Both cost no quota.
	Status int
	Body   string
	// Kind is one of the special faults, or empty.
	Kind string
	// RetryAfter is for RateLimited and SecondaryLimit; a minute if zero.
	RetryAfter time.Duration
}

// faults are what was ordered. They have a lock of their own because they are looked up before a request is let in.
type faults struct {
	mu     sync.Mutex
	orders []*order
	after  []*order
}

type order struct {
	fault Fault
	match *regexp.Regexp
	do    func()
}

// Inject orders a fault. The first one ordered that matches a request is used.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.orders = append(s.faults.orders, &order{fault: f, match: regexp.MustCompile(f.Match)})
}

// ClearFaults takes all orders back, those of After too.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.orders, s.faults.after = nil, nil
}

// After calls do once, when the answer to the next request that matches (see Fault.Match) is computed and not yet sent:
// what do changes is seen by the client's next request and not by this one.
func (s *Server) After(match string, do func()) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.after = append(s.faults.after, &order{fault: Fault{Times: 1}, match: regexp.MustCompile(match), do: do})
}

func (f *faults) match(r *http.Request) (*Fault, []func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := r.Method + " " + r.URL.RequestURI()
	var found *Fault
	if hits := take(&f.orders, text, 1); len(hits) > 0 {
		found = &hits[0].fault
	}
	var after []func()
	for _, o := range take(&f.after, text, -1) {
		after = append(after, o.do)
	}
	return found, after
}

// take returns up to n orders that match, and forgets those that are used up.
func take(orders *[]*order, text string, n int) []*order {
	var hits, rest []*order
	for _, o := range *orders {
		if (n >= 0 && len(hits) >= n) || !o.match.MatchString(text) {
			rest = append(rest, o)
			continue
		}
		hit := *o
		hits = append(hits, &hit)
		if o.fault.Times == 1 {
			continue
		}
		if o.fault.Times > 1 {
			o.fault.Times--
		}
		rest = append(rest, o)
	}
	*orders = rest
	return hits
}

// wait returns false where the client didn't want to wait for so long.
func (f *Fault) wait(ctx context.Context) bool {
	if f == nil || f.Delay == 0 {
		return true
	}
	t := time.NewTimer(f.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer is what is said instead of anything else, or nil.
func (f *Fault) answer(now time.Time) *answer {
	switch {
	case f == nil:
		return nil
	case f.Kind == RateLimited:
		a := problem(http.StatusForbidden, "API rate limit exceeded for user ID 1.")
		(&bucket{used: 5000, reset: now.Add(f.retryAfter())}).headers(a.header, 5000)
		return a
	case f.Kind == SecondaryLimit:
		a := reply(max(f.Status, http.StatusForbidden), object{
			"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
			"documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
		})
		a.header.Set("Retry-After", strconv.Itoa(int(f.retryAfter().Seconds())))
		return a
	case f.Status != 0 && f.Body != "":
		return &answer{status: f.Status, header: http.Header{}, body: []byte(f.Body)}
	case f.Status != 0:
		return problem(f.Status, http.StatusText(f.Status))
	}
	return nil
}

func (f *Fault) retryAfter() time.Duration {
	if f.RetryAfter == 0 {
		return time.Minute
	}
	return f.RetryAfter
}

// write sends the answer, as far as the fault lets it.
func (f *Fault) write(w http.ResponseWriter, a *answer) {
	body := a.body
	if f != nil && f.Kind == PageMissing {
		withoutFollowing(a.header)
	}
	maps.Copy(w.Header(), a.header)
	if a.status != http.StatusNotModified && a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if f != nil && f.Kind == CutOff {
		_, _ = w.Write(body[:len(body)/2])
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
		panic(http.ErrAbortHandler) // net/http's way to close the connection
	}
	_, _ = w.Write(body)
}

func withoutFollowing(h http.Header) {
	var kept []string
	for link := range strings.SplitSeq(h.Get("Link"), ", ") {
		if link != "" && !strings.HasSuffix(link, `rel="next"`) && !strings.HasSuffix(link, `rel="last"`) {
			kept = append(kept, link)
		}
	}
	h.Del("Link")
	if len(kept) > 0 {
		h.Set("Link", strings.Join(kept, ", "))
	}
}
