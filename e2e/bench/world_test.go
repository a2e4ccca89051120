package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/internal/githubtest"
)

// patience bounds waits that take a minute on an idle machine.
const patience = 6 * time.Minute

// organisation is a simulated GitHub with many repositories, and a folder of the config branch for them. Each
// repository has a service with paths, because this configuration needs the most requests.
type organisation struct {
	*githubtest.Server
	url    string // of its API
	folder string
	repos  []*githubtest.Repo
}

// newOrganisation has repositories with open pull requests each. The first pull requests are labelled.
func newOrganisation(b *testing.B, repositories, pullRequests, labelled int) *organisation {
	b.Helper()
	o := &organisation{Server: githubtest.New(), folder: fmt.Sprintf("organisation-%d", repositories)}
	server := httptest.NewServer(o)
	b.Cleanup(server.Close)
	o.url = server.URL
	for i := range repositories {
		r := o.AddRepository(repositoryName(i))
		for n := range pullRequests {
			pr := githubtest.PullRequest{Author: fmt.Sprintf("dev-%d-%d", i, n), Files: []githubtest.File{{Name: "src/main.go"}}}
			if n < labelled {
				pr.Labels = []string{"preview"}
			}
			r.Open(pr)
		}
		o.repos = append(o.repos, r)
	}
	if _, err := shared.Git.Change(b.Context(), "Add "+o.folder, o.configuration(repositories)); err != nil {
		b.Fatal(err)
	}
	return o
}

func repositoryName(i int) string { return fmt.Sprintf("acme/service-%03d", i) }

// configuration returns the files of the config branch.
func (o *organisation) configuration(repositories int) func(*os.Root) error {
	const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	policy := "apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.example.dev\nservices:\n"
	changes := []func(*os.Root) error{
		gitserver.Write(o.folder+"/overlays/preview/kustomization.yaml", "resources: []\n"),
		gitserver.Write(o.folder+"/kustomize-base/components/guardrails/kustomization.yaml", component),
	}
	for i := range repositories {
		name := fmt.Sprintf("service-%03d", i)
		policy += fmt.Sprintf("  %s: {repository: acme/%[1]s, paths: [\"src/**\"], image: ghcr.io/acme/%[1]s, "+
			"tag: \"{{ .SHA }}\", public: true}\n", name)
		for _, kind := range []string{"run", "link"} {
			file := fmt.Sprintf("%s/kustomize-base/services/%s/%s/kustomization.yaml", o.folder, name, kind)
			changes = append(changes, gitserver.Write(file, component))
		}
	}
	policy += "profiles: {changed: {run: changed}}\n"
	return gitserver.All(append(changes, gitserver.Write(o.folder+"/previewset.yaml", policy))...)
}

// service is a process of our program beside the installed one, with other secrets and addresses.
type service struct {
	*stand.Service
	url, public, token, secret string
}

// start runs the generator for the organisation, without a cluster unless flags name one, and waits until it is ready.
func (o *organisation) start(b *testing.B, flags ...string) *service {
	b.Helper()
	ports, err := process.FreePorts(2)
	if err != nil {
		b.Fatal(err)
	}
	s := &service{token: rand.Text(), secret: rand.Text()}
	private, public := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	s.url, s.public = "http://"+private, "http://"+public
	folder := b.TempDir()
	own := []string{
		"--listen=" + private, "--public-listen=" + public, "--github-url=" + o.url, "--config-path=" + o.folder, "--log-level=info",
		"--kubeconfig=", "--state=" + filepath.Join(folder, "state"),
		"--token-file=" + secretFile(b, folder, "token", s.token), "--webhook-secret-file=" + secretFile(b, folder, "webhook", s.secret),
	}
	if s.Service, err = shared.StartService(append(own, flags...)...); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Kill)
	eventually(b, "the generator is ready", func(ctx context.Context) error {
		if err := s.Ended(); err != nil {
			return process.Final(err)
		}
		return process.Get(ctx, s.url+"/readyz?verbose")
	})
	return s
}

func secretFile(b *testing.B, folder, name, content string) (file string) {
	b.Helper()
	file = filepath.Join(folder, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

func eventually(b *testing.B, what string, ask func(context.Context) error) {
	b.Helper()
	if err := process.Poll(b.Context(), patience, ask); err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// ask requests rows as Argo CD does.
func (s *service) ask(ctx context.Context) ([]byte, error) {
	body := `{"applicationSetName":"previews","input":{"parameters":{}}}`
	return call(ctx, http.MethodPost, s.url+"/api/v1/getparams.execute", s.token, []byte(body))
}

var polled = regexp.MustCompile(`previewset_refreshes_total\{outcome="success"\} (\d+)`)

// polls returns the number of complete reads.
func (s *service) polls(b *testing.B) int {
	b.Helper()
	body, err := call(b.Context(), http.MethodGet, s.url+"/metrics", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	found := polled.FindSubmatch(body)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// waitPolls waits for a number of complete reads. It returns directly after a read.
func (s *service) waitPolls(b *testing.B, polls int) {
	b.Helper()
	eventually(b, fmt.Sprintf("%d polls", polls), func(context.Context) error {
		if n := s.polls(b); n < polls {
			return fmt.Errorf("%d polls so far", n)
		}
		return nil
	})
}

func call(ctx context.Context, method, url, token string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %s", method, url, response.Status, content)
	}
	return content, err
}

// addWebhook adds a webhook, like a user in the repository's settings.
func addWebhook(b *testing.B, repository, url, secret string) {
	b.Helper()
	body, err := json.Marshal(map[string]any{
		"events": []string{"*"}, "config": map[string]string{"url": url, "content_type": "json", "secret": secret},
	})
	if err != nil {
		b.Fatal(err)
	}
	shared.GitHub.AllowToken("administrator")
	if _, err := call(b.Context(), http.MethodPost, shared.GitHubURL+"/repos/"+repository+"/hooks", "administrator", body); err != nil {
		b.Fatal(err)
	}
}

// slow sets the response time of GitHub.
func slow(github *githubtest.Server, delay time.Duration) {
	github.ClearFaults()
	if delay > 0 {
		github.Inject(githubtest.Fault{Delay: delay})
	}
}
