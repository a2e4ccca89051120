package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/applicationset/services/github_app_auth"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/internal/githubtest"
)

const (
	// polls is the number of polls in one hour, at one per minute. The cost of a poll doesn't depend on the interval, so
	// we poll every second, and Argo CD polls as fast as possible.
	polls = 60
	// quota is GitHub's quota of a user's token per hour.
	quota       = 5000
	pluginCalls = 1000
)

// Goals (issue 3): at one poll per minute, 50 unchanged repositories cost no quota in an hour after the first read. A
// webhook costs at most 2 requests, and a request of Argo CD costs none.
//
// Argo CD is its pull request generator, with one ApplicationSet per repository. That is its cheapest setup: a matrix
// with scmProvider also lists the repositories. After its quota is used up, GitHub refuses its requests, and it goes on
// sending them. PreviewSet is the built service. Its first read has separate rows. Both organisations have 1,000 live
// environments, and the changed paths of each pull request are read once.
func BenchmarkRequestsPerHour(b *testing.B) {
	for b.Loop() {
		fifty := newOrganisation(b, 50, 20, 20)
		many := newOrganisation(b, 500, 20, 2)
		fiftyService, fiftyFirst := fifty.begin(b)
		manyService, manyFirst := many.begin(b)
		fiftyEnds, manyEnds := fifty.hour(b, fiftyService), many.hour(b, manyService)
		fiftyHour, manyHour := fiftyEnds(), manyEnds()
		manyService.Kill() // from now on only Argo CD's generator sends requests
		eventFigures := fifty.events(b, fiftyService)
		fiftyService.Kill()

		fifty.report(b, "50 × 20", fiftyFirst, fiftyHour)
		rows = append(rows, eventFigures...)
		many.report(b, "500 × 20", manyFirst, manyHour)
		if fiftyHour.charged+manyHour.charged > 0 {
			b.Errorf("an hour without changes costs %d and %d requests of the quota", fiftyHour.charged, manyHour.charged)
		}
	}
}

// cost is the number of requests to GitHub, and the number of those that count towards the quota.
type cost struct{ requests, charged int }

func (o *organisation) cost() cost { return cost{o.Count(), o.Charged()} }

func (c cost) since(before cost) cost {
	return cost{c.requests - before.requests, c.charged - before.charged}
}

// begin runs the generator until its first complete read.
func (o *organisation) begin(b *testing.B) (*service, cost) {
	b.Helper()
	s := o.start(b, "--poll-interval=1s")
	s.waitPolls(b, 1)
	return s, o.cost()
}

// hour starts the count. The returned function waits for the polls of one hour.
func (o *organisation) hour(b *testing.B, s *service) func() cost {
	b.Helper()
	done := s.polls(b) + 1
	s.waitPolls(b, done) // directly after a poll
	before := o.cost()
	return func() cost {
		s.waitPolls(b, done+polls)
		hour := o.cost().since(before)
		hour.requests = hour.requests * polls / (s.polls(b) - done)
		return hour
	}
}

func (o *organisation) report(b *testing.B, size string, first, hour cost) {
	b.Helper()
	o.SetQuota(quota)
	now := time.Now()
	o.SetClock(func() time.Time { return now })
	o.ResetCounts()
	g := newTheirs(b, o)
	theirFirst, dry := g.poll(b), 0
	for minute := 1; minute <= polls; minute++ {
		now = now.Add(time.Minute)
		if g.poll(b); g.refused > 0 && dry == 0 {
			dry = minute
		}
	}
	their := o.cost().since(theirFirst)
	counted(size+", first read: requests", theirFirst.requests, first.requests)
	counted(size+", first read: charged", theirFirst.charged, first.charged)
	counted(size+", each hour after it: requests", their.requests, hour.requests)
	counted(size+", each hour after it: charged", their.charged, hour.charged)
	if dry > 0 {
		rows = append(rows, figures.Figure{Measure: size + ", quota of 5,000 used up", Theirs: fmt.Sprintf("after %d min", dry), Ours: "never"})
	}
}

// theirs is Argo CD's pull request generator with one ApplicationSet per repository.
type theirs struct {
	o         *organisation
	generator generators.Generator
	sets      []*v1alpha1.ApplicationSetGenerator
	refused   int
}

func newTheirs(b *testing.B, o *organisation) *theirs {
	b.Helper()
	b.Setenv("GITHUB_TOKEN", "theirs") // Argo CD uses this variable by default, without documentation
	none := fake.NewClientBuilder().Build()
	g := &theirs{o: o, generator: generators.NewPullRequestGenerator(none, generators.NewSCMConfig("", nil, true, noApps{}, true))}
	for i := range o.repos {
		_, repository, _ := bytes.Cut([]byte(repositoryName(i)), []byte("/"))
		g.sets = append(g.sets, &v1alpha1.ApplicationSetGenerator{PullRequest: &v1alpha1.PullRequestGenerator{
			Github: &v1alpha1.PullRequestGeneratorGithub{Owner: "acme", Repo: string(repository), API: o.url + "/", Labels: []string{"preview"}},
		}})
	}
	return g
}

type noApps struct{}

// GetAuthSecret implements github_app_auth.Credentials.
func (noApps) GetAuthSecret(context.Context, string) (*github_app_auth.Authentication, error) {
	return nil, errors.New("there is no GitHub App")
}

// poll makes every ApplicationSet generate once.
func (g *theirs) poll(b *testing.B) cost {
	b.Helper()
	set := &v1alpha1.ApplicationSet{ObjectMeta: metav1.ObjectMeta{Name: "previews", Namespace: "argocd"}}
	for i := range g.sets {
		rows, err := g.generator.GenerateParams(g.sets[i], set, nil)
		switch {
		case err != nil:
			g.refused++
		case len(rows) == 0:
			b.Fatalf("%s has no pull requests", repositoryName(i))
		}
	}
	return g.o.cost()
}

// events measures the cost of webhooks and of Argo CD's requests.
func (o *organisation) events(b *testing.B, s *service) []figures.Figure {
	b.Helper()
	o.AddHook(s.public+"/webhooks/github", s.secret)
	most, total, deliveries := 0, o.Charged(), len(o.Deliveries())
	for i := range rounds {
		repo, number := o.repos[i], 1+i%20
		before := o.Charged()
		switch i % 2 {
		case 0:
			o.waitFor(b, s, repo.Push(number)) // two webhooks: push, pull_request
		case 1:
			o.waitFor(b, s, o.labelNew(repo))
		}
		most = max(most, o.Charged()-before)
	}
	sent := len(o.Deliveries()) - deliveries
	mean := float64(o.Charged()-total) / float64(sent)
	if most > 2 {
		b.Errorf("a webhook costs up to %d requests of the quota", most)
	}
	before := o.Charged()
	for range pluginCalls {
		if _, err := s.ask(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	asked := o.Charged() - before
	if asked > 0 {
		b.Errorf("%d plugin calls cost %d requests of the quota", pluginCalls, asked)
	}
	return []figures.Figure{
		{Measure: "charged for a webhook of a label or push: mean", Ours: fmt.Sprintf("%.2f", mean)},
		{Measure: "charged for a webhook of a label or push: most", Ours: fmt.Sprint(most)},
		{Measure: "charged for 1,000 plugin calls", Ours: fmt.Sprint(asked)},
	}
}

// labelNew opens and labels a pull request, and returns its head commit.
func (o *organisation) labelNew(repo *githubtest.Repo) (head string) {
	number := repo.Open(githubtest.PullRequest{Labels: []string{"preview"}, Files: []githubtest.File{{Name: "src/main.go"}}})
	pr, _ := repo.PullRequest(number)
	return pr.HeadSHA
}

// waitFor waits until a commit is in the answer and all reads after webhooks have ended.
func (o *organisation) waitFor(b *testing.B, s *service, head string) {
	b.Helper()
	eventually(b, "the answer has "+head, func(ctx context.Context) error {
		rows, err := s.ask(ctx)
		if err == nil && !bytes.Contains(rows, []byte(head)) {
			err = errors.New("it has not")
		}
		return err
	})
	for _, d := range o.Deliveries() {
		if d.Status != http.StatusAccepted {
			b.Fatalf("webhook %s: status %d", d.Event, d.Status)
		}
	}
	s.waitPolls(b, s.polls(b)+2)
}
