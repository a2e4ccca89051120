package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/internal/githubtest"
)

// rounds is the number of times that each duration is measured.
const rounds = 20

// latencies are the response times of the simulated GitHub. The real one needs 100 to 300 ms for a list.
var latencies = []time.Duration{0, 150 * time.Millisecond}

// contender is a repository of one of the two generators. Its labelled pull requests become Applications.
type contender struct {
	*githubtest.Repo
	application string // format of its Applications' names, with the number
	waiting     []int  // pull requests without a label
	took        map[time.Duration]times
}

// Goal: from the label to the Application, with webhooks, PreviewSet's median is at most the median of Argo CD's
// own generator with its webhook, in the same run.
//
// The time begins with the call that sets the label in the simulated GitHub, which sends the webhook at once. It ends
// when the API server's watch shows the Application. Both ApplicationSets belong to one controller. It is idle before
// each label and has the same number of Applications of each. PreviewSet needs one more request: for the changed paths.
func BenchmarkLabelToApplication(b *testing.B) {
	for b.Loop() {
		theirs, ours := prepare(b)
		created := watchApplications(b)
		for range rounds {
			for _, latency := range latencies {
				slow(shared.GitHub, latency)
				theirs.round(b, created, latency)
				ours.round(b, created, latency)
			}
		}
		slow(shared.GitHub, 0)
		for _, latency := range latencies {
			t, o := theirs.took[latency].at(0.5), ours.took[latency].at(0.5)
			rows = append(rows, figures.Figure{
				Measure: fmt.Sprintf("label to Application, GitHub answers in %s", latency),
				Theirs:  theirs.took[latency].String(), Ours: ours.took[latency].String(), Ratio: ratio(t, o),
			})
			if o > t {
				b.Errorf("GitHub answers in %s: our median %s is above Argo CD's %s", latency, o, t)
			}
		}
	}
}

// round labels the next pull request and notes how long its Application takes.
func (c *contender) round(b *testing.B, created *applications, latency time.Duration) {
	b.Helper()
	number := c.waiting[0]
	c.waiting = c.waiting[1:]
	waitIdle(b, 300*time.Millisecond)
	begin := time.Now()
	c.Label(number, "preview")
	c.took[latency] = append(c.took[latency], created.wait(b, fmt.Sprintf(c.application, number)).Sub(begin))
}

var busy = regexp.MustCompile(`(?m)^(controller_runtime_active_workers\{.*|workqueue_depth\{.*) [1-9]`)

// waitIdle waits until Argo CD's controller has been idle for some time. A busy controller would delay the next
// measurement, or miss its event.
func waitIdle(b *testing.B, length time.Duration) {
	b.Helper()
	since := time.Now()
	eventually(b, "the ApplicationSet controller is idle", func(ctx context.Context) error {
		metrics, err := call(ctx, http.MethodGet, shared.ArgoCD.MetricsURL, "", nil)
		if err != nil {
			return err
		}
		if working := busy.Find(metrics); working != nil {
			since = time.Now()
			return fmt.Errorf("the controller is busy: %s", working)
		}
		if idle := time.Since(since); idle < length {
			return fmt.Errorf("the controller is idle for only %s", idle)
		}
		return nil
	})
}

// prepare installs Argo CD's generator for one repository and runs our service for another one. Both have webhooks and
// no polling.
func prepare(b *testing.B) (theirs, ours *contender) {
	b.Helper()
	theirs, ours = newContender("acme/theirs", "myapp-change-%[1]d-%[1]d"), newContender("acme/shop", "preview-shop-pr-%d")
	shared.GitHub.AddRepository("acme/gateway") // the example configures it
	if _, err := shared.Cluster.Kubectl(b.Context(), bytes.NewReader(theirSet(b)), "apply", "--filename=-"); err != nil {
		b.Fatal(err)
	}
	service, err := shared.RunService(b.Context(), "--poll-interval=1h", "--log-level=info")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(service.Kill)
	secret, err := shared.WebhookSecret()
	if err != nil {
		b.Fatal(err)
	}
	addWebhook(b, "acme/theirs", shared.ArgoCD.WebhookURL, "")
	addWebhook(b, "acme/shop", shared.PublicURL+"/webhooks/github", secret)
	return theirs, ours
}

// newContender opens all pull requests that will be labelled. Their authors differ because of the limits.
func newContender(repository, application string) *contender {
	c := &contender{Repo: shared.GitHub.AddRepository(repository), application: application, took: map[time.Duration]times{}}
	for i := range len(latencies) * rounds {
		c.waiting = append(c.waiting, c.Open(githubtest.PullRequest{
			Author: fmt.Sprintf("dev-%d", i), Files: []githubtest.File{{Name: "orders/main.go"}},
		}))
	}
	return c
}

// theirSet returns the ApplicationSet for pull requests of Argo CD's documentation. Argo CD's webhook refreshes only
// sets with an API address that contains the host of the webhook's repository. So the simulated GitHub has this name in
// its address.
func theirSet(b *testing.B) []byte {
	b.Helper()
	const prefix = "/x@api.github.com"
	server := httptest.NewServer(http.StripPrefix(prefix, shared.GitHub))
	b.Cleanup(server.Close)
	return fmt.Appendf(nil, `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: myapps, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: ["missingkey=error"]
  generators:
  - pullRequest:
      github: {owner: acme, repo: theirs, api: %q, labels: [preview]}
      requeueAfterSeconds: 1800
  template:
    metadata: {name: 'myapp-{{.branch_slug}}-{{.number}}'}
    spec:
      source:
        repoURL: https://github.com/acme/theirs.git
        targetRevision: '{{.head_sha}}'
        path: kubernetes/
        helm: {parameters: [{name: image.tag, value: 'pull-{{.author}}-{{.head_sha}}'}]}
      project: previews
      destination: {server: https://kubernetes.default.svc, namespace: default}
`, server.URL+prefix+"/")
}

// applications are the created Applications, with the time of the watch event.
type applications struct {
	mu   sync.Mutex
	came *sync.Cond
	seen map[string]time.Time
}

func watchApplications(b *testing.B) *applications {
	b.Helper()
	w, err := shared.Resource("applications").Watch(b.Context(), metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.Stop)
	a := &applications{seen: map[string]time.Time{}}
	a.came = sync.NewCond(&a.mu)
	go func() {
		for e := range w.ResultChan() {
			if object, ok := e.Object.(*unstructured.Unstructured); ok && e.Type == watch.Added {
				a.mu.Lock()
				a.seen[object.GetName()] = time.Now()
				a.mu.Unlock()
				a.came.Broadcast()
			}
		}
	}()
	return a
}

// wait waits for an Application and returns the time of its creation.
func (a *applications) wait(b *testing.B, name string) time.Time {
	b.Helper()
	timeout := time.AfterFunc(patience, a.came.Broadcast)
	defer timeout.Stop()
	end := time.Now().Add(patience)
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.seen[name].IsZero() {
		if !time.Now().Before(end) {
			b.Fatalf("Application %s wasn't created within %s", name, patience)
		}
		a.came.Wait()
	}
	return a.seen[name]
}
