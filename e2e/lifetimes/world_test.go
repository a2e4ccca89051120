package lifetimes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

const (
	// rate is the speed of the generator's clock: a minute a second. The generator polls once in that second.
	rate = 60
	// while is the time during which stories watch that something doesn't happen: a quarter of an hour by the generator's
	// clock.
	while = 15 * time.Second
)

type world struct {
	*standtest.World
	gateway *githubtest.Repo
	clock   stand.Clock
	service *stand.Service

	proxy      *proxy
	group      *process.Group
	folder     string
	programs   string // the folder with prometheus in it
	prometheus *prometheus.Server
	policy     string // previewset.yaml as previewctl init wrote it
}

func begin(ctx context.Context, s *stand.Stand, programs string) (*world, error) {
	w := &world{
		World: &standtest.World{Stand: s}, gateway: s.GitHub.AddRepository("acme/gateway"),
		programs: programs, proxy: newProxy(s.Cluster),
	}
	s.GitHub.AddRepository("acme/shop")
	if err := s.Install(ctx); err != nil {
		return nil, err
	}
	policy, err := os.ReadFile(filepath.Join(s.Repository(), "previewset.yaml"))
	if err != nil {
		return nil, err
	}
	w.policy = string(policy)
	if w.folder, err = os.MkdirTemp("", "previewset-"); err != nil {
		return nil, err
	}
	w.group = process.NewGroup(w.folder)
	w.prometheus, err = w.startPrometheus(ctx, "data")
	return w, err
}

func (w *world) startPrometheus(ctx context.Context, folder string) (*prometheus.Server, error) {
	folder = filepath.Join(w.folder, folder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	job := func(name, url, namespace string) prometheus.Job {
		target := prometheus.Target{
			Address: strings.TrimPrefix(url, "http://"), Labels: map[string]string{"namespace": namespace},
		}
		return prometheus.Job{Name: name, Targets: []prometheus.Target{target}}
	}
	return prometheus.Start(ctx, w.group, filepath.Join(w.programs, "prometheus"), folder, prometheus.Options{
		Jobs: []prometheus.Job{job("envoy", w.proxy.URL, "envoy-gateway-system"), job("preview-generator", w.ServiceURL, "argocd")},
	})
}

func (w *world) end() {
	if w.service != nil {
		w.service.Kill()
	}
	w.group.Close()
	w.proxy.Close()
	_ = os.RemoveAll(w.folder)
}

// at starts the generator at a time, with these lifetime settings in previewset.yaml. It ends with the story and saves no
// state.
func (w *world) at(t *testing.T, now time.Time, lifetime string) {
	t.Helper()
	begin, end := strings.Index(w.policy, "\nlifetime:"), strings.Index(w.policy, "\nlimits:")
	if begin < 0 || end < begin {
		t.Fatal("previewset.yaml has no lifetime before its limits")
	}
	activity := fmt.Sprintf("\nactivity: {prometheus: {url: %q, preset: envoy-gateway}}\n", w.prometheus.URL)
	w.Change(t, "Set lifetimes", gitserver.Write("previewset.yaml", w.policy[:begin]+"\nlifetime:\n"+lifetime+activity+w.policy[end:]))
	w.clock = stand.Clock{Since: time.Now(), At: now, Rate: rate}
	var err error
	if w.service, err = w.StartServiceAt(t.Context(), w.clock, "--state="); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.service.Kill)
	w.WaitReady(t)
}

// reference returns the name of a pull request of the gateway, as previewctl prints it.
func reference(number int) string { return fmt.Sprintf("acme/gateway#%d", number) }

// open opens a pull request of the gateway with these labels, and waits until its environment runs.
func (w *world) open(t *testing.T, labels ...string) (standtest.Environment, int) {
	t.Helper()
	number := w.gateway.Open(githubtest.PullRequest{Author: "alice", Labels: labels, Files: []githubtest.File{{Name: "main.go"}}})
	p := standtest.Named(fmt.Sprintf("gateway-pr-%d", number))
	t.Cleanup(func() { w.gateway.Close(number) })
	w.WaitSynced(t, p.Application, standtest.Patience)
	return p, number
}

// waitState waits until Argo CD has the environment Synced and Healthy in a state.
func (w *world) waitState(t *testing.T, p standtest.Environment, state string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, p.Name+" is "+state, w.isIn(p, state))
}

func (w *world) isIn(p standtest.Environment, state string) func(context.Context) error {
	return func(ctx context.Context) error {
		app, err := w.Application(ctx, p.Application)
		switch {
		case err != nil:
			return err
		case app.Labels["previewset.dev/state"] != state || app.Sync != "Synced" || app.Health != "Healthy" || !app.Settled:
			return fmt.Errorf("it is %s, %s and %s (settled: %t), %q",
				app.Labels["previewset.dev/state"], app.Sync, app.Health, app.Settled, app.Problems)
		}
		heals, _, err := unstructured.NestedBool(app.Object.Object, "spec", "syncPolicy", "automated", "selfHeal")
		if err != nil || !heals {
			return errors.Join(err, errors.New("it doesn't heal itself"))
		}
		return w.hasPods(ctx, p, state != "asleep")
	}
}

func (w *world) hasPods(ctx context.Context, p standtest.Environment, wanted bool) error {
	pods, err := w.Cluster.Client.CoreV1().Pods(p.Application).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	routes, err := w.Cluster.Dynamic.Resource(cluster.HTTPRoutes).Namespace(p.Application).List(ctx, metav1.ListOptions{})
	if err == nil && ((len(pods.Items) > 0) != wanted || (len(routes.Items) > 0) != wanted) {
		err = fmt.Errorf("it has %d Pods and %d HTTPRoutes", len(pods.Items), len(routes.Items))
	}
	return err
}

// kept returns the UIDs of the objects that stay while a preview sleeps.
func (w *world) kept(t *testing.T, p standtest.Environment) map[string]types.UID {
	t.Helper()
	all := map[string]types.UID{}
	for _, kind := range []string{"persistentvolumeclaims", "secrets", "configmaps", "services", "deployments.apps", "statefulsets.apps"} {
		out, err := w.Cluster.Kubectl(t.Context(), nil, "get", kind, "--namespace="+p.Application,
			"--output=jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}\n{end}")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out) {
			name, uid, _ := strings.Cut(strings.TrimSpace(line), " ")
			all[kind+"/"+name] = types.UID(uid)
		}
	}
	if !slices.ContainsFunc(sortedKeys(all), func(k string) bool { return strings.HasPrefix(k, "persistentvolumeclaims/") }) || len(all) < 6 {
		t.Fatalf("it has only %v", all)
	}
	return all
}

// visit opens the environment's address as a browser does. It returns status and page.
func (w *world) visit(ctx context.Context, p standtest.Environment) (status int, page string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.PublicURL+"/some/page", http.NoBody)
	if err != nil {
		return 0, "", err
	}
	request.Host = p.Name + ".preview.example.dev"
	for name, value := range map[string]string{
		"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept": "text/html",
		"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1",
	} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}
