// Package monitoring tests the alerts and the dashboard of appsets/monitoring with promtool and a real Prometheus, on a
// real service and a real Argo CD.
package monitoring

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// job is the name of the generator's scrape job in the README.
const job = "preview-generator"

// world is an installed PreviewSet and the Prometheus that scrapes it.
type world struct {
	*standtest.World
	*prometheus.Server
	service       *stand.Service
	shop, gateway *githubtest.Repo
	sleeper       int // a pull request of shop with a sleeping environment
}

// begin starts everything. The alerts are those of previewctl init, without their delays.
func begin(t *testing.T) *world {
	t.Helper()
	s := standtest.Start(t, stand.Options{})
	w := &world{
		World: &standtest.World{Stand: s}, shop: s.GitHub.AddRepository("acme/shop"), gateway: s.GitHub.AddRepository("acme/gateway"),
	}
	if err := s.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.watch(t)
	w.measure(t)
	var err error
	if w.service, err = s.RunService(t.Context(), "--report=status"); err != nil {
		t.Fatal(err)
	}
	w.Eventually(t, standtest.Patience, "the generator is scraped", func(ctx context.Context) error {
		up, err := w.Query(ctx, "up == 1")
		if err == nil && len(up) != 1 {
			err = fmt.Errorf("%d targets are up", len(up))
		}
		return err
	})
	return w
}

var patient = regexp.MustCompile(`(?m)^ +for: .*\n`)

func (w *world) watch(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	alerts := w.File(t, "appsets/monitoring/alerts.yaml")
	rules := filepath.Join(folder, "alerts.yaml")
	if err := os.WriteFile(rules, []byte(patient.ReplaceAllString(alerts, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	target := prometheus.Target{Address: strings.TrimPrefix(w.ServiceURL, "http://")}
	w.Server = standtest.StartPrometheus(t, prometheus.Options{
		Jobs: []prometheus.Job{{Name: job, Targets: []prometheus.Target{target}}}, Rules: []string{rules},
	})
}

// measured is the generator's activity query while everything works: its only result is an idle namespace.
const measured = `label_replace(vector(0), "namespace", "preview-unused", "", "")`

// measure makes the generator query the same Prometheus for activity.
func (w *world) measure(t *testing.T) {
	t.Helper()
	policy := w.File(t, "previewset.yaml") + fmt.Sprintf("activity: {prometheus: {url: %q, query: '%s'}}\n", w.URL, measured)
	if err := os.WriteFile(filepath.Join(w.Repository(), "previewset.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Change(t, "Measure activity", gitserver.Write("previewset.yaml", policy))
}

func (w *world) label(repository *githubtest.Repo, file string) (number int) {
	return repository.Open(githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: []githubtest.File{{Name: file}}})
}

// busy causes events for all metrics: previews, a held one, one that slept, woke and sleeps, webhooks, statuses,
// answers.
func (w *world) busy(t *testing.T) {
	t.Helper()
	secret, err := w.WebhookSecret()
	if err != nil {
		t.Fatal(err)
	}
	w.GitHub.AddHook(w.PublicURL+"/webhooks/github", secret)
	w.sleeper = w.label(w.shop, "web/index.html")
	w.label(w.gateway, "main.go")
	w.label(w.shop, "docs/nothing.md")
	if code := w.post(t, w.PublicURL+"/webhooks/github", "{}"); code != http.StatusUnauthorized {
		t.Errorf("a webhook without a signature was answered %d", code)
	}
	// Its resource requests are known only while it is awake.
	w.Eventually(t, standtest.Patience, "the sleeper's requests are known",
		w.yields(fmt.Sprintf(`previewset_environment_requests{environment=%q}`, w.sleeperName())))
	for _, step := range []struct{ action, state string }{{"sleep", "asleep"}, {"wake", "awake"}, {"sleep", "asleep"}} {
		w.ask(t, step.action, step.state)
	}
}

func (w *world) sleeperName() string { return fmt.Sprintf("shop-pr-%d", w.sleeper) }

// ask sends a request about the sleeper's environment and waits until it has the state.
func (w *world) ask(t *testing.T, action, state string) {
	t.Helper()
	name := w.sleeperName()
	w.WaitSynced(t, "preview-"+name, standtest.Patience)
	w.Run(t, action, name)
	w.Eventually(t, standtest.Patience, name+" is "+state, func(ctx context.Context) error {
		return w.yields(fmt.Sprintf(`previewset_environment_state{environment=%q, state=%q} == 1`, name, state))(ctx)
	})
}

// post sends a request without credentials.
func (w *world) post(t *testing.T, url, body string) (code int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// configure changes the policy and adds files.
func (w *world) configure(t *testing.T, old, replacement string, more ...func(*os.Root) error) {
	t.Helper()
	policy := standtest.ReplaceOnce(t, w.File(t, "previewset.yaml"), old, replacement)
	w.Change(t, "Configure", append(more, gitserver.Write("previewset.yaml", policy))...)
}

// firing returns the names of all pending and firing alerts.
func (w *world) firing(ctx context.Context) (names []string, err error) {
	all, err := w.Alerts(ctx)
	for _, a := range all {
		name := a.Labels["alertname"]
		names = append(names, name)
		text := a.Annotations["summary"] + a.Annotations["description"]
		if strings.Contains(text, "{{") || strings.Contains(text, "error expanding") {
			return names, process.Final(fmt.Errorf("%s says %s", name, text))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

func (w *world) waitFiring(t *testing.T, want ...string) {
	t.Helper()
	w.Eventually(t, 2*standtest.Patience, fmt.Sprintf("%s fire", want), func(ctx context.Context) error {
		names, err := w.firing(ctx)
		for _, name := range want {
			if err == nil && !slices.Contains(names, name) {
				err = fmt.Errorf("%s doesn't fire, but %s", name, names)
			}
		}
		return err
	})
}

func (w *world) silent(ctx context.Context) error {
	names, err := w.firing(ctx)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("%s fire", names)
	}
	return err
}
