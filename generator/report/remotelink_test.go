package report_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/internal/jira"
	"github.com/previewset/previewset/internal/jiratest"
)

// linked is a service with a simulated Jira. Its pull request's branch names the issue ABC-7.
func linked(t *testing.T, kinds ...report.Kind) (*reported, *jiratest.Server) {
	t.Helper()
	r, server := newReported(t, kinds...), jiratest.New("bot@acme.example", "t0ken", "ABC-7", "SHOP-2")
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	client, err := jira.New(jira.Options{
		URL: api.URL, User: "bot@acme.example", Token: func() string { return "t0ken" }, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.options = append(r.options, func(o *generator.Options) {
		o.Jira = client
		if len(kinds) == 0 {
			o.Reporter = nil
		}
	})
	r.restart(t)
	r.refresh(t)
	return r, server
}

// setTitle changes the title of the pull request, and gives its branch a name without an issue.
func (r *reported) setTitle(title string) {
	r.Change(func() {
		pr := &r.Repositories["acme/shop"].PullRequests[0]
		pr.Title, pr.Branch = title, "feature/more"
	})
}

func (r *reported) wantLinks(t *testing.T, server *jiratest.Server, after string, want ...string) {
	t.Helper()
	var got []string
	for _, l := range server.Links() {
		text := l.Issue + " " + l.Title + " " + l.URL
		if l.Resolved {
			text += " resolved"
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %s: %s", after, diff)
	}
}

const shop7 = " Preview shop-pr-7 https://shop-pr-7.preview.example.dev"

func TestIssueLinksToItsPreview(t *testing.T) {
	t.Parallel()
	r, server := linked(t)
	r.wantLinks(t, server, "the label", "ABC-7"+shop7)
	r.deploy(t, crashing)
	r.restart(t)
	r.refresh(t)
	if server.Requests() != 1 {
		t.Errorf("%d requests until a restart", server.Requests())
	}
	r.setTitle("SHOP-2 Sell more")
	r.refresh(t)
	r.wantLinks(t, server, "another issue", "ABC-7"+shop7+" resolved", "SHOP-2"+shop7)
	r.restart(t)
	r.setHead(0x3ef, "bug")
	r.refresh(t)
	r.refresh(t)
	r.wantLinks(t, server, "the label is gone", "ABC-7"+shop7+" resolved", "SHOP-2"+shop7+" resolved")
	if server.Requests() != 4 {
		t.Errorf("%d requests in a preview's life", server.Requests())
	}
}

// Texts such as UTF-8 look like keys of issues.
func TestMissingIssueIsAskedForOnce(t *testing.T) {
	t.Parallel()
	r, server := linked(t)
	r.setTitle("UTF-8 in names")
	r.refresh(t)
	requests := server.Requests()
	r.refresh(t)
	r.restart(t)
	r.refresh(t)
	if server.Requests() != requests {
		t.Errorf("%d more requests", server.Requests()-requests)
	}
	r.setTitle("SHOP-2 names")
	r.refresh(t)
	r.wantLinks(t, server, "another title", "ABC-7"+shop7+" resolved", "SHOP-2"+shop7)
}

// A Jira that fails stops neither the reports to GitHub nor the generator.
func TestJiraFails(t *testing.T) {
	t.Parallel()
	r, server := linked(t, report.Deployment)
	for range 3 {
		server.Fail(jiratest.Fault{Status: http.StatusInternalServerError})
	}
	r.setTitle("SHOP-2 Sell more")
	r.deploy(t, healthy)
	r.wantDeployments(t, "a failure of Jira", "3ef shop-pr-7 in_progress success")
	failed := server.Requests()
	r.refresh(t)
	if server.Requests() != failed {
		t.Error("it is tried again at once")
	}
	for range 4 {
		r.AdvanceClock(6 * time.Minute)
		r.refresh(t)
	}
	r.wantLinks(t, server, "the failures", "ABC-7"+shop7+" resolved", "SHOP-2"+shop7)
}
