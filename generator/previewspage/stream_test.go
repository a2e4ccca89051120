package previewspage_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

var versionPattern = regexp.MustCompile(`data-version="([^"]+)"`)

// open connects to the stream of events as a browser does, and returns a function that reads the next event's ID.
func (s site) open(t *testing.T, path, lastID string) (next func() string) {
	t.Helper()
	server := httptest.NewServer(s.PublicHandler())
	t.Cleanup(server.Close)
	answer := connect(t, server, path, "alice", lastID) //nolint:bodyclose // see connect
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s with content type %s", answer.Status, kind)
	}
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "id:"); ok {
				return id
			}
		}
		return ""
	}
}

// connect returns an answer whose body is closed at the end of the test.
func connect(t *testing.T, server *httptest.Server, path, login, lastID string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for name, value := range someone(login, "everybody") {
		r.Header.Set(name, value)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// A change between the page and the connection isn't lost, and after a lost connection nothing is told twice.
func TestStreamTellsEachChange(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	page := s.get(t, "/", someone("alice", "everybody"))
	version := versionPattern.FindStringSubmatch(page.Body)[1]
	s.Request(t, "shop-pr-7", "sleep", "")
	s.Refresh(t.Context())
	next := s.open(t, "/events?since="+version, "")
	first := next()
	if first == "" || first == version {
		t.Fatalf("the first event is %q", first)
	}
	again := s.open(t, "/events?since="+version, first)
	s.Request(t, "shop-pr-7", "wake", "")
	s.AdvanceClock(60e9)
	s.Refresh(t.Context())
	second := next()
	if second == "" || second == first || again() != second {
		t.Errorf("the second event is %q after %q", second, first)
	}
}

// One person with many pages doesn't take the place of others.
func TestStreamsOfOnePersonAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	server := httptest.NewServer(s.PublicHandler())
	t.Cleanup(server.Close)
	accepted := 0
	for range 25 {
		answer := connect(t, server, "/events", "alice", "") //nolint:bodyclose // see connect
		if answer.StatusCode == http.StatusOK {
			accepted++
		} else if answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s without Retry-After", answer.Status)
		}
	}
	if accepted != 20 {
		t.Errorf("%d pages of one person may wait", accepted)
	}
	answer := connect(t, server, "/events", "bob", "") //nolint:bodyclose // see connect
	if answer.StatusCode != http.StatusOK {
		t.Errorf("another person gets %s", answer.Status)
	}
}
