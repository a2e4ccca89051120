package report_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/report"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxLifeWrites is the goal for the writes in the life of a preview.
	maxLifeWrites = 12
	pollsPerHour  = 60
)

// BenchmarkGitHubCost counts the requests of a service that reads one pull request with a preview, and writes a check
// run, a deployment and a comment. Goals (issue 13): an hour without changes writes nothing and costs no quota, and the
// whole life of a preview, from label to removal, costs at most 12 writes.
func BenchmarkGitHubCost(b *testing.B) {
	for b.Loop() {
		short, hour := newPriced(b).life(b, 0)
		long, _ := newPriced(b).life(b, 1)
		b.ReportMetric(float64(hour.writes), "writes/unchanged-hour")
		b.ReportMetric(float64(hour.charged), "charged/unchanged-hour")
		b.ReportMetric(float64(hour.unchanged), "304s/unchanged-hour")
		b.ReportMetric(float64(short.writes), "writes/life")
		b.ReportMetric(float64(short.charged-short.writes), "charged-reads/life")
		b.ReportMetric(float64(long.writes-short.writes), "writes/push")
		if hour.writes+hour.charged > 0 || short.writes > maxLifeWrites {
			b.Errorf("an unchanged hour: %+v; a life: %+v", hour, short)
		}
	}
}

// priced is a service that reads and writes one simulated GitHub.
type priced struct {
	github  *githubtest.Server
	shop    *githubtest.Repo
	argo    *testworld.Applications
	service *testworld.Service
}

func newPriced(b *testing.B) *priced {
	b.Helper()
	p := &priced{
		github: githubtest.New(), argo: &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}},
	}
	p.shop = p.github.AddRepository("acme/shop")
	p.github.AddRepository("acme/gateway")
	server := httptest.NewServer(p.github)
	b.Cleanup(server.Close)
	client := newGitHubClient(b, p.github, server.URL, true)
	_, keep := testworld.NewStore(b)
	p.service = testworld.Ready(
		b, testworld.New(), testworld.WithoutLog, keep, testworld.WithApplications(p.argo), func(o *generator.Options) {
			o.GitHub, o.Reporter = client, client
			o.Reports = []report.Kind{report.Check, report.Deployment, report.Comment}
		},
	)
	return p
}

// life runs the life of a preview with pushes, and with one hour without changes, which has a cost of its own.
func (p *priced) life(b *testing.B, pushes int) (life, hour cost) {
	b.Helper()
	p.github.ResetCounts()
	number := p.shop.Open(githubtest.PullRequest{
		Labels: []string{"preview"}, Files: []githubtest.File{{Name: "orders/main.go"}},
	})
	p.deploy(b)
	for range pushes {
		p.shop.Push(number)
		p.deploy(b)
	}
	before := p.cost()
	p.poll(b, pollsPerHour)
	hour = p.cost().minus(before)
	p.shop.Unlabel(number, "preview")
	p.poll(b, 5)
	if left := p.service.GetParams(b, testworld.ParamsBody).Names(b); len(left)+len(p.shop.Deployments()) > 0 {
		b.Fatalf("%v and %d deployments are left", left, len(p.shop.Deployments()))
	}
	return p.cost().minus(hour), hour
}

// deploy lets Argo CD deploy the newest commit.
func (p *priced) deploy(b *testing.B) {
	b.Helper()
	p.poll(b, 2)
	row := p.service.Environment(b, "shop-pr-1").Row
	p.argo.Statuses[row.Namespace] = testworld.Synced(row)
	p.poll(b, 2)
}

func (p *priced) poll(b *testing.B, times int) {
	b.Helper()
	for range times {
		p.service.AdvanceClock(time.Minute)
		p.service.Refresh(b.Context())
	}
}

// cost is the number of requests that write, of answers 304 (they cost no quota), and of requests that cost quota.
type cost struct{ writes, unchanged, charged int }

func (p *priced) cost() cost {
	c := cost{unchanged: p.github.Count(http.StatusNotModified), charged: p.github.Charged()}
	for request, times := range p.github.Requests() {
		if request.Method != http.MethodGet && strings.HasPrefix(request.Path, "/repos/") {
			c.writes += times
		}
	}
	return c
}

func (c cost) minus(other cost) cost {
	return cost{c.writes - other.writes, c.unchanged - other.unchanged, c.charged - other.charged}
}
