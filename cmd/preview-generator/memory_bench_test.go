package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/githubtest"
)

// BenchmarkMemory runs the program with a GitHub with pull requests of about 20 KB each. It reports the peak of the
// resident memory from the start until a few refreshes later. Goal (issue 2): less than 200 MiB for 10,000 open pull
// requests.
func BenchmarkMemory(b *testing.B) {
	for _, o := range []organisation{{1, 10_000, 100}, {1, 10_000, 1000}, {1, 10_000, 10_000}, {1000, 100, 100}, {1000, 100, 1000}} {
		b.Run(fmt.Sprintf("repositories=%d/open=%d/live=%d", o.repositories, o.repositories*o.each, o.live), func(b *testing.B) {
			for b.Loop() {
				memory, state := peakMemory(b, o)
				b.ReportMetric(memory, "peak-RSS-MiB")
				b.ReportMetric(state, "state-KiB")
			}
		})
	}
}

// organisation has repositories with open pull requests. Some of all pull requests are labelled.
type organisation struct{ repositories, each, live int }

// peakMemory returns the generator's peak memory in MiB and the size of its saved state in KiB.
func peakMemory(b *testing.B, o organisation) (memory, state float64) {
	b.Helper()
	dir := b.TempDir()
	program, repository := filepath.Join(dir, "preview-generator"), filepath.Join(dir, "repository")
	shell(b, "go", "build", "-o", program, ".")
	o.gitOps(b, repository)
	token := filepath.Join(dir, "token")
	write(b, token, "t0ken")
	github := httptest.NewServer(o.github())
	defer github.Close()
	address := free(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	p := exec.CommandContext(ctx, program, "--listen", address, "--public-listen", free(b), "--token-file", token,
		"--config-repo", "file://"+repository, "--github-url", github.URL, "--poll-interval", "1s", "--log-level", "warn",
		"--state", filepath.Join(dir, "state"))
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	await(b, "http://"+address, 4)
	if n := metric(b, "http://"+address, `previewset_environments{state="awake"}`); n != float64(o.live) {
		b.Fatalf("%v live environments, want %d", n, o.live)
	}
	memory = peakOf(b, p.Process.Pid)
	saved, err := os.Stat(filepath.Join(dir, "state"))
	if err != nil {
		b.Fatal(err)
	}
	cancel()
	_ = p.Wait() // the error says that it was killed
	return memory, float64(saved.Size()) / (1 << 10)
}

const example = "acme/shop"

// names are the repositories. A single one has the example's name.
func (o organisation) names() []string {
	if o.repositories == 1 {
		return []string{example}
	}
	names := make([]string, o.repositories)
	for i := range names {
		names[i] = fmt.Sprintf("acme/service-%d", i)
	}
	return names
}

func (o organisation) github() *githubtest.Server {
	s := githubtest.New()
	s.SetPadding(8 << 10)
	s.SetQuota(1_000_000) // one request for the changed files of each labelled pull request
	s.AddRepository("acme/gateway")
	if o.repositories > 1 {
		s.AddRepository(example)
	}
	number := 0
	for _, name := range o.names() {
		r := s.AddRepository(name)
		for i := range o.each {
			p := githubtest.PullRequest{
				Title: fmt.Sprintf("Change number %d of this repository", i), Author: fmt.Sprintf("developer-%d", number%200),
				HeadRef: fmt.Sprintf("developer-%d/SHOP-%d-change", number%200, i), Labels: []string{"size/M"},
				Files: []githubtest.File{{Name: "orders/main.go"}, {Name: "products/main.go"}},
			}
			if number%(o.repositories*o.each/o.live) == 0 {
				p.Labels = append(p.Labels, "preview")
			}
			r.Open(p)
			number++
		}
	}
	return s
}

var limits = regexp.MustCompile(`(?s)\nlimits:.*`)

// gitOps commits the example GitOps repository without limits. Each additional repository has one service.
func (o organisation) gitOps(b *testing.B, dir string) {
	b.Helper()
	if err := os.CopyFS(dir, previewset.Example); err != nil {
		b.Fatal(err)
	}
	policy := filepath.Join(dir, "previewset.yaml")
	text, err := os.ReadFile(policy)
	if err != nil {
		b.Fatal(err)
	}
	var services strings.Builder
	for i, name := range o.names() {
		if name == example {
			continue // the example has its services
		}
		service := fmt.Sprintf("service-%d", i)
		fmt.Fprintf(&services, "  %s: {repository: %s, image: ghcr.io/%s, tag: \"{{ .SHA }}\"}\n", service, name, name)
		if err := os.CopyFS(
			filepath.Join(dir, "kustomize-base/services", service), os.DirFS(filepath.Join(dir, "kustomize-base/services/orders")),
		); err != nil {
			b.Fatal(err)
		}
	}
	write(b, policy, strings.Replace(limits.ReplaceAllString(string(text), "\n"), "\nservices:\n", "\nservices:\n"+services.String(), 1))
	shell(b, "git", "init", "-q", "-b", "main", dir)
	shell(b, "git", "-C", dir, "add", ".")
	shell(b, "git", "-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.dev", "commit", "-qm", "Begin")
}

func shell(b *testing.B, name string, args ...string) {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func write(b *testing.B, path, text string) {
	b.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

func free(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await polls the metrics until a number of refreshes has ended.
func await(b *testing.B, url string, refreshes float64) {
	b.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for {
		select {
		case <-deadline:
			b.Fatal("the generator didn't become ready")
		case <-tick.C:
			if metric(b, url, `previewset_refreshes_total{outcome="success"}`) >= refreshes {
				return
			}
		}
	}
}

func metric(b *testing.B, url, name string) float64 {
	b.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		return 0 // the generator is starting
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			v, _ := strconv.ParseFloat(value, 64)
			return v
		}
	}
	return 0
}

// peakOf reads VmHWM in MiB. It works on Linux only.
func peakOf(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("peak memory is read from /proc, which isn't here")
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
