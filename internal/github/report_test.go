package github

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestReport(t *testing.T) {
	t.Parallel()
	_, shop, url := startGitHub(t)
	sha := githubtest.SHA("head")
	shop.Open(githubtest.PullRequest{HeadSHA: sha})
	c := newClient(t, url, Options{})
	host := "https://shop-pr-1.preview.example.dev"
	if err := c.Report(t.Context(), "acme/shop", sha, "success", "the preview shop-pr-1 is live", host); err != nil {
		t.Fatal(err)
	}
	if err := c.Report(t.Context(), "acme/shop", sha, "pending", "building", ""); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"context": "previewset", "state": "pending", "description": "building", "target_url": nil},
		{"context": "previewset", "state": "success", "description": "the preview shop-pr-1 is live", "target_url": host},
	}
	got := readStatuses(t, url+"/repos/acme/shop/commits/"+sha+"/statuses")
	for _, s := range got {
		if s["target_url"] == "" {
			s["target_url"] = nil
		}
	}
	assertEqual(t, want, got)
}

func TestReportErrorsHaveRemedies(t *testing.T) {
	t.Parallel()
	g, _, url := startGitHub(t)
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/statuses", Status: http.StatusForbidden})
	err := newClient(t, url, Options{}).Report(t.Context(), "acme/shop", githubtest.SHA("head"), "pending", "building", "")
	if err == nil || !strings.Contains(err.Error(), "write commit statuses") {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"shop", "acme/../../orgs", "acme/shop/hooks", "acme/.."} {
		err := newClient(t, url, Options{}).Report(t.Context(), name, "", "pending", "", "")
		if err == nil || !strings.Contains(err.Error(), "write owner/name") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A secondary rate limit pauses reports and reads.
func TestReportObeysRateLimit(t *testing.T) {
	t.Parallel()
	g, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("head")})
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/statuses", Kind: githubtest.SecondaryLimit})
	c := newClient(t, url, Options{})
	for range 2 {
		err := c.Report(t.Context(), "acme/shop", githubtest.SHA("head"), "pending", "building", "")
		if err == nil || !strings.Contains(err.Error(), "GitHub asks to slow down") {
			t.Errorf("error %v", err)
		}
	}
	readShopError(t, c, "GitHub asks to slow down")
	if n := countRequests(g, "/"); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// readStatuses reads the commit statuses and keeps four of their fields.
func readStatuses(t *testing.T, url string) []map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var all []map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for key := range s {
			if !slices.Contains([]string{"context", "state", "description", "target_url"}, key) {
				delete(s, key)
			}
		}
	}
	return all
}
