package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// FuzzEvent checks that each webhook is accepted or refused with a message. An accepted one queues at most its own
// repository.
func FuzzEvent(f *testing.F) {
	for _, d := range realEvents(f) {
		f.Add(d.Body, d.Event, d.GUID, "")
	}
	for _, body := range []string{
		"", "null", "[]", `"a"`, `{"repository":null}`, `{"repository":[]}`, `{"repository":{"full_name":7}}`,
		`{"Repository":{"FULL_NAME":"ACME/SHOP"}}`,
		`{"repository":{"full_name":"acme/shop"},"repository":{"full_name":"acme/other"}}`, "{\"repository\":{\"full_name\":\"acme/\u017fhop\"}}",
		strings.Repeat(`{"a":`, 1000), strings.Repeat("[", 11_000), "payload=%7B%7D", "\xff\x00", testworld.Labelled,
	} {
		f.Add([]byte(body), "pull_request", "1", "")
		f.Add([]byte(body), "", strings.Repeat("x", 200), "sha256=00")
	}
	s := newServer(f, testworld.Ready(f, testworld.New()))
	known := map[string]bool{"acme/shop": true, "acme/gateway": true, "acme/previews": true}
	f.Fuzz(func(t *testing.T, body []byte, event, delivery, signature string) {
		s.queue.Take()
		right := testworld.Sign(testworld.WebhookSecret, string(body))
		if signature == "" {
			signature = right
		}
		h := http.Header{"X-Github-Event": {event}, "X-Github-Delivery": {delivery}, "X-Hub-Signature-256": {signature}}
		got := raw(t, s.public, http.MethodPost, "/webhooks/github", "", body, h)
		got.Message(t)
		queued := slices.Collect(maps.Keys(s.queue.Take().Repositories))
		for _, name := range queued {
			if !known[name] {
				t.Errorf("an unconfigured repository is queued: %q", name)
			}
		}
		switch {
		case signature != right && got.Code != http.StatusUnauthorized:
			t.Errorf("a wrong signature: %d", got.Code)
		case got.Code != http.StatusAccepted && (got.Code < 400 || got.Code > 499 || len(queued) > 0):
			t.Errorf("answered %d, queued %q", got.Code, queued)
		case len(queued) > 1:
			t.Errorf("one event queues %q", queued)
		}
	})
}

// realEvents are the webhooks of all kinds of changes to a repository.
func realEvents(f *testing.F) []githubtest.Delivery {
	f.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	f.Cleanup(receiver.Close)
	gh := githubtest.New()
	shop := gh.AddRepository("acme/shop")
	gh.AddHook(receiver.URL, testworld.WebhookSecret)
	number := shop.Open(githubtest.PullRequest{Title: "Add a cart", Author: "alice", HeadRef: "feature/cart", Labels: []string{"preview"}})
	shop.As("bob").Edit(number, func(p *githubtest.PullRequest) {
		p.Title, p.Draft, p.HeadSHA, p.BaseRef = "Add two carts", true, githubtest.SHA("head"), "next"
		p.Labels = nil
	})
	shop.Review(number, githubtest.Review{Author: "carol", State: "APPROVED"})
	shop.SetStatus(githubtest.SHA("head"), githubtest.Status{Context: "image", State: "success"})
	shop.SetCheckRun(githubtest.SHA("head"), githubtest.CheckRun{Name: "image", Status: "completed", Conclusion: "success"})
	shop.CreateLabel("preview:full")
	shop.SetBranch("next", githubtest.SHA("next"))
	shop.DeleteBranch("next")
	shop.SetAnnotatedTag("v1", "commit", githubtest.SHA("v1"))
	shop.Merge(number)
	shop.Rename("acme/store")
	shop.SetPrivate(true)
	shop.Delete()
	return gh.Deliveries()
}

// FuzzParams checks that each request gets complete rows of the snapshot or a message, and never a 200 without a
// snapshot.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{
		testworld.ParamsBody, "", "{}", "null", " {} ", "[]", "{}{}", `{"input":null}`, `{"input":{"parameters":null}}`,
		`{"input":{"parameters":{"owner":["alice",null]}}}`,
		`{"applicationSetName":"previews","input":{"parameters":{"owner":"alice"}}}`,
		`{"input":{"parameters":{"owner":["ALICE","bob"],"source":"pull-request"}}}`,
		`{"input":{"parameters":{"repository":"acme/shop","profile":"full"}}}`, `{"input":{"parameters":{"owner":[]}}}`,
		`{"input":{"parameters":{"Owner":"alice"}}}`,
		`{"input":{"parameters":{"owner":"\u0000\ud800"}}}`, `{"input":{"parameters":{"owner":"erin"}}}`,
		`{"INPUT":{"parameters":{"owner":1e999}}}`, strings.Repeat("[", 11_000),
	} {
		f.Add([]byte(seed), "gzip", "application/json")
		f.Add([]byte(seed), "br;q=1, gzip;q=0.0", "")
	}
	s, unready := newServer(f, testworld.Ready(f, testworld.New())), newServer(f, testworld.NewService(f, testworld.New()))
	all := rowTexts(f, s.GetParams(f, testworld.ParamsBody))
	if len(all) != len(testworld.AllNames) {
		f.Fatalf("%d rows", len(all))
	}
	f.Fuzz(func(t *testing.T, body []byte, encoding, contentType string) {
		h := http.Header{"Authorization": {"Bearer " + testworld.ArgoToken}, "Accept-Encoding": {encoding}, "Content-Type": {contentType}}
		if got := raw(t, unready.private, http.MethodPost, testworld.ParamsPath, "", body, h); got.Code != http.StatusBadRequest &&
			got.Code != http.StatusServiceUnavailable {
			t.Errorf("without a snapshot: %d", got.Code)
		}
		got := raw(t, s.private, http.MethodPost, testworld.ParamsPath, "", body, h)
		if got.Code != http.StatusOK {
			if got.Message(t); got.Code != http.StatusBadRequest {
				t.Errorf("answered %d", got.Code)
			}
			return
		}
		rows := rowTexts(t, got)
		if !inOrder(rows, all) {
			t.Errorf("these aren't rows of the snapshot in order: %q", rows)
		}
		if len(rows) != len(all) && !strings.Contains(strings.ToLower(string(body)), "parameters") {
			t.Errorf("without a filter: %d rows of %d", len(rows), len(all))
		}
		if s.callers.Count() > 1000 || s.Published().FilteredSize() > 8<<20 {
			t.Errorf("%d callers and %d bytes of filtered answers are kept", s.callers.Count(), s.Published().FilteredSize())
		}
	})
}

// rowTexts are the JSON texts of an answer's rows. An incomplete list fails the test.
func rowTexts(t testing.TB, a testworld.Response) []string {
	t.Helper()
	var got struct {
		Output struct {
			Parameters []json.RawMessage `json:"parameters"`
		} `json:"output"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Code != http.StatusOK || got.Output.Parameters == nil {
		t.Fatalf("%d isn't a complete answer (%v): %.300q", a.Code, err, a.Body)
	}
	texts := []string{}
	for _, r := range got.Output.Parameters {
		texts = append(texts, string(r))
	}
	return texts
}

// inOrder reports whether all of some occur in others, in the same order and once.
func inOrder(some, others []string) bool {
	for _, o := range others {
		if len(some) > 0 && some[0] == o {
			some = some[1:]
		}
	}
	return len(some) == 0
}

// FuzzAPI checks that each name, query and token gets matching data or a message.
func FuzzAPI(f *testing.F) {
	for _, query := range []string{
		"", "repository=acme/shop&number=7", "repository=ACME/shop&repository=x", "number=8", "number=-1", "number=+7",
		"number=99999999999999999999", "number=", "repository=%00",
		"repository=%zz", "number=0x7", "a;b", "&&&==", "repository=acme%2Fshop&number=7&number=8",
	} {
		f.Add("shop-pr-7", query, testworld.APIToken)
	}
	for _, name := range []string{
		"gateway-pr-1", "", ".", "..", "a/b", "shop-pr-7/", "%2e%2e", "\x00", strings.Repeat("x", 5000), ":name", "*",
	} {
		f.Add(name, "", testworld.APIToken)
		f.Add(name, "verbose", testworld.ArgoToken)
	}
	s := newServer(f, testworld.Ready(f, testworld.New()))
	var everything decisionList
	decoded(f, s.Get(f, "/api/v1/decisions"), &everything)
	f.Fuzz(func(t *testing.T, name, query, token string) {
		h := http.Header{"Authorization": {"Bearer " + token}}
		one := raw(t, s.private, http.MethodGet, "/api/v1/environments/"+name, query, nil, h)
		list := raw(t, s.private, http.MethodGet, "/api/v1/decisions", query, nil, h)
		if token != testworld.APIToken {
			if one.Code == http.StatusOK || list.Code != http.StatusUnauthorized {
				t.Errorf("with the token %q: %d and %d", token, one.Code, list.Code)
			}
			return
		}
		environmentShown(t, name, one)
		if list.Code != http.StatusOK {
			if list.Message(t); list.Code != http.StatusBadRequest {
				t.Errorf("answered %d", list.Code)
			}
			return
		}
		var got decisionList
		decoded(t, list, &got)
		values, _ := url.ParseQuery(query) // invalid parts are ignored
		for _, d := range got.Decisions {
			if !slices.Contains(everything.Decisions, d) || !d.isAbout(values.Get("repository"), values.Get("number")) {
				t.Errorf("query %q: unexpected decision %+v", query, d)
			}
		}
	})
}

// FuzzRequest checks that only valid requests about live environments are accepted.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		"", " ", "{}", "null", "[]", `{"for":"48h","caller":"alice"}`, `{"for":"0s"}`, `{"for":"-1h"}`, `{"for":"9999999h"}`,
		`{"for":48}`, `{"for":"1e9h"}`, `{"until":"2026-12-24"}`,
		`{"caller":"\u001b[31m$(id)"}`, `{"caller":null}`, "{}{}", `{"for":"1h","for":"2h"}`, "\xff", strings.Repeat("[", 4000),
		`{"caller":"` + strings.Repeat("x", 5000) + `"}`,
	} {
		for _, action := range []string{preview.ActionWake, preview.ActionSleep, preview.ActionExtend} {
			f.Add("shop-pr-7", action, []byte(body))
		}
	}
	for _, name := range []string{"", ".", "shop-pr-8", "unknown", "a/b", "%2e%2e", "\x00", strings.Repeat("x", 5000)} {
		f.Add(name, preview.ActionWake, []byte("{}"))
		f.Add("shop-pr-7", name, []byte("{}"))
	}
	s := newServer(f, testworld.Ready(f, testworld.New(), testworld.WithClock))
	f.Fuzz(func(t *testing.T, name, action string, body []byte) {
		h := http.Header{"Authorization": {"Bearer " + testworld.APIToken}}
		got := raw(t, s.private, http.MethodPost, "/api/v1/environments/"+name+"/"+action, "", body, h)
		got.Message(t)
		requests := s.queue.Take().Requests.InOrder()
		if accepted := got.Code == http.StatusAccepted; accepted != (len(requests) == 1) || len(requests) > 1 ||
			!accepted && (got.Code < 400 || got.Code > 499) {
			t.Errorf("answered %d, requests %+v", got.Code, requests)
		}
		for _, r := range requests {
			known := slices.Contains([]string{preview.ActionWake, preview.ActionSleep, preview.ActionExtend}, r.Action)
			if !slices.Contains(testworld.AllNames, r.Environment) || !known || r.For < 0 || r.For > 0 && r.Action == preview.ActionSleep ||
				r.By == "" ||
				r.By != config.Printable(r.By) ||
				len(r.By) > 500 {
				t.Errorf("%q, %q and %q give the request %+v", name, action, body, r)
			}
		}
	})
}

// environmentShown checks that an answer is the environment or a message.
func environmentShown(t *testing.T, name string, got testworld.Response) {
	t.Helper()
	if got.Code != http.StatusOK {
		if got.Message(t); got.Code != http.StatusNotFound {
			t.Errorf("environment %q: %d", name, got.Code)
		}
		return
	}
	var row struct{ Name string }
	if decoded(t, got, &row); row.Name != name {
		t.Errorf("environment %q: got %q", name, row.Name)
	}
}

type decisionList struct{ Decisions []decision }

type decision struct {
	Repository, Environment, Outcome, Rule string
	Number                                 int
}

func (d decision) isAbout(repository, number string) bool {
	n, _ := strconv.Atoi(number) // 0 matches any number
	return (repository == "" || strings.EqualFold(repository, d.Repository)) && (n == 0 || n == d.Number)
}

func decoded(t testing.TB, a testworld.Response, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("%d with %.300q: %v", a.Code, a.Body, err)
	}
}

// raw sends a request. Its URL and headers may be invalid.
func raw(t *testing.T, h http.Handler, method, path, query string, body []byte, header http.Header) testworld.Response {
	t.Helper()
	w := httptest.NewRecorder()
	r := http.Request{
		Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: header, Host: "generator", Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, RemoteAddr: "192.0.2.1:1234",
	}
	if body != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	h.ServeHTTP(w, r.WithContext(t.Context()))
	return testworld.ReadResponse(t, w.Result())
}
