// Package prometheus runs a real Prometheus server on loopback and queries it.
//
// It doesn't know the metrics.
package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Programs returns the folder with prometheus and promtool. It fetches them if the folder doesn't have them.
func Programs(ctx context.Context) (string, error) {
	box, err := toolchain.Open(ctx)
	if err != nil {
		return "", err
	}
	return box.Unpack(ctx, os.Stderr, toolchain.Prometheus)
}

// Options of a server.
type Options struct {
	Jobs []Job
	// Rules are paths of rule files.
	Rules []string
	// Interval is the time between two scrapes and between two evaluations. Default: 1 s.
	Interval time.Duration
}

// Job is a scrape job.
type Job struct {
	Name    string
	Targets []Target
	// HonorLabels lets labels of metrics replace labels of the target.
	HonorLabels bool
}

// Target is an address to scrape.
type Target struct {
	// Address is host:port. Path defaults to /metrics.
	Address, Path string
	// Labels are added to the target's metrics.
	Labels map[string]string
}

// Server is a running Prometheus.
type Server struct {
	// URL of its API.
	URL string
	*process.Process
}

// Start runs the program with its files in the folder and waits until it is ready.
func Start(ctx context.Context, group *process.Group, program, folder string, o Options) (*Server, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "prometheus.yml")
	if err = os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	p, err := group.Start(process.Command{Name: "prometheus", Path: program, Dir: folder, Args: []string{
		"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(folder, "data"), "--web.listen-address=" + address,
	}})
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + address, Process: p}
	err = process.Poll(ctx, 30*time.Second, func(ctx context.Context) error {
		if ended := p.Ended(); ended != nil {
			return process.Final(ended)
		}
		return process.Get(ctx, s.URL+"/-/ready")
	})
	if err != nil {
		return nil, fmt.Errorf("wait for prometheus: %w\n%s", err, p.Tail(20))
	}
	return s, nil
}

// config returns the configuration as JSON, which is YAML too.
func (o Options) config() ([]byte, error) {
	type object = map[string]any
	var scrapes []object
	for _, job := range o.Jobs {
		var targets []object
		for _, target := range job.Targets {
			labels := map[string]string{"__metrics_path__": cmp.Or(target.Path, "/metrics")}
			maps.Copy(labels, target.Labels)
			targets = append(targets, object{"targets": []string{target.Address}, "labels": labels})
		}
		scrapes = append(scrapes, object{"job_name": job.Name, "honor_labels": job.HonorLabels, "static_configs": targets})
	}
	interval := fmt.Sprintf("%dms", cmp.Or(o.Interval, time.Second).Milliseconds())
	return json.Marshal(object{
		"global":         object{"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
		"scrape_configs": scrapes, "rule_files": o.Rules,
	})
}

// Series is one series of a query's result.
type Series struct {
	Labels map[string]string `json:"metric"`
	Value  [2]any            `json:"value"` // Unix time, and the value as a text
}

// Query evaluates an expression now. Its result must be a vector.
func (s *Server) Query(ctx context.Context, expression string) ([]Series, error) {
	var data struct{ Result []Series }
	if err := s.get(ctx, "/api/v1/query", url.Values{"query": {expression}}, &data); err != nil {
		return nil, fmt.Errorf("query %s: %w", expression, err)
	}
	return data.Result, nil
}

// Alert is a pending or firing alert.
type Alert struct {
	Labels, Annotations map[string]string
	State               string
}

// Alerts returns all pending and firing alerts.
func (s *Server) Alerts(ctx context.Context) ([]Alert, error) {
	var data struct{ Alerts []Alert }
	if err := s.get(ctx, "/api/v1/alerts", nil, &data); err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return data.Alerts, nil
}

func (s *Server) get(ctx context.Context, path string, query url.Values, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer := struct {
		Data  any
		Error string
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, answer.Error)
	}
	return nil
}
