package visit_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/generator/visit"
	"github.com/previewset/previewset/internal/preview"
)

const (
	firefox     = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	acceptsHTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	domain      = ".preview.example.dev"
	shopHost    = "shop-pr-7" + domain
)

// site answers visits. It serves the snapshot of a service, which a test can change. Wake requests stay in the queue.
type site struct {
	*testworld.Service
	changed *answer.Published // nil as long as no test has changed the snapshot
	queue   *pending.Queue
	handler http.Handler
}

func newSite(s *testworld.Service, trustedProxies ...string) *site {
	var proxies []netip.Prefix
	for _, p := range trustedProxies {
		proxies = append(proxies, netip.MustParsePrefix(p))
	}
	v := &site{Service: s, queue: pending.NewQueue()}
	log := slog.New(slog.DiscardHandler)
	environments := progress.NewReader(&testworld.Applications{}, nil, s.Clock, log)
	engine := httpserver.New(log, httpserver.NewMetrics(prometheus.NewRegistry()), httpserver.Bodies{Most: 1 << 20})
	engine.HandleMethodNotAllowed = false
	from := visit.Proxies{Trusted: proxies, SignIn: signin.Proxy{Secret: s.Token}}
	engine.NoRoute(visit.New(v, v.queue, environments, from, pageOf, s.Clock).Handle)
	v.handler = engine
	return v
}

// newSiteIn has the environment shop-pr-7 in a state.
func newSiteIn(t testing.TB, state preview.State, trustedProxies ...string) *site {
	t.Helper()
	v := newSite(testworld.Ready(t, testworld.New()), trustedProxies...)
	v.changeSnapshot(func(s *preview.Snapshot) {
		for i := range s.Rows {
			if s.Rows[i].Name == "shop-pr-7" {
				s.Rows[i].State = state
			}
		}
	})
	return v
}

// newAsleep has n environments, shop-pr-1 and so on. All of them are asleep.
func newAsleep(t testing.TB, n int, trustedProxies ...string) *site {
	t.Helper()
	w := testworld.New()
	var prs []preview.PullRequest
	for i := range n {
		prs = append(prs, testworld.WithPaths(testworld.PullRequest(i+1, "alice"), "orders/main.go"))
	}
	w.Tree = testworld.Tree(1, testworld.Policy+"limits: {environments: 2000, perOwner: 2000, perRepository: 2000}\n")
	w.Repositories = map[string]preview.Repository{
		"acme/gateway": testworld.Repository("acme/Gateway"), "acme/shop": testworld.Repository("acme/shop", prs...),
	}
	v := newSite(testworld.Ready(t, w), trustedProxies...)
	v.changeSnapshot(func(s *preview.Snapshot) {
		for i := range s.Rows {
			s.Rows[i].State = preview.Asleep
		}
	})
	return v
}

// Published returns the snapshot that is visited.
func (v *site) Published() *answer.Published {
	if v.changed != nil {
		return v.changed
	}
	return v.Service.Published()
}

// changeSnapshot changes a copy of the snapshot.
func (v *site) changeSnapshot(change func(*preview.Snapshot)) {
	last := v.Published()
	s := *last.Snapshot
	s.Rows, s.Decisions = slices.Clone(s.Rows), slices.Clone(s.Decisions)
	s.Memory.Lives, s.Memory.Requests = maps.Clone(s.Memory.Lives), maps.Clone(s.Memory.Requests)
	change(&s)
	v.changed = last.WithSnapshot(&s)
}

// takeRequests removes and returns the requests of all visits.
func (v *site) takeRequests() []preview.Request { return v.queue.Take().Requests.InOrder() }

// person returns the headers of a browser after a click on a link, with changes. An empty value removes a header.
func person(changes map[string]string) map[string]string {
	h := map[string]string{
		"User-Agent": firefox, "Accept": acceptsHTML,
		"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1",
	}
	maps.Copy(h, changes)
	return h
}

// visit sends a request to shopHost. The keys "Host" and "Remote" set the host and the client's address instead of
// headers.
func (v *site) visit(t testing.TB, method, path string, header map[string]string) testworld.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://"+shopHost+path, http.NoBody)
	for name, value := range header {
		switch name {
		case "Host":
			r.Host = value
		case "Remote":
			r.RemoteAddr = value
		default:
			r.Header.Set(name, value)
		}
		if value == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	v.handler.ServeHTTP(w, r)
	return testworld.ReadResponse(t, w.Result())
}

// wakes reports whether a person's visit sends a wake request.
func (v *site) wakes(t testing.TB, changes map[string]string) bool {
	t.Helper()
	v.visit(t, http.MethodGet, "/", person(changes))
	return len(v.takeRequests()) > 0
}

// stateAt returns "state name" of the environment at a host; empty if the host isn't ours.
func (v *site) stateAt(t *testing.T, host string) string {
	t.Helper()
	got := v.visit(t, http.MethodGet, "/", map[string]string{"Host": host, "Accept": "application/json"})
	var body struct{ Message, State string }
	if err := json.Unmarshal([]byte(got.Body), &body); err != nil || body.Message == "" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if body.State == "" {
		if got.Code != http.StatusNotFound {
			t.Errorf("a foreign host: %d %s", got.Code, got.Body)
		}
		return ""
	}
	code := http.StatusServiceUnavailable
	if body.State == "unknown" || body.State == "gone" {
		code = http.StatusNotFound
	}
	if got.Code != code {
		t.Errorf("state %s: code %d, want %d", body.State, got.Code, code)
	}
	name, _, _ := strings.Cut(body.Message, ":")
	return body.State + " " + name
}

// pageOf returns the address of an environment's page for signed-in people.
func pageOf(environment string) string { return "https://previews.example.dev/previews/" + environment }
