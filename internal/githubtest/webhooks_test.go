package githubtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// eventReceiver records the webhooks of acme/shop as "event action" or "event ref".
type eventReceiver struct {
	server *Server
	url    string

	mu   sync.Mutex
	seen []string
}

func newEventReceiver(t *testing.T, g *Server) *eventReceiver {
	t.Helper()
	e := &eventReceiver{server: g}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { e.receive(t, r) }))
	t.Cleanup(receiver.Close)
	e.url = receiver.URL
	return e
}

func (e *eventReceiver) receive(t *testing.T, r *http.Request) {
	t.Helper()
	body, _ := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write(body)
	var p struct {
		Action     string
		Ref        string
		Repository struct {
			FullName string `json:"full_name"`
		}
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&p); err != nil || p.Repository.FullName != "acme/shop" {
		t.Errorf("payload %s: %v", body, err)
	}
	if r.Header.Get("X-Hub-Signature-256") != fmt.Sprintf("sha256=%x", mac.Sum(nil)) {
		t.Error("wrong signature")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, strings.TrimRight(r.Header.Get("X-GitHub-Event")+" "+p.Action+p.Ref, " "))
}

// expect compares the webhooks since the last call.
func (e *eventReceiver) expect(t *testing.T, want ...string) {
	t.Helper()
	e.server.Deliveries()
	e.mu.Lock()
	defer e.mu.Unlock()
	diff(t, want, e.seen)
	e.seen = nil
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	g := start(t)
	events := newEventReceiver(t, g.Server)
	g.AddHook(events.url, "hush")
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	r.Label(1, "preview")
	r.Unlabel(1, "preview")
	r.Edit(1, func(p *PullRequest) { p.Title, p.Draft = "U", true })
	r.Edit(1, func(p *PullRequest) { p.Draft = false })
	events.expect(t, "pull_request opened", "pull_request labeled", "pull_request unlabeled", "pull_request converted_to_draft",
		"pull_request edited", "pull_request ready_for_review")
	r.Push(1)
	r.Close(1)
	r.Reopen(1)
	r.Merge(1)
	events.expect(t, "push refs/heads/change-1", "pull_request synchronize", "pull_request closed", "pull_request reopened",
		"pull_request closed", "push refs/heads/main")
	r.SetTag("v1", SHA("1"))
	r.DeleteTag("v1")
	r.SetStatus(SHA("1"), Status{State: "success"})
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Conclusion: "success"})
	r.Review(1, Review{State: "APPROVED"})
	events.expect(t, "create v1", "push refs/tags/v1", "delete v1", "push refs/tags/v1", "status", "check_run completed",
		"pull_request_review submitted")

	g.LoseDeliveries(1)
	r.Label(1, "again")
	sent := g.Deliveries()
	lost := sent[len(sent)-1]
	diff(t, true, lost.Lost)
	events.expect(t)
	g.Redeliver(lost.ID)
	events.expect(t, "pull_request labeled")
	sent = g.Deliveries()
	diff(t, []any{lost.GUID, 200}, []any{sent[len(sent)-1].GUID, sent[len(sent)-1].Status})
}

func TestWebhooksByREST(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.expect(201, g.do("POST", "/repos/acme/shop/hooks", `{"config":{"url":"http://127.0.0.1:1/"},"events":["pull_request"]}`))
	r.SetBranch("x", SHA("1")) // the hook isn't subscribed to it
	r.Open(PullRequest{})
	sent := g.Deliveries()
	diff(t, 1, len(sent))
	diff(t, 0, sent[0].Status)
	hook := fmt.Sprintf("/repos/acme/shop/hooks/%d", sent[0].hook.id)
	g.expect(202, g.do("POST", fmt.Sprintf("%s/deliveries/%d/attempts", hook, sent[0].ID), ""))
	g.Deliveries()
	diff(t, 2, len(parse[[]any](t, g.get(hook+"/deliveries"))))
	g.expect(204, g.do("DELETE", hook, ""))
	diff(t, "[]", g.get("/repos/acme/shop/hooks").body)
}

func TestWebhooksOfLabelsSuitesAndRepositories(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddHook("http://127.0.0.1:1/", "hush")
	r := g.AddRepository("acme/shop")
	r.CreateLabel("preview")
	r.Open(PullRequest{Labels: []string{"Bug", "preview"}})
	r.As("bob").Label(1, "again")
	r.RenameLabel("PREVIEW", "env")
	got, _ := r.PullRequest(1)
	diff(t, []string{"Bug", "env", "again"}, got.Labels)
	r.DeleteLabel("env")
	got, _ = r.PullRequest(1)
	diff(t, []string{"Bug", "again"}, got.Labels)
	r.SetCheckSuite(SHA("1"), CheckSuite{})
	r.Rename("acme/store")
	r.Rename("bob/store")
	r.SetPrivate(true)
	r.Delete()
	type shown struct{ Event, Action, Sender, Label, From, Name, Owner string }
	events := []shown{}
	for _, d := range g.Deliveries() {
		var p struct {
			Action  string
			Sender  struct{ Login string }
			Label   struct{ Name string }
			Changes struct {
				Name       struct{ From string }
				Repository struct{ Name struct{ From string } }
				Owner      struct {
					From struct{ User struct{ Login string } }
				}
			}
		}
		if err := json.Unmarshal(d.Body, &p); err != nil {
			t.Fatal(err)
		}
		from := p.Changes
		events = append(events, shown{
			d.Event, p.Action, p.Sender.Login, p.Label.Name, from.Name.From, from.Repository.Name.From,
			from.Owner.From.User.Login,
		})
	}
	diff(t, []shown{
		{"label", "created", "octocat", "preview", "", "", ""},
		{"pull_request", "opened", "octocat", "", "", "", ""},
		{"pull_request", "labeled", "bob", "again", "", "", ""},
		{"label", "edited", "octocat", "env", "PREVIEW", "", ""},
		{"label", "deleted", "octocat", "env", "", "", ""},
		{"pull_request", "unlabeled", "octocat", "", "", "", ""},
		{"check_suite", "requested", "octocat", "", "", "", ""},
		{"repository", "renamed", "octocat", "", "", "shop", ""},
		{"repository", "transferred", "octocat", "", "", "", "acme"},
		{"repository", "privatized", "octocat", "", "", "", ""},
		{"repository", "deleted", "octocat", "", "", "", ""},
	}, events)
}
