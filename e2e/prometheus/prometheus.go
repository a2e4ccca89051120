// Package prometheus runs a real Prometheus server on loopback and asks it.
//
// It must not know what is measured.
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

// Programs returns the folder with prometheus and promtool, fetching them first if they aren't there yet.
func Programs(ctx context.Context) (string, error) {
	box, err := toolchain.Open(ctx)
	if err != nil {
		return "", err
	}
	return box.Unpack(ctx, os.Stderr, toolchain.Prometheus)
}

// Options say what a server does.
type Options struct {
	Jobs []Job
	// Rules are files of rules to evaluate.
	Rules []string
	// Interval is how often all of it is done; default every second.
	Interval time.Duration
}

// Job is targets that are scraped as one.
type Job struct {
	Name    string
	Targets []Target
	// HonorLabels lets metrics replace the target's labels.
	HonorLabels bool
}

// Target is one to scrape.
type Target struct {
	// Address is its host:port, Path by default /metrics.
	Address, Path string
	// Labels are given to what it says.
	Labels map[string]string
}

// Server is one that runs.
type Server struct {
	// URL is where it answers.
	URL string
	*process.Process
}

// Start runs the program with its files in the folder, and waits until it is ready.
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
		return nil, fmt.Errorf("prometheus isn't ready: %w\n%s", err, p.Tail(20))
	}
	return s, nil
}

// config is JSON, which is YAML too.
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

// Series is one of an answer's.
type Series struct {
	Labels map[string]string `json:"metric"`
	Value  [2]any            `json:"value"` // Unix time, and the value as a text
}

// Query evaluates an expression that yields a vector, now.
func (s *Server) Query(ctx context.Context, expression string) ([]Series, error) {
	var data struct{ Result []Series }
	if err := s.get(ctx, "/api/v1/query", url.Values{"query": {expression}}, &data); err != nil {
		return nil, fmt.Errorf("query %s: %w", expression, err)
	}
	return data.Result, nil
}

// Alert is one that is pending or firing.
type Alert struct {
	Labels, Annotations map[string]string
	State               string
}

// Alerts returns which there are.
func (s *Server) Alerts(ctx context.Context) ([]Alert, error) {
	var data struct{ Alerts []Alert }
	if err := s.get(ctx, "/api/v1/alerts", nil, &data); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
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
