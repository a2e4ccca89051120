package generator_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// quota is a GitHub quota that a test sets.
type quota struct {
	mu    sync.Mutex
	pause time.Duration
	low   bool
}

func (q *quota) set(pause time.Duration, low bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pause, q.low = pause, low
}

func (q *quota) Pause(interval time.Duration) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(q.pause, interval)
}

func (q *quota) Hurry() bool { q.mu.Lock(); defer q.mu.Unlock(); return !q.low }

func (*quota) Describe() string { return "12 of 5000 requests are left" }

func every(interval time.Duration, q *quota) []func(*generator.Options) {
	return []func(*generator.Options){func(o *generator.Options) { o.Interval, o.Quota = interval, q }}
}

func TestLowQuotaSlowsOnlyGitHubPolling(t *testing.T) {
	t.Parallel()
	q := &quota{pause: 3 * time.Minute}
	testworld.Run(t, every(time.Minute, q), func(s *testworld.Service) {
		testworld.Compare(t, "at first everything is read", [3]int{1, 1, 1}, s.TakeReads())
		testworld.Compare(t, "the interval of polling in seconds", 180.0, s.Metrics(t)["previewset_poll_interval_seconds"])
		if got := s.Source(t, "GitHub's quota"); !got.Fails("12 of 5000") || !got.Fails("2000-01-01T00:03:00Z") {
			t.Errorf("/readyz: %+v", got)
		}
		for range 2 {
			time.Sleep(time.Minute)
			synctest.Wait()
			testworld.Compare(t, "meanwhile only the config branch is read", [3]int{1, 0, 0}, s.TakeReads())
		}
		q.set(0, false)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		testworld.Compare(t, "then everything is read", [3]int{1, 1, 1}, s.TakeReads())
		testworld.Compare(t, "the interval of polling in seconds", 60.0, s.Metrics(t)["previewset_poll_interval_seconds"])
	})
}

func TestLowQuotaDefersReadsAfterWebhooks(t *testing.T) {
	t.Parallel()
	q := &quota{pause: time.Hour}
	testworld.Run(t, every(time.Minute, q), func(s *testworld.Service) {
		s.TakeReads()
		q.set(time.Hour, true)
		for range 10 {
			s.Deliver(t, "pull_request", "", testworld.Labelled)
			s.Deliver(t, "pull_request", "", strings.ReplaceAll(testworld.Labelled, "Shop", "gateway"))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		testworld.Compare(t, "a flood is no reason to read GitHub", [3]int{1, 0, 0}, s.TakeReads())
		testworld.Compare(t, "repositories that wait", 2.0, s.Metrics(t)["previewset_webhooks_deferred"])
		if got := s.Source(t, "GitHub's quota"); !strings.Contains(got.Text, "2 repositories") {
			t.Errorf("/readyz: %+v", got)
		}
		q.set(time.Hour, false) // the quota was renewed
		time.Sleep(time.Minute)
		synctest.Wait()
		testworld.Compare(t, "what waited is read once", [3]int{1, 1, 1}, s.TakeReads())
		testworld.Compare(t, "repositories that wait", 0.0, s.Metrics(t)["previewset_webhooks_deferred"])
	})
}

func TestPollReadsDeferredRepositories(t *testing.T) {
	t.Parallel()
	q := &quota{low: true}
	testworld.Run(t, every(time.Minute, q), func(s *testworld.Service) {
		s.TakeReads()
		s.Deliver(t, "pull_request", "", testworld.Labelled)
		time.Sleep(time.Minute)
		synctest.Wait()
		testworld.Compare(t, "it polls", [3]int{1, 1, 1}, s.TakeReads())
		q.set(0, false)
		time.Sleep(time.Minute)
		synctest.Wait()
		testworld.Compare(t, "it polls, and nothing twice", [3]int{1, 1, 1}, s.TakeReads())
	})
}

func TestSlowRepositoryDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	testworld.Run(t, every(time.Minute, &quota{}), func(s *testworld.Service) {
		hang := make(chan struct{})
		s.Change(func() { s.Blocked = map[string]chan struct{}{"acme/gateway": hang} })
		time.Sleep(time.Minute)
		synctest.Wait() // a poll waits for acme/gateway
		s.Change(func() {
			r := s.Repositories["acme/shop"]
			r.PullRequests = append(r.PullRequests[:1:1], testworld.PullRequest(8, "carol", "preview:full"))
			s.Repositories["acme/shop"] = r
		})
		s.Deliver(t, "pull_request", "1", testworld.Labelled)
		synctest.Wait()
		testworld.Compare(
			t, "live while acme/gateway hangs", []string{"gateway-pr-1", "gateway-pr-2", "shop-pr-7", "shop-pr-8"},
			s.GetParams(t, testworld.ParamsBody).Names(t),
		)
		close(hang)
	})
}

func TestPollingContinuesWithoutSlowRepository(t *testing.T) {
	t.Parallel()
	testworld.Run(t, every(time.Minute, &quota{}), func(s *testworld.Service) {
		hang := make(chan struct{})
		s.Change(func() { s.Blocked = map[string]chan struct{}{"acme/gateway": hang} })
		live := []string{"gateway-pr-1", "gateway-pr-2", "shop-pr-7", "shop-pr-8", "shop-pr-9"}
		for n := 8; n <= 9; n++ {
			s.Change(func() {
				r := s.Repositories["acme/shop"]
				r.PullRequests = append(r.PullRequests[:n-7:n-7], testworld.PullRequest(n, "carol", "preview:full"))
				s.Repositories["acme/shop"] = r
			})
			time.Sleep(100 * time.Second)
			synctest.Wait()
			testworld.Compare(t, "live while acme/gateway hangs", live[:n-4], s.GetParams(t, testworld.ParamsBody).Names(t))
		}
		s.Change(func() { s.Repositories["acme/gateway"] = testworld.Repository("acme/gateway") })
		close(hang)
		time.Sleep(100 * time.Second)
		synctest.Wait()
		testworld.Compare(t, "live once it was read", live[2:], s.GetParams(t, testworld.ParamsBody).Names(t))
	})
}

func TestWebhooksDuringReadCauseOneMore(t *testing.T) {
	t.Parallel()
	testworld.Run(t, every(time.Hour, &quota{}), func(s *testworld.Service) {
		s.TakeReads()
		hang := make(chan struct{})
		s.Change(func() { s.Blocked = map[string]chan struct{}{"acme/shop": hang} })
		for range 5 {
			s.Deliver(t, "pull_request", "", testworld.Labelled)
			synctest.Wait()
		}
		close(hang)
		synctest.Wait()
		testworld.Compare(t, "the one that ran, and one for the others", [3]int{0, 2, 0}, s.TakeReads())
	})
}

const header = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\npullRequest: acme/gateway#1\n"

func TestNewConfigurationReadsOnlyNewFacts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy string
		file   string
		want   [3]int
	}{
		"nothing else of GitHub": {testworld.Policy, "owner: alice\n", [3]int{1, 0, 0}},
		"a branch of one more":   {testworld.Policy, "services: {web: {branch: dev}}\n", [3]int{1, 1, 0}},
		"another label for preview": {
			strings.Replace(testworld.Policy, "pullRequests: {", "pullRequests: {label: show, ", 1), "", [3]int{1, 1, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testworld.Run(t, nil, func(s *testworld.Service) {
				s.TakeReads()
				s.Change(func() {
					s.Tree = testworld.Tree(2, tt.policy)
					if tt.file != "" {
						s.Tree.Files["overlays/gateway-pr-1/environment.yaml"] = config.File{Content: []byte(header + tt.file)}
						s.Tree.Hashes["overlays/gateway-pr-1"] = "o1"
					}
				})
				s.Deliver(t, "push", "", `{"repository":{"full_name":"acme/previews"}}`)
				synctest.Wait()
				testworld.Compare(t, "reads", tt.want, s.TakeReads())
				if problems := s.Get(t, "/readyz?verbose").Body; strings.Contains(problems, "[-] config") {
					t.Error(problems)
				}
			})
		})
	}
}

func TestSnapshotWaitsForReadsOfNewConfiguration(t *testing.T) {
	t.Parallel()
	testworld.Run(t, nil, func(s *testworld.Service) {
		hang := make(chan struct{})
		before := s.GetParams(t, testworld.ParamsBody).Body
		s.Change(func() {
			s.Blocked = map[string]chan struct{}{"acme/shop": hang}
			s.Tree = testworld.Tree(2, strings.Replace(testworld.Policy, `domain: preview.`, `domain: other.`, 1))
		})
		s.Deliver(t, "push", "", `{"repository":{"full_name":"acme/previews"}}`)
		s.Deliver(t, "push", "", `{"repository":{"full_name":"acme/gateway"}}`)
		synctest.Wait()
		testworld.Compare(t, "the answer meanwhile", before, s.GetParams(t, testworld.ParamsBody).Body)
		close(hang)
		synctest.Wait()
		if after := s.GetParams(t, testworld.ParamsBody).Body; !strings.Contains(after, "other.example.dev") {
			t.Error(after)
		}
	})
}

func TestWebhooksOfRenamedRepositoryAreUsed(t *testing.T) {
	t.Parallel()
	testworld.Run(t, nil, func(s *testworld.Service) {
		s.Change(func() { r := s.Repositories["acme/shop"]; r.FullName = "acme/Store"; s.Repositories["acme/shop"] = r })
		s.Deliver(t, "repository", "", testworld.Labelled)
		synctest.Wait()
		s.TakeReads()
		s.Deliver(t, "pull_request", "", `{"repository":{"full_name":"acme/store"}}`)
		synctest.Wait()
		testworld.Compare(t, "reads", [3]int{0, 1, 0}, s.TakeReads())
	})
}

// slowReporter sets statuses after a channel is closed.
type slowReporter struct {
	*testworld.Statuses
	may chan struct{}
}

func (r slowReporter) Report(ctx context.Context, _, _, _, _, _ string) error {
	select {
	case <-r.may:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func TestSlowCommitStatusesDelayNothing(t *testing.T) {
	t.Parallel()
	webhooks := testworld.WithWebhooks(t)
	synctest.Test(t, func(t *testing.T) {
		may := make(chan struct{})
		s := testworld.NewService(t, testworld.New(), webhooks, func(o *generator.Options) { o.Reporter = slowReporter{may: may} })
		s.Start(t)
		s.Change(func() { s.Repositories["acme/shop"] = testworld.Repository("acme/shop") })
		s.Deliver(t, "pull_request", "1", testworld.Labelled)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK || len(got.Names(t)) != 2 {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		close(may)
		synctest.Wait()
		testworld.Compare(t, "statuses set", 3.0, s.Metrics(t)["previewset_commit_statuses_total{outcome=success}"])
	})
}
