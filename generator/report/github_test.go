package report_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// reported is a service that reports to a simulated GitHub, which has the same pull requests as the world.
type reported struct {
	*testworld.World
	github  *githubtest.Server
	shop    *githubtest.Repo
	client  *github.Client
	argo    *testworld.Applications
	options []func(*generator.Options)
	service *testworld.Service
}

func newReported(t *testing.T, kinds ...report.Kind) *reported {
	t.Helper()
	r := &reported{
		World: testworld.New(), github: githubtest.New(),
		argo: &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}},
	}
	r.shop = r.github.AddRepository("acme/shop")
	for number := 1; number <= 9; number++ {
		r.shop.Open(githubtest.PullRequest{Number: number})
	}
	server := httptest.NewServer(r.github)
	t.Cleanup(server.Close)
	r.client = newGitHubClient(t, r.github, server.URL, slices.Contains(kinds, report.Check))
	r.shop.As("mallory").Comment(7, "<!-- previewset -->\nmine")
	r.Repositories["acme/gateway"] = testworld.Repository("acme/gateway")
	r.setHead(0x3ef, "Preview")
	_, keep := testworld.NewStore(t)
	r.options = []func(*generator.Options){keep, testworld.WithApplications(r.argo), func(o *generator.Options) {
		o.Reporter, o.Reports, o.App, o.Permissions = r.client, kinds, 7, r.client
	}}
	r.restart(t)
	return r
}

// newGitHubClient returns a client with a token, or with the credentials of the App 7.
func newGitHubClient(t testing.TB, g *githubtest.Server, url string, isApp bool) *github.Client {
	t.Helper()
	o := github.Options{BaseURL: url, Token: func() (string, error) { return "secret", nil }}
	if isApp {
		g.AllowApp(7, 8, nil)
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		o.Token, o.App = nil, &github.App{ID: 7, Installation: 8, Key: func() ([]byte, error) { return block, nil }}
	}
	c, err := github.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// restart starts the generator with the saved state.
func (r *reported) restart(t *testing.T) {
	t.Helper()
	r.service = testworld.Ready(t, r.World, r.options...)
}

// setHead gives pull request 7 a head commit and labels.
func (r *reported) setHead(commit int, labels ...string) {
	pr := testworld.WithPaths(testworld.PullRequest(7, "alice", labels...), "orders/main.go")
	pr.HeadSHA = head(commit)
	r.Change(func() { r.Repositories["acme/shop"] = testworld.Repository("acme/shop", pr) })
}

// deploy lets Argo CD deploy the environment with this change of its status.
func (r *reported) deploy(t *testing.T, change func(*preview.ApplicationStatus)) {
	t.Helper()
	row := r.service.Environment(t, "shop-pr-7").Row
	status := testworld.Synced(row)
	change(status)
	r.argo.Statuses[row.Namespace] = status
	r.refresh(t)
}

// refresh runs two refreshes: the second one reports what the first one has read.
func (r *reported) refresh(t *testing.T) {
	t.Helper()
	for range 2 {
		r.AdvanceClock(time.Minute)
		r.service.Refresh(t.Context())
	}
}

// deployments returns commit and states of each deployment.
func (r *reported) deployments() []string {
	var all []string
	for _, d := range r.shop.Deployments() {
		states := []string{strings.TrimLeft(d.SHA, "0"), d.Task}
		for _, s := range d.Statuses {
			states = append(states, s.State)
		}
		all = append(all, strings.Join(states, " "))
	}
	return all
}

func (r *reported) wantDeployments(t *testing.T, after string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.deployments()); diff != "" {
		t.Errorf("after %s: %s", after, diff)
	}
}

func healthy(*preview.ApplicationStatus) {}

func crashing(a *preview.ApplicationStatus) {
	a.Health = "Degraded"
	a.Unhealthy = &preview.UnhealthyResource{Kind: "Deployment", Name: "orders", Health: "Degraded", Message: "crash ``` @team"}
}

func TestDeploymentFollowsThePreview(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	r.refresh(t)
	r.deploy(t, healthy)
	r.wantDeployments(t, "the sync", "3ef shop-pr-7 in_progress success")
	last := r.shop.Deployments()[0]
	if s := last.Statuses[1]; last.Environment != "preview" || !last.Transient || !strings.HasPrefix(s.EnvironmentURL, "https://") {
		t.Errorf("%+v", last)
	}
	r.deploy(t, crashing)
	r.wantDeployments(t, "a crash", "3ef shop-pr-7 in_progress success failure")
	r.restart(t)
	r.refresh(t)
	r.wantDeployments(t, "a restart", "3ef shop-pr-7 in_progress success failure")
	r.setHead(0xbeef, "Preview")
	r.refresh(t)
	r.deploy(t, healthy)
	r.wantDeployments(t, "a push", "3ef shop-pr-7 in_progress success failure inactive", "beef shop-pr-7 in_progress success")
	r.setHead(0xbeef, "bug")
	r.refresh(t)
	r.refresh(t)
	r.wantDeployments(t, "the label is gone")
}

// A crash of the generator after GitHub created the deployment creates no second one.
func TestDeploymentOfALostAnswerIsFoundAgain(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	ctx := context.Background()
	first, err := r.client.Deploy(ctx, "acme/shop", head(0xa), "preview", "shop-pr-7")
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.client.Deploy(ctx, "acme/shop", head(0xa), "preview", "shop-pr-7")
	if err != nil || first != second {
		t.Errorf("%d and %d, error %v", first, second, err)
	}
}

func TestDeletedDeploymentIsCreatedAgain(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	r.deploy(t, healthy)
	id := r.shop.Deployments()[0].ID
	if _, err := r.client.SetDeploymentStatus(t.Context(), "acme/shop", id, "inactive", "", "", ""); err != nil {
		t.Fatal(err)
	}
	if err := r.client.DeleteDeployment(t.Context(), "acme/shop", id); err != nil {
		t.Fatal(err)
	}
	r.deploy(t, crashing)
	r.wantDeployments(t, "it was deleted", "3ef shop-pr-7 failure")
}

func TestCommentIsEditedInPlace(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Comment)
	r.deploy(t, healthy)
	own := r.shop.Comments(7)[1]
	r.deploy(t, crashing)
	r.restart(t)
	r.refresh(t)
	all := r.shop.Comments(7)
	if len(all) != 2 || all[0].Edits != 0 || all[1].ID != own.ID {
		t.Fatalf("%+v", all)
	}
	compareStatuses(t, "comment-ready", []string{own.Body})
	compareStatuses(t, "comment-failed", []string{all[1].Body})
	r.setHead(0x3ef, "bug")
	r.refresh(t)
	r.refresh(t)
	last := r.shop.Comments(7)[1]
	compareStatuses(t, "comment-removed", []string{last.Body})
	r.refresh(t)
	if again := r.shop.Comments(7)[1]; again.Edits != last.Edits {
		t.Errorf("edited again: %+v", again)
	}
}

// After the state was lost, the comment is found by its marker and its author.
func TestCommentIsFoundAfterTheStateWasLost(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Comment)
	r.deploy(t, healthy)
	_, other := testworld.NewStore(t)
	r.options = append(r.options, other)
	r.restart(t)
	r.refresh(t)
	if all := r.shop.Comments(7); len(all) != 2 || all[0].Edits != 0 {
		t.Errorf("%+v", all)
	}
}

// A preview that goes up and down is told at most so often.
func TestCommentHasFewEditsInAnHour(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Comment)
	for range 9 { // two minutes each
		r.deploy(t, healthy)
		r.deploy(t, crashing)
	}
	if edits := r.shop.Comments(7)[1].Edits; edits < 5 || edits > 12 {
		t.Errorf("%d edits in 36 minutes", edits)
	}
}

// The whole life of a preview costs few writes.
func TestLifeOfAPreviewCostsFewWrites(t *testing.T) {
	t.Parallel()
	for _, first := range []report.Kind{report.Status, report.Check} {
		t.Run("with a "+string(first), func(t *testing.T) {
			t.Parallel()
			r := newReported(t, first, report.Deployment, report.Comment)
			r.refresh(t)
			r.deploy(t, healthy)
			before := r.github.Count()
			for range 5 {
				r.refresh(t)
			}
			if n := r.github.Count() - before; n != 0 {
				t.Errorf("%d requests without a change", n)
			}
			r.setHead(0x3ef, "bug")
			r.refresh(t)
			r.refresh(t)
			if writes := r.writes(); writes == 0 || writes > 12 || len(r.shop.Deployments()) != 0 {
				t.Errorf("%d writes, %d deployments left", writes, len(r.shop.Deployments()))
			}
		})
	}
}

// writes returns how many requests have changed something at GitHub.
func (r *reported) writes() int {
	writes := 0
	for request, times := range r.github.Requests() {
		if request.Method != http.MethodGet && strings.HasPrefix(request.Path, "/repos/") {
			writes += times
		}
	}
	return writes
}

func head(commit int) string { return fmt.Sprintf("%040x", commit) }

// GitHub runs workflows about deployments from the deployed commit, with the repository's secrets.
func TestForkGetsNoDeployment(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	fork := testworld.WithPaths(testworld.PullRequest(8, "mallory", "Preview"), "orders/main.go")
	fork.HeadRepositoryID = 99
	r.Change(func() { r.Repositories["acme/shop"] = testworld.Repository("acme/shop", fork) })
	r.refresh(t)
	r.refresh(t)
	isHeld := func(d string) bool { return strings.HasPrefix(d, "shop-pr-8: held fork") }
	if decisions := r.service.Decisions(t); !slices.ContainsFunc(decisions, isHeld) {
		t.Fatalf("decisions: %v", decisions)
	}
	r.wantDeployments(t, "a fork")
}

// Each member of a shared environment has a deployment of its own head.
func TestJoinedPullRequestsHaveDeployments(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	joined := func(number, commit int, file string) preview.PullRequest {
		pr := testworld.WithPaths(testworld.PullRequest(number, "alice", "preview-with:checkout"), file)
		pr.HeadSHA = head(commit)
		return pr
	}
	r.Change(func() {
		r.Repositories["acme/shop"] = testworld.Repository(
			"acme/shop", joined(8, 0xa8, "orders/main.go"), joined(9, 0xa9, "web/main.ts"),
		)
	})
	r.refresh(t)
	r.refresh(t)
	row := r.service.Environment(t, "checkout").Row
	r.argo.Statuses[row.Namespace] = testworld.Synced(row)
	r.refresh(t)
	r.wantDeployments(t, "joining", "a8 checkout in_progress success", "a9 checkout in_progress success")
}

// Without the flag --report, a repository that refuses deployments is left alone, and others aren't affected.
func TestRefusingRepositoryGetsNoReports(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	r.github.AddRepository("acme/gateway").Open(githubtest.PullRequest{Number: 1})
	r.github.Inject(githubtest.Fault{Match: "POST /repos/acme/shop/deployments", Status: http.StatusForbidden, Times: 100})
	r.options = append(r.options, func(o *generator.Options) { o.StopsReporting = github.IsRefused })
	r.Change(func() {
		r.Repositories["acme/gateway"] = testworld.Repository("acme/gateway", testworld.PullRequest(1, "alice", "Preview"))
	})
	r.setHead(0xbeef, "Preview")
	r.restart(t)
	for range 5 {
		r.refresh(t)
	}
	refused := 0
	for request, times := range r.github.Requests() {
		if request.Status == http.StatusForbidden {
			refused += times
		}
	}
	if others := r.github.Repository("acme/gateway").Deployments(); refused != 1 || len(others) != 1 {
		t.Errorf("%d refusals, deployments of another repository: %+v", refused, others)
	}
}

// An earlier commit is live while the newest one waits. When the preview ends in this time, no deployment stays active.
func TestEndWhileACommitWaits(t *testing.T) {
	t.Parallel()
	r := newReported(t, report.Deployment)
	waiting := strings.Replace(
		testworld.Policy, `tag: "{{ .SHA }}", data: [postgres]`, `tag: "{{ .SHA }}", data: [postgres], ready: {check: image, app: ci}`, 1,
	)
	r.deploy(t, healthy)
	r.Change(func() { r.Tree = testworld.Tree(2, waiting) })
	r.setHead(0xbeef, "Preview")
	r.refresh(t)
	r.wantDeployments(t, "a push", "3ef shop-pr-7 in_progress success", "beef shop-pr-7 queued")
	r.setHead(0xbeef, "bug")
	r.refresh(t)
	r.refresh(t)
	r.wantDeployments(t, "the label is gone")
}
