package jira_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/jira"
	"github.com/previewset/previewset/internal/jiratest"
	"github.com/previewset/previewset/internal/preview"
)

const token = "jira-t0ken-0123456789"

var wanted = preview.RemoteLink{ID: "id", URL: "https://shop-pr-7.preview.example.dev", Title: "Preview shop-pr-7"}

// connect returns a client for a simulated Jira, whose clock stands still, and a function that moves the clock.
func connect(t *testing.T, server http.Handler, user, token string) (c *jira.Client, move func(time.Duration)) {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	c, err := jira.New(jira.Options{
		URL: s.URL + "/", User: user, Token: func() string { return token }, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, func(d time.Duration) { now = now.Add(d) }
}

func TestLinkIsCreatedAndChanged(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"bot@acme.example", ""} {
		server := jiratest.New(user, token, "SHOP-1")
		c, _ := connect(t, server, user, token)
		gone := wanted
		gone.Resolved = true
		for _, link := range []preview.RemoteLink{wanted, wanted, gone} {
			if exists, err := c.PutRemoteLink(t.Context(), "SHOP-1", link); !exists || err != nil {
				t.Fatal(exists, err)
			}
		}
		want := []jiratest.Link{{Issue: "SHOP-1", GlobalID: "id", URL: wanted.URL, Title: wanted.Title, Resolved: true}}
		if diff := cmp.Diff(want, server.Links()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIssueThatDoesNotExist(t *testing.T) {
	t.Parallel()
	server := jiratest.New("", token, "SHOP-1")
	c, _ := connect(t, server, "", token)
	for issue, requests := range map[string]int{
		"UTF-8": 1, "SHOP-1/../SHOP-1": 0, "shop-1": 0, "": 0, "SHOP-1\n": 0, "../../myself": 0, "SHOP-1?x=-1": 0,
	} {
		before := server.Requests()
		if exists, err := c.PutRemoteLink(t.Context(), issue, wanted); exists || err != nil {
			t.Errorf("%q: %v %v", issue, exists, err)
		}
		if got := server.Requests() - before; got != requests {
			t.Errorf("%q: %d requests", issue, got)
		}
	}
	if len(server.Links()) > 0 {
		t.Error(server.Links())
	}
}

func TestRefusalsNameTheRemedy(t *testing.T) {
	t.Parallel()
	redirect := http.RedirectHandler("https://sso.example/", http.StatusFound)
	tests := []struct {
		name, says string
		server     http.Handler
		token      string
	}{
		{"a wrong token", "--jira-token-file", jiratest.New("", token, "SHOP-1"), "another"},
		{"no permission", "permission to link issues", failing(http.StatusForbidden), token},
		{"a sign-in page", "--jira-url", redirect, token},
		{"a broken Jira", "500", failing(http.StatusInternalServerError), token},
		{"a message of Jira", "Bad Request", failing(http.StatusBadRequest), token},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := connect(t, tt.server, "", tt.token)
			exists, err := c.PutRemoteLink(t.Context(), "SHOP-1", wanted)
			if !exists || err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), tt.token) {
				t.Errorf("%v %v", exists, err)
			}
		})
	}
}

func failing(status int) *jiratest.Server {
	s := jiratest.New("", token, "SHOP-1")
	s.Fail(jiratest.Fault{Status: status})
	return s
}

func TestJiraCanAskForAPause(t *testing.T) {
	t.Parallel()
	server := jiratest.New("", token, "SHOP-1")
	server.Fail(jiratest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 120}, jiratest.Fault{Status: 503, RetryAfter: 1 << 40})
	c, move := connect(t, server, "", token)
	put := func(wantRequests int, wantsError bool) {
		t.Helper()
		_, err := c.PutRemoteLink(t.Context(), "SHOP-1", wanted)
		if got := server.Requests(); got != wantRequests || (err != nil) != wantsError {
			t.Errorf("%d requests, want %d: %v", got, wantRequests, err)
		}
	}
	put(1, true)
	move(119 * time.Second)
	put(1, true)
	move(2 * time.Second)
	put(2, true) // a proxy asks for many years
	move(time.Hour)
	put(3, false)
}

func TestInvalidAddressOfJira(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "acme.atlassian.net", "ftp://jira.example", "https://user:pw@jira.example", "https://jira.example/?a=b",
	} {
		if _, err := jira.New(jira.Options{URL: address}); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
