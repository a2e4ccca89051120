package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

// list is an answer with a list.
type list struct {
	Environments, Decisions []map[string]any
	Continue                string
}

func getList(t *testing.T, s *testworld.Service, path string) list {
	t.Helper()
	got := s.Get(t, path)
	var l list
	if err := json.Unmarshal([]byte(got.Body), &l); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%s: %d %v %s", path, got.Code, err, got.Body)
	}
	return l
}

// Between two pages, environments appear before and after the end of the first one.
func TestPagesRepeatAndSkipNothing(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	first := getList(t, s, "/api/v1/environments?limit=2")
	w.Change(func() {
		w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice"),
			testworld.PullRequest(2, "bob"), testworld.PullRequest(10, "bob"), testworld.PullRequest(3, "bob"))
	})
	s.Refresh(t.Context())
	second := getList(t, s, "/api/v1/environments?limit=2&continue="+url.QueryEscape(first.Continue))
	var names []any
	for _, e := range slices.Concat(first.Environments, second.Environments) {
		names = append(names, e["name"])
	}
	want := []any{"gateway-pr-1", "gateway-pr-2", "gateway-pr-3", "shop-pr-7"}
	if diff := cmp.Diff(want, names); diff != "" || first.Continue == "" || second.Continue != "" {
		t.Errorf("continue %q, then %q: %s", first.Continue, second.Continue, diff)
	}
}

// All pages of one decision together are the whole list, also where two decisions have the same key.
func TestPagesOfDecisions(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	for _, name := range []string{"overlays/alice/environment.yaml", "overlays/bob/environment.yaml"} {
		w.Tree.Files[name] = w.Tree.Files["previewset.yaml"] // of the wrong kind
	}
	s := testworld.Ready(t, w)
	whole := getList(t, s, "/api/v1/decisions")
	var all []map[string]any
	for next := ""; ; {
		path := "/api/v1/decisions?limit=1"
		if next != "" {
			path += "&continue=" + url.QueryEscape(next)
		}
		one := getList(t, s, path)
		all = append(all, one.Decisions...)
		if next = one.Continue; next == "" {
			break
		}
	}
	if diff := cmp.Diff(whole.Decisions, all); diff != "" || len(all) != 6 {
		t.Errorf("%d decisions: %s", len(all), diff)
	}
}

func TestFieldsOfAList(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	got := getList(t, s, "/api/v1/environments?limit=1&fields=url,progress.phase,services.service")
	want := []map[string]any{{
		"name": "gateway-pr-1", "url": "https://gateway-pr-1.preview.example.dev",
		"progress": map[string]any{"phase": "deploying"},
		"services": []any{map[string]any{"service": "web"}, map[string]any{"service": "gateway"}},
	}}
	if diff := cmp.Diff(want, got.Environments); diff != "" {
		t.Error(diff)
	}
	decisions := getList(t, s, "/api/v1/decisions?number=8&fields=outcome")
	want = []map[string]any{{
		"outcome": "held", "rule": "unlabelled", "environment": "shop-pr-8", "repository": "acme/shop", "number": 8.0,
	}}
	if diff := cmp.Diff(want, decisions.Decisions); diff != "" {
		t.Error(diff)
	}
}

func TestWrongParametersOfAList(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=-1": "limit", "limit=1001": "limit", "limit=": "limit", "continue=": "continue",
		"continue=%25": "continue", "fields=colour": "colour", "fields=progress.colour": "colour", "fields=name.x": `"x"`,
		"fields=Row": "Row", "fields=" + strings.Repeat("name,", 200): "fields", "watch=maybe": "watch",
		"watch=true&limit=1": "watch",
	} {
		if got := s.Get(t, "/api/v1/environments?"+query); got.Code != http.StatusBadRequest ||
			!strings.Contains(got.Message(t), field) {
			t.Errorf("%s: %d %s", query, got.Code, got.Body)
		}
	}
}

// event is a server-sent event.
type event struct {
	kind, id string
	data     map[string]any
}

// follow connects to a stream, and returns a function that returns the events up to the next synced.
func follow(t *testing.T, connect func() net.Conn, path, lastID string) (next func() []event) {
	t.Helper()
	conn := connect()
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nLast-Event-ID: %s\r\n\r\n",
		path, testworld.APIToken, lastID)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v %v", answer, err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	return func() (all []event) {
		for e := (event{}); lines.Scan(); {
			switch field, value, _ := strings.Cut(lines.Text(), ":"); field {
			case "event":
				e.kind = value
			case "id":
				e.id = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.data); err != nil {
					t.Errorf("%s: %v", value, err)
				}
			case "":
				if e.kind != "" {
					all = append(all, e)
				}
				if e.kind == "synced" {
					return all
				}
				e = event{}
			}
		}
		return all
	}
}

// pipes is a listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// served runs a test with a service that serves connections in memory.
func served(t *testing.T, test func(t *testing.T, s *testworld.Service, connect func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := testworld.Ready(t, testworld.New())
		private, public := make(pipes), make(pipes)
		ctx, cancel := context.WithCancel(t.Context())
		var server sync.WaitGroup
		server.Go(func() { _ = s.Serve(ctx, private, public) })
		var open []net.Conn
		test(t, s, func() net.Conn {
			ours, theirs := net.Pipe()
			open = append(open, ours)
			private <- theirs
			return ours
		})
		for _, c := range open {
			_ = c.Close()
		}
		cancel()
		close(private)
		close(public)
		server.Wait()
	})
}

// A stream begins with all items, tells each change for longer than the server's read timeout, and ends by itself. A
// client that comes back gets an unchanged list no second time.
func TestWatchEnvironments(t *testing.T) {
	t.Parallel()
	served(t, func(t *testing.T, s *testworld.Service, connect func() net.Conn) {
		t.Helper()
		const path = "/api/v1/environments?watch=true&fields=state"
		next := follow(t, connect, path, "")
		began := time.Now()
		first := next()
		var states []map[string]any
		for _, e := range first[:len(first)-1] {
			states = append(states, e.data)
		}
		want := []map[string]any{
			{"name": "gateway-pr-1", "state": "awake"},
			{"name": "gateway-pr-2", "state": "awake"},
			{"name": "shop-pr-7", "state": "awake"},
		}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Error(diff)
		}
		time.Sleep(40 * time.Second) // of simulated time
		s.Request(t, "shop-pr-7", "sleep", "")
		s.Refresh(t.Context())
		second := next()
		if len(second) != 2 || second[0].kind != "put" || second[0].data["state"] != "asleep" ||
			second[1].id == first[len(first)-1].id {
			t.Errorf("after a change: %v", second)
		}
		if rest, took := next(), time.Since(began); len(rest) > 0 || took < 45*time.Second || took > time.Minute {
			t.Errorf("%v after %v", rest, took)
		}
		again := follow(t, connect, path, second[len(second)-1].id)()
		if len(again) != 1 || again[0].kind != "synced" {
			t.Errorf("an unchanged list is sent again: %v", again)
		}
	})
}

// An item that is gone is told with the fields that identify it.
func TestWatchDecisions(t *testing.T) {
	t.Parallel()
	served(t, func(t *testing.T, s *testworld.Service, connect func() net.Conn) {
		t.Helper()
		next := follow(t, connect, "/api/v1/decisions?watch=true&repository=acme/shop&fields=outcome", "")
		if first := next(); len(first) != 3 {
			t.Fatalf("%v", first)
		}
		s.Change(func() {
			shop := s.Repositories["acme/shop"]
			shop.PullRequests = shop.PullRequests[:1]
			s.Repositories["acme/shop"] = shop
		})
		s.Refresh(t.Context())
		second := next()
		want := map[string]any{"environment": "shop-pr-8", "repository": "acme/shop", "number": 8.0, "rule": "unlabelled"}
		if len(second) != 2 || second[0].kind != "delete" || cmp.Diff(want, second[0].data) != "" {
			t.Errorf("%v", second)
		}
	})
}
