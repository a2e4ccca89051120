package github

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestReportSetsTheCommitStatus(t *testing.T) {
	t.Parallel()
	_, shop, url := start(t)
	sha := githubtest.SHA("head")
	shop.Open(githubtest.PullRequest{HeadSHA: sha})
	c := client(t, url, Options{})
	if err := c.Report(t.Context(), "acme/shop", sha, "success", "the preview shop-pr-1 is live", "https://shop-pr-1.preview.example.dev"); err != nil {
		t.Fatal(err)
	}
	if err := c.Report(t.Context(), "acme/shop", sha, "pending", "building", ""); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"context": "previewset", "state": "pending", "description": "building", "target_url": nil},
		{"context": "previewset", "state": "success", "description": "the preview shop-pr-1 is live", "target_url": "https://shop-pr-1.preview.example.dev"},
	}
	got := statuses(t, url+"/repos/acme/shop/commits/"+sha+"/statuses")
	for _, s := range got {
		if s["target_url"] == "" {
			s["target_url"] = nil
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses, newest first (-want +got):\n%s", diff)
	}
}

func TestReportSaysWhatToDo(t *testing.T) {
	t.Parallel()
	g, _, url := start(t)
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/statuses", Status: http.StatusForbidden})
	err := client(t, url, Options{}).Report(t.Context(), "acme/shop", githubtest.SHA("head"), "pending", "building", "")
	if err == nil || !strings.Contains(err.Error(), "set commit status on") || !strings.Contains(err.Error(), "write commit statuses") {
		t.Errorf("it says %v", err)
	}
	for _, name := range []string{"shop", "acme/../../orgs", "acme/shop/hooks", "acme/.."} {
		if err := client(t, url, Options{}).Report(context.Background(), name, "", "pending", "", ""); err == nil || !strings.Contains(err.Error(), "is not a repository") {
			t.Errorf("%s: it says %v", name, err)
		}
	}
}

// GitHub's wish to slow down is one for reads too, and the other way round.
func TestReportHoldsBackWhenGitHubAsksTo(t *testing.T) {
	t.Parallel()
	g, repo, url := start(t)
	repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("head")})
	g.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/statuses", Kind: githubtest.SecondaryLimit})
	c := client(t, url, Options{})
	for range 2 {
		err := c.Report(t.Context(), "acme/shop", githubtest.SHA("head"), "pending", "building", "")
		if err == nil || !strings.Contains(err.Error(), "GitHub asks to slow down") {
			t.Errorf("it says %v", err)
		}
	}
	if _, err := c.Repository(t.Context(), "acme/shop", preview.Wants{}); err == nil || !strings.Contains(err.Error(), "GitHub asks to slow down") {
		t.Errorf("a read says %v", err)
	}
	if n := asked(g, "/"); n != 1 {
		t.Errorf("%d requests were sent, want one", n)
	}
}

func statuses(t *testing.T, url string) []map[string]any {
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
			if key != "context" && key != "state" && key != "description" && key != "target_url" {
				delete(s, key)
			}
		}
	}
	return all
}
