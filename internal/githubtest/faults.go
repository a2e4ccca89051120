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

// The values of Fault.Kind.
const (
	// RateLimited answers 403 as if the quota were used up, until RetryAfter has passed.
	RateLimited = "rate limited"
	// SecondaryLimit answers Fault.Status (403 by default) with the header Retry-After.
	SecondaryLimit = "secondary limit"
	// CutOff announces the whole body, sends half of it and closes the connection.
	CutOff = "cut off"
	// NextLinkMissing removes the links to the following pages from the Link header.
	NextLinkMissing = "next link missing"
)

// Fault is a fault that happens to the requests that it matches.
type Fault struct {
	// Match is a regular expression for "METHOD /path?query", without /api/v3. An empty one matches every request.
	Match string
	// Times is how often the fault happens; 0 means until ClearFaults.
	Times int
	// Delay passes before anything else happens. It ends early if the client gives up.
	Delay time.Duration
	// Status replaces the answer, with Body or, if Body is empty, with a message. It costs no quota.
	Status int
	Body   string
	// Kind is one of the constants above, or empty.
	Kind string
	// RetryAfter belongs to RateLimited and SecondaryLimit; the default is a minute.
	RetryAfter time.Duration
	// For is how long the fault can happen; 0 means until ClearFaults.
	For time.Duration
	// Replica answers reads with an older state, with its ETags; nil is the present state.
	Replica *Replica
}

// faults are the ordered faults and callbacks. They have a lock of their own, because a request that is delayed must
// not lock the state.
type faults struct {
	mu     sync.Mutex
	orders []*faultOrder
	after  []*faultOrder
}

type faultOrder struct {
	fault Fault
	match *regexp.Regexp
	do    func()
	until time.Time // zero means until ClearFaults
}

func (o *faultOrder) isOver() bool { return !o.until.IsZero() && !time.Now().Before(o.until) }

// Inject orders a fault. A request gets the first matching fault only.
func (f *faults) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := &faultOrder{fault: fault, match: regexp.MustCompile(fault.Match)}
	if fault.For > 0 {
		o.until = time.Now().Add(fault.For)
	}
	f.orders = append(f.orders, o)
}

// ClearFaults cancels all orders of Inject and After.
func (f *faults) ClearFaults() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders, f.after = nil, nil
}

// After calls do once: after the answer to the next matching request (see Fault.Match) is computed, and before it is
// sent. So the client's next request shows the changes that do makes, and this one doesn't.
func (f *faults) After(match string, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = append(f.after, &faultOrder{fault: Fault{Times: 1}, match: regexp.MustCompile(match), do: do})
}

func (f *faults) match(r *http.Request) (*Fault, []func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := r.Method + " " + r.URL.RequestURI()
	var found *Fault
	if hits := takeMatching(&f.orders, text, 1); len(hits) > 0 {
		found = &hits[0].fault
	}
	var after []func()
	for _, o := range takeMatching(&f.after, text, -1) {
		after = append(after, o.do)
	}
	return found, after
}

// takeMatching returns up to n orders that match, or all if n is negative, and removes orders that are used up.
func takeMatching(orders *[]*faultOrder, text string, n int) []*faultOrder {
	var hits, rest []*faultOrder
	for _, o := range *orders {
		if o.isOver() {
			continue
		}
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

// wait waits for the delay. It returns false if the client gave up first.
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

// replacement returns the answer that replaces the real one, or nil.
func (f *Fault) replacement(now time.Time) *answer {
	switch {
	case f == nil:
		return nil
	case f.Kind == RateLimited:
		return quotaExceeded(bucket{used: 5000, reset: now.Add(f.retryAfter())}, 5000)
	case f.Kind == SecondaryLimit:
		a := reply(max(f.Status, http.StatusForbidden), object{
			"message":           "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
			"documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
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

// write sends the answer, changed by the fault.
func (f *Fault) write(w http.ResponseWriter, a *answer) {
	body := a.body
	if f != nil && f.Kind == NextLinkMissing {
		removeNextLinks(a.header)
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

func removeNextLinks(h http.Header) {
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
