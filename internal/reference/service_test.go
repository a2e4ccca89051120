package reference_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/replica"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/github"
	"github.com/previewset/previewset/internal/githubmetrics"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// The secrets of the generator under test.
const (
	argoToken     = "argo-token"
	apiToken      = "api-token"
	webhookSecret = "webhook-secret"
)

// newService returns a service with the example's configuration, the simulated GitHub of the demo, and a small cluster,
// so that every endpoint has an answer and every metric a value.
func newService(t *testing.T) (*generator.Generator, *prometheus.Registry) {
	t.Helper()
	observed, client := newGitHub(t)
	registry := prometheus.NewRegistry()
	registry.MustRegister(observed)
	replica.New(replica.Options{Lease: noLease{}, Registry: registry, Logger: slog.New(slog.DiscardHandler)}) // for its metrics
	g := generator.New(generator.Options{
		ConfigBranch: exampleBranch{}, GitHub: client, Quota: client, Clock: client,
		Cluster: fakeCluster{}, Applications: fakeCluster{}, Workloads: fakeWorkloads{},
		Activity: fakePrometheus{}, Usage: fakePrometheus{},
		Token: secretFile(t, argoToken), APIToken: secretFile(t, apiToken), WebhookSecret: secretFile(t, webhookSecret),
		ConfigRepository: "acme/previews", EnvironmentMetrics: true, Registry: registry,
		Logger: slog.New(slog.DiscardHandler),
	})
	for range 2 { // the second one also reads activity and workloads
		g.Refresh(t.Context())
	}
	return g, registry
}

// noLease is a lease that no replica holds.
type noLease struct{ replica.Lease }

func (noLease) Holder() replica.Holder { return replica.Holder{} }

func newGitHub(t *testing.T) (*githubmetrics.Metrics, *github.Client) {
	t.Helper()
	server := httptest.NewServer(githubtest.Acme())
	t.Cleanup(server.Close)
	observed := githubmetrics.New()
	client, err := github.New(github.Options{
		BaseURL: server.URL, Token: func() (string, error) { return "token", nil }, Observe: observed.Observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	observed.SetSource(client)
	return observed, client
}

func secretFile(t *testing.T, value string) *secret.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call sends a request to a handler.
func call(t *testing.T, h http.Handler, method, path, body string,
	header map[string]string,
) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// exampleBranch is a config branch with the example's files, and a Prometheus in its policy.
type exampleBranch struct{}

const exampleCommit = "0123456789abcdef0123456789abcdef01234567"

func (exampleBranch) Read(context.Context) (config.Tree, error) {
	tree, err := configtree.Read(previewset.Example, func(folder string) (string, error) { return folder, nil })
	if err != nil {
		return tree, fmt.Errorf("read the example: %w", err)
	}
	tree.Commit, tree.Prefix = exampleCommit, "."
	policy := tree.Files["previewset.yaml"]
	policy.Content = append(policy.Content,
		"activity: {prometheus: {url: 'http://prometheus:9090', preset: traefik}}\n"...)
	tree.Files["previewset.yaml"] = policy
	return tree, nil
}

// fakeCluster is a cluster in which Argo CD deploys everything and one Deployment fails.
type fakeCluster struct{}

func (fakeCluster) Read(context.Context) (preview.Cluster, error) { return preview.Cluster{}, nil }

func (fakeCluster) Recover(context.Context) (preview.Recovered, error) {
	return preview.Recovered{}, nil
}

func (fakeCluster) Refresh(context.Context, string) error { return nil }

func (fakeCluster) Application(_ context.Context, name string) (*preview.ApplicationStatus, error) {
	if strings.HasSuffix(name, "-missing") {
		return nil, nil
	}
	return &preview.ApplicationStatus{
		Sync: "Synced", Health: "Degraded", Revision: exampleCommit, Operation: "Succeeded",
		Images: []string{"example.org/image:tag"},
		Unhealthy: &preview.UnhealthyResource{
			Kind: "Deployment", Name: "web", Health: "Degraded",
			Message: "image not found",
		},
	}, nil
}

// fakeWorkloads has one workload in every namespace that is asked for. A pattern gets the namespaces of the demo.
type fakeWorkloads struct{}

func (fakeWorkloads) Workloads(_ context.Context, namespaces string) ([]preview.Workload, error) {
	var workloads []preview.Workload
	for _, name := range []string{"gateway-pr-1", "shop-pr-1", "shop-pr-3"} {
		namespace := strings.Replace(namespaces, "*", name, 1)
		workloads = append(workloads, preview.Workload{
			Namespace: namespace, Kind: "Deployment", Name: "web", Replicas: 1, CPU: 100, Memory: 1 << 20,
		})
	}
	return workloads, nil
}

// fakePrometheus reports that every environment is used.
type fakePrometheus struct{}

func (fakePrometheus) Measure(context.Context, *config.Policy) (preview.Measurement, error) {
	return preview.Measurement{At: time.Now(), Window: time.Minute, Used: map[string]bool{}}, nil
}

func (fakePrometheus) Usage(_ context.Context, _ *config.Policy, by string, _ time.Duration) (preview.Usage, error) {
	return preview.Usage{
		Rows:    []preview.UsageRow{{Name: by, AwakeHours: 3, CPUCoreHours: 1.5}},
		Problem: "only 2 days are known",
	}, nil
}
