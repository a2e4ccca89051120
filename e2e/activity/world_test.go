// Package activity tests the generator's Prometheus queries on a real Prometheus server. It scrapes simulated ingress
// controllers, databases and the generator itself.
package activity

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
	server "github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/prometheus"
)

const (
	interval = 200 * time.Millisecond
	window   = 3 * time.Second
	patience = 30 * time.Second
)

func TestMain(m *testing.M) {
	// Tests wait more than they compute.
	if err := flag.Set("test.parallel", "10"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// world is a Prometheus server with its targets, and the client that queries it.
type world struct {
	*server.Server
	client *prometheus.Client
	policy *config.Policy
	pages  *pages
}

// begin starts a Prometheus server. Its targets are the pages, by path.
func begin(t *testing.T, activity config.PrometheusActivity, jobs ...server.Job) *world {
	t.Helper()
	w := &world{client: prometheus.New(prometheus.Options{Window: window}), pages: &pages{lines: map[string]map[string]string{}}}
	scraped := httptest.NewServer(w.pages)
	t.Cleanup(scraped.Close)
	for _, job := range jobs {
		for i := range job.Targets {
			job.Targets[i].Address = strings.TrimPrefix(scraped.URL, "http://")
			// Like a Pod, each has its own address.
			job.Targets[i].Labels = maps.Clone(job.Targets[i].Labels)
			if job.Targets[i].Labels == nil {
				job.Targets[i].Labels = map[string]string{}
			}
			job.Targets[i].Labels["instance"] = job.Targets[i].Path
		}
	}
	w.Server = standtest.StartPrometheus(t, server.Options{Jobs: jobs, Interval: interval})
	activity.URL = w.URL
	w.policy = &config.Policy{
		NamespacePrefix: "preview-", Activity: config.Activity{Prometheus: &activity},
		Services: config.Services{{Name: "gateway", Public: true}, {Name: "admin-gateway", Public: true}, {Name: "orders"}},
	}
	return w
}

// eventually measures until so is true. The conditions in always must hold for each measurement. On a busy machine a
// scrape may be late. Idle environments are unknown then, but never used.
func (w *world) eventually(t *testing.T, what string, so func(used map[string]bool) bool, always ...func(used map[string]bool) bool) {
	t.Helper()
	start := time.Now()
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		m, err := w.client.Measure(ctx, w.policy)
		// A measurement without any namespace is left to the conditions.
		if err != nil && !strings.Contains(err.Error(), "no samples of namespaces") {
			return err
		}
		measured := m.Used
		for _, store := range m.Stores { // each test has one preset
			measured = store
		}
		for i, must := range always {
			if !must(measured) {
				return process.Final(fmt.Errorf("meanwhile, %d: %v", i, measured))
			}
		}
		if !so(measured) {
			return fmt.Errorf("measured %v", measured)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%s: after %s", what, time.Since(start).Round(10*time.Millisecond))
}

func used(names ...string) func(map[string]bool) bool {
	return all(names, func(used, _ bool) bool { return used })
}

func idle(names ...string) func(map[string]bool) bool {
	return all(names, func(used, known bool) bool { return known && !used })
}

func unknown(names ...string) func(map[string]bool) bool {
	return all(names, func(_, known bool) bool { return !known })
}

func notUsed(names ...string) func(map[string]bool) bool {
	return all(names, func(used, _ bool) bool { return !used })
}

func notIdle(names ...string) func(map[string]bool) bool {
	return all(names, func(used, known bool) bool { return used || !known })
}

func all(names []string, so func(used, known bool) bool) func(map[string]bool) bool {
	return func(measured map[string]bool) bool {
		for _, name := range names {
			if u, known := measured[name]; !so(u, known) {
				return false
			}
		}
		return true
	}
}

// pages are the metrics of the targets: values by series, by path. A target without metrics is down.
type pages struct {
	mu    sync.Mutex
	lines map[string]map[string]string
	// growing is the value of series that grow with every scrape.
	growing int
}

// set sets the value of a series. An empty value removes it.
func (p *pages) set(path, series, number string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines[path] == nil {
		p.lines[path] = map[string]string{}
	}
	p.lines[path][series] = number
	if number == "" {
		delete(p.lines[path], series)
	}
}

// replace replaces all metrics of a target and returns the old ones.
func (p *pages) replace(path string, lines map[string]string) (old map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old = p.lines[path]
	p.lines[path] = lines
	return old
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines[r.URL.Path]
	if len(lines) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	p.growing++
	for series, number := range lines {
		if number == "grows" {
			number = fmt.Sprint(p.growing)
		}
		_, _ = io.WriteString(w, series+" "+number+"\n")
	}
}
