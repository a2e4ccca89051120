package stores

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
	server "github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

const (
	scrapeInterval = 200 * time.Millisecond
	window         = 2 * time.Second
	patience       = time.Minute
	namespace      = "preview-shop-pr-1"
)

// startExporter runs a store's exporter with the command and the variables of its manifest, and a Prometheus server that
// scrapes it as the PodMonitor says. It returns a function that measures use by the preset.
func startExporter(
	t *testing.T, e *environment, store, preset string, program toolchain.Package, address *strings.Replacer, flags ...string,
) (measure func(context.Context) (preview.Measurement, error), group *process.Group) {
	t.Helper()
	tools, err := toolchain.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := tools.Unpack(t.Context(), os.Stderr, program)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob(filepath.Join(folder, "prometheus-*-exporter"))
	if err != nil || len(programs) != 1 {
		t.Fatal(programs, err)
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", ports[0])
	c := e.command(t, store+"-exporter", "exporter", nil, address)
	// The image's entry point is the program. Without unshare's arguments, the rest are those of the manifest.
	c.Path, c.Args = programs[0], slices.Concat(c.Args[2:], flags, []string{"--web.listen-address=" + listen})
	group = process.NewGroup(t.TempDir())
	t.Cleanup(group.Close)
	if _, err = group.Start(c); err != nil {
		t.Fatal(err)
	}
	monitored := server.Target{Address: listen, Labels: map[string]string{"namespace": namespace, "pod": store + "-exporter-0"}}
	url := standtest.StartPrometheus(t, server.Options{
		Interval: scrapeInterval, Jobs: []server.Job{{Name: preset, Targets: []server.Target{monitored}}},
	}).URL
	policy := &config.Policy{
		NamespacePrefix: "preview-",
		Activity:        config.Activity{Prometheus: &config.PrometheusActivity{URL: url, Presets: []string{preset}}},
	}
	client := prometheus.New(prometheus.Options{Window: window})
	return func(ctx context.Context) (preview.Measurement, error) { return client.Measure(ctx, policy) }, group
}

// waitForUse measures until the namespace has this use.
func waitForUse(t *testing.T, what, preset string, want bool, measure func(context.Context) (preview.Measurement, error)) {
	t.Helper()
	begin := time.Now()
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		m, err := measure(ctx)
		if used, isKnown := m.Stores[preset][namespace]; err != nil || !isKnown || used != want {
			return fmt.Errorf("%w; measured %v", err, m.Stores)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s: after %s", what, time.Since(begin).Round(10*time.Millisecond))
}

// connect keeps a connection to PostgreSQL open until the end.
func (p *postgres) connect(t *testing.T) (end func()) {
	t.Helper()
	session, err := p.group.Start(p.psql(t, "app", "--command=SELECT pg_sleep(600)"))
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		p.query(t, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()")
		session.Stop(time.Minute)
	}
}

func TestConnectionsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	e := build(t, "data/postgres", "data/postgres/datasets/empty", "data/postgres/exporters/postgresql")
	p := startPostgres(t, e)
	measure, group := startExporter(t, e, "postgres", "postgresql", toolchain.PostgresExporter,
		strings.NewReplacer("postgres:5432/", fmt.Sprintf("127.0.0.1:%d/", p.port)),
		// Debian 12 has version 0.11, which doesn't label connections yet. Without these collectors it has only one.
		"--no-collector.database", "--no-collector.bgwriter")
	waitForUse(t, "only the exporter is connected", "postgresql", false, measure)
	end := p.connect(t)
	waitForUse(t, "a service is connected", "postgresql", true, measure)
	wantKept(t, measure)
	end()
	waitForUse(t, "a window after the connection", "postgresql", false, measure)
	wantExpired(t, measure)
	group.Close()
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		m, err := measure(ctx)
		if used, isKnown := m.Stores["postgresql"][namespace]; isKnown {
			return fmt.Errorf("without its exporter the use is %t: %w", used, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCommandsOfRedis(t *testing.T) {
	t.Parallel()
	e := build(t, "data/redis", "data/redis/datasets/truncated", "data/redis/exporters/redis")
	ask, _, port := startRedisAt(t, e)
	measure, _ := startExporter(t, e, "redis", "redis", toolchain.RedisExporter,
		strings.NewReplacer("redis://redis:6379", fmt.Sprintf("redis://127.0.0.1:%d", port)))
	waitForUse(t, "no service is connected", "redis", false, measure)
	ask("set", "a", "1")
	waitForUse(t, "a command", "redis", true, measure)
	waitForUse(t, "a window after the command", "redis", false, measure)
	ask("ping")
	for range 10 {
		m, err := measure(t.Context())
		if err == nil && m.Stores["redis"][namespace] {
			t.Fatal("a ping is use")
		}
	}
}

// deleteAfterIdle is long enough for a few measurements.
const deleteAfterIdle = 4 * time.Second

// resolver resolves the environment of one pull request with measurements of a store.
func resolver(t *testing.T, measure func(context.Context) (preview.Measurement, error)) func() *preview.Snapshot {
	t.Helper()
	const policy = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
namespacePrefix: preview-
baseline: {namespace: staging}
services: {orders: {repository: acme/shop, image: ghcr.io/acme/orders, data: [postgres]}}
profiles: {changed: {run: changed}}
pullRequests: {profile: changed}
activity: {prometheus: {url: "http://prometheus:9090", presets: [postgresql]}}
lifetime: {deleteAfterIdle: 4s}
`
	tree := config.Tree{
		Commit: strings.Repeat("c", 40), Prefix: ".", Files: map[string]config.File{config.PolicyFile: {Content: []byte(policy)}},
		Kustomizations: map[string]bool{}, Hashes: map[string]string{},
	}
	for _, folder := range []string{
		"overlays/preview", "kustomize-base/services/orders/run", "kustomize-base/services/orders/link", "kustomize-base/components/guardrails",
		"kustomize-base/data/postgres", "kustomize-base/data/postgres/datasets/empty", "kustomize-base/data/postgres/exporters/postgresql",
	} {
		tree.Kustomizations[folder] = true
	}
	cfg, err := config.Load(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	var memory preview.Memory
	return func() *preview.Snapshot {
		m, err := measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now, skew := time.Now(), time.Duration(0)
		s := preview.Resolve(cfg, preview.Facts{
			Activity: m, Skew: &skew, PollInterval: time.Second,
			Repositories: map[string]preview.Repository{"acme/shop": {
				ID: 1, FullName: "acme/shop", ReadAt: now, PullRequests: []preview.PullRequest{{
					Number: 1, Title: "Orders", URL: "https://github.com/acme/shop/pull/1", Author: "alice", Labels: []string{"preview"},
					Created: now.Add(-time.Hour), Branch: "orders", TargetBranch: "main", HeadSHA: strings.Repeat("a", 40),
					BaseSHA: strings.Repeat("b", 40), HeadRepositoryID: 1, BaseRepositoryID: 1,
					Changes: &preview.Changes{Paths: []string{"main.go"}},
				}},
			}},
		}, memory, now)
		memory = s.Memory
		return s
	}
}

// wantKept checks that connections keep the environment for longer than deleteAfterIdle.
func wantKept(t *testing.T, measure func(context.Context) (preview.Measurement, error)) {
	t.Helper()
	resolve, begin := resolver(t, measure), time.Now()
	for resolutions := 1; ; resolutions++ {
		s := resolve()
		if len(s.Rows) != 1 || s.Rows[0].Namespace != namespace {
			t.Fatalf("after %s the connected environment isn't there: %+v", time.Since(begin), s.Decisions)
		}
		if time.Since(begin) > 2*deleteAfterIdle {
			t.Logf("kept for %s, in %d snapshots", time.Since(begin).Round(time.Second), resolutions)
			return
		}
	}
}

// wantExpired checks that the environment expires without connections, and not earlier.
func wantExpired(t *testing.T, measure func(context.Context) (preview.Measurement, error)) {
	t.Helper()
	resolve, begin := resolver(t, measure), time.Now()
	err := process.Poll(t.Context(), patience, func(context.Context) error {
		s := resolve()
		if len(s.Rows) > 0 {
			return fmt.Errorf("it is still there: %+v", s.Decisions)
		}
		for _, d := range s.Decisions {
			if d.Rule == preview.RuleIdle {
				return nil
			}
		}
		return process.Final(fmt.Errorf("it is gone for another reason: %+v", s.Decisions))
	})
	if took := time.Since(begin); err != nil || took < deleteAfterIdle {
		t.Fatalf("after %s: %v", took, err)
	}
	t.Logf("expired after %s", time.Since(begin).Round(100*time.Millisecond))
}
