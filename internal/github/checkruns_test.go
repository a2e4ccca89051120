package github

import (
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// newAppClient returns a client with the credentials of the App 7.
func newAppClient(t *testing.T, g *githubtest.Server, url string) *Client {
	t.Helper()
	g.AllowApp(7, 8, nil)
	key := newAppKey(t)
	return newClient(t, url, Options{App: &App{ID: 7, Installation: 8, Key: func() ([]byte, error) { return key, nil }}})
}

func newCheckRun(status, conclusion, externalID string) preview.CheckRun {
	return preview.CheckRun{
		SHA: githubtest.SHA("1"), Status: status, Conclusion: conclusion, ExternalID: externalID, Title: "t", Summary: "s",
		Actions: []preview.CheckRunAction{{Label: "Wake", Description: "Wake it", Identifier: "wake"}},
	}
}

func TestCheckRunIsFoundAgain(t *testing.T) {
	t.Parallel()
	g, shop, url := startGitHub(t)
	c := newAppClient(t, g, url)
	create := func(status, conclusion, externalID string) int64 {
		t.Helper()
		id, err := c.CreateCheckRun(t.Context(), "acme/shop", newCheckRun(status, conclusion, externalID))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := create("in_progress", "", "acme/shop#1")
	assertEqual(t, first, create("in_progress", "", "acme/shop#1"))
	other := create("in_progress", "", "acme/shop#2")
	assertEqual(t, first, create("completed", "success", "acme/shop#1"))
	reopened := create("in_progress", "", "acme/shop#1")
	assertEqual(t, reopened, create("completed", "failure", "acme/shop#1"))
	if first == other || first == reopened || len(shop.CheckRuns()) != 3 {
		t.Errorf("%+v", shop.CheckRuns())
	}
}

func TestCheckRunIsUpdated(t *testing.T) {
	t.Parallel()
	g, shop, url := startGitHub(t)
	c := newAppClient(t, g, url)
	id, err := c.CreateCheckRun(t.Context(), "acme/shop", newCheckRun("in_progress", "", "acme/shop#1"))
	if err != nil {
		t.Fatal(err)
	}
	ended := newCheckRun("completed", "neutral", "acme/shop#1")
	ended.Actions, ended.DetailsURL = nil, "https://shop.example"
	if exists, err := c.UpdateCheckRun(t.Context(), "acme/shop", id, ended); !exists || err != nil {
		t.Fatalf("exists %v, error %v", exists, err)
	}
	assertEqual(t, []githubtest.AppCheckRun{{
		ID: id, App: 7, SHA: githubtest.SHA("1"), Name: CheckRunName, ExternalID: "acme/shop#1", Status: "completed",
		Conclusion: "neutral", DetailsURL: "https://shop.example", Title: "t", Summary: "s",
		Actions: []githubtest.CheckRunAction{},
	}}, shop.CheckRuns())
	if exists, err := c.UpdateCheckRun(t.Context(), "acme/shop", id+1000, ended); exists || err != nil {
		t.Errorf("a missing run: exists %v, error %v", exists, err)
	}
	g.Inject(githubtest.Fault{Match: "PATCH /repos/acme/shop/check-runs", Status: http.StatusNotFound})
	if exists, err := c.UpdateCheckRun(t.Context(), "acme/shop", id, ended); !exists || err == nil {
		t.Errorf("a missing permission: exists %v, error %v", exists, err)
	}
}

func TestCheckRunWithoutAnApp(t *testing.T) {
	t.Parallel()
	_, _, url := startGitHub(t)
	_, err := newClient(t, url, Options{}).CreateCheckRun(t.Context(), "acme/shop", newCheckRun("queued", "", "x"))
	if err == nil || !strings.Contains(err.Error(), "write checks") {
		t.Errorf("error %v", err)
	}
}

func TestCanWrite(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.SetPermission("wendy", "write")
	repo.SetPermission("trish", "triage")
	repo.SetPermission("robot[bot]", "admin")
	s.Inject(githubtest.Fault{Match: "/collaborators/broken/", Status: 500, Times: 100})
	c := newClient(t, url, Options{})
	for name, want := range map[string]bool{"wendy": true, "trish": false, "robot[bot]": false, "stranger": false} {
		if can, err := c.CanWrite(t.Context(), "acme/shop", name, githubtest.ID(name)); can != want || err != nil {
			t.Errorf("%s: %v, error %v", name, can, err)
		}
	}
	if can, err := c.CanWrite(t.Context(), "acme/shop", "wendy", 1); can || err != nil {
		t.Errorf("another account with the login: %v, error %v", can, err)
	}
	if _, err := c.CanWrite(t.Context(), "acme/shop", "broken", 1); err == nil {
		t.Error("no error for an unreadable permission")
	}
}
