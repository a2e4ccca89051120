package programs

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/internal/githubtest"
)

// container is what deployment.yaml gives the service's container.
type container struct {
	limit int64  // of the memory, in bytes
	soft  string // GOMEMLIMIT
}

func readContainer(t *testing.T) container {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(repository, "appsets/generator/deployment.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err = yaml.UnmarshalStrict(manifest, &deployment); err != nil {
		t.Fatal(err)
	}
	service := deployment.Spec.Template.Spec.Containers[0]
	found := container{limit: service.Resources.Limits.Memory().Value()}
	for _, e := range service.Env {
		if e.Name == "GOMEMLIMIT" {
			found.soft = e.Value
		}
	}
	if found.limit == 0 || found.soft == "" {
		t.Fatalf("deployment.yaml sets no limits: %+v", found)
	}
	return found
}

// run starts a command with the container's limits. The kernel refuses it more memory, and then it crashes.
func (l container) run(pidFile string) func(process.Command) process.Command {
	return func(c process.Command) process.Command {
		script := fmt.Sprintf(`ulimit -d %d && echo $$ >%q && exec "$0" "$@"`, l.limit>>10, pidFile)
		c.Args = append([]string{"-c", script, c.Path}, c.Args...)
		c.Path, c.Env = "/bin/sh", append(c.Env, "GOMEMLIMIT="+l.soft)
		return c
	}
}

// peak is the most memory that a process had until now, in bytes.
func peak(t *testing.T, pidFile string) int64 {
	t.Helper()
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "status"))
	if err != nil {
		t.Fatal(err)
	}
	var kibibytes int64
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err = fmt.Sscan(after, &kibibytes); err != nil {
		t.Fatal(err)
	}
	return kibibytes << 10
}

// TestServiceFitsIntoContainer lets everything be as large as the generator accepts, at once: the pages of two repositories
// at GitHub, four signed webhooks, and files on the config branch. The generator goes on within its container's limits.
func TestServiceFitsIntoContainer(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 60<<20)
	w := prepareWorld(t, nil, fromFiles, gitserver.Write("overlays/large/zeros", zeros), gitserver.Write("overlays/large/more", zeros))
	body := map[string]any{"body": strings.Repeat("x", 220<<10)} // 100 of them are 22 MiB; the limit of an answer is 24
	for _, repository := range []*githubtest.Repo{w.shop, w.gateway} {
		for range 100 {
			repository.Open(githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: orders, Raw: body})
		}
	}
	limits, pidFile := readContainer(t), filepath.Join(t.TempDir(), "pid")
	w.start(t, limits.run(pidFile))
	w.waitLive(t, "shop-pr-1", "e1")
	w.deliver(t, 4, 24<<20)
	w.waitLive(t, "gateway-pr-1", "e5")
	used := peak(t, pidFile)
	t.Logf("peak %d MiB of %d", used>>20, limits.limit>>20)
	if used > limits.limit {
		t.Errorf("the generator used %d MiB, its container has %d", used>>20, limits.limit>>20)
	}
}

// deliver sends signed webhooks of a size at once. Each is accepted, or refused because of the others.
func (w *world) deliver(t *testing.T, n, size int) {
	t.Helper()
	event := `{"action": "edited", "repository": {"full_name": "acme/shop"}, "pull_request": {"number": 1, "body": "`
	payload := append([]byte(event), bytes.Repeat([]byte("x"), size)...)
	payload = append(payload, `"}}`...)
	mac := hmac.New(sha256.New, []byte(w.webhookSecret))
	mac.Write(payload)
	header := map[string]string{
		"X-GitHub-Event": "pull_request", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}
	r := request{http.MethodPost, w.public + "/webhooks/github", header, string(payload)}
	var wait sync.WaitGroup
	failed := make([]error, n)
	for i := range n {
		wait.Go(func() { failed[i] = deliverOnce(t.Context(), r) })
	}
	wait.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Error(err)
	}
}

func deliverOnce(ctx context.Context, r request) error {
	code, body, err := r.send(ctx)
	if err == nil && code != http.StatusAccepted && code != http.StatusServiceUnavailable {
		err = fmt.Errorf("a webhook: status %d: %.300s", code, body)
	}
	return err
}
