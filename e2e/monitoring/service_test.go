package monitoring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// Alerts and dashboard use the service's metrics. While everything works, every panel has data and no alert fires. Then
// one failure after another is caused, and its alert fires. The alerts fire without delay here; promtool's tests check
// the delays.
func TestOnARealService(t *testing.T) {
	w := begin(t)
	messages := w.notify(t)
	w.busy(t)
	d := theDashboard(t)
	// The generator updates sums over time once a minute.
	w.Eventually(t, 2*standtest.Patience, "every panel has data", w.yields(slices.Collect(maps.Keys(d.expressions()))...))
	w.Eventually(t, standtest.Patience, "every used metric exists", w.yields(metrics(t, d)...))
	w.Eventually(t, 2*standtest.Patience, "the dashboard shows the savings of sleeping", w.yields(d.above0(t,
		"Core hours saved by sleeping, by owner", "GiB hours saved by sleeping, by owner",
		"Core hours requested, by owner", "GiB hours requested, by owner", "Awake hours, by owner")...))
	w.Eventually(t, standtest.Patience, "the wake is counted",
		w.yields(`previewset_wakes_total{by="request"} == 1`, `previewset_wake_seconds_count == 1`))
	w.Eventually(t, standtest.Patience, "notifications arrive", messages.have("gateway-pr-1 ready", w.sleeperName()+" asleep"))
	w.Eventually(t, standtest.Patience, "no alert fires", w.silent)
	w.Always(t, 3*time.Second, "no alert begins to fire", w.silent)

	// Each failure is added to the ones before.
	for _, list := range [][]failure{w.configurationFailures(), w.clusterFailures(), w.outages()} {
		for _, f := range list {
			t.Run(f.name, func(t *testing.T) {
				f.cause(t)
				w.waitFiring(t, f.alerts...)
			})
		}
	}
}

// failure is a failure and the alerts that must fire then.
type failure struct {
	name   string
	cause  func(*testing.T)
	alerts []string
}

// configurationFailures come from measurements, environments and the configuration.
func (w *world) configurationFailures() []failure {
	return []failure{
		{"most measurements of activity fail", func(t *testing.T) {
			t.Helper()
			w.configure(t, "vector(0)", "(vector(time() % 5) < 1)")
		}, []string{"PreviewSetActivityUnknown"}},
		{"measurements fail for longer", func(*testing.T) {}, []string{"PreviewSetActivityMeasurementsFailing"}},
		{"the commit that wakes an environment can't run", func(*testing.T) {
			w.shop.Edit(w.sleeper, func(pr *githubtest.PullRequest) {
				pr.HeadSHA = cluster.Broken + githubtest.SHA(rand.Text())[len(cluster.Broken):]
			})
		}, []string{"PreviewSetWakingStuck"}},
		{"an environment file is invalid", func(t *testing.T) {
			t.Helper()
			broken := gitserver.Write("overlays/broken/environment.yaml", "kind: Nonsense\n")
			w.configure(t, "  environments: 200\n", "  environments: 1\n", broken)
		}, []string{"PreviewSetConfigProblems"}},
		{"the limit of the same change is reached", func(*testing.T) {
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetLimitReached"}},
		{"another label in the configuration would remove all previews", func(t *testing.T) {
			t.Helper()
			w.configure(t, "  label: preview ", "  label: show ")
		}, []string{"PreviewSetEnvironmentsWithheld"}},
	}
}

// clusterFailures come from Argo CD, the cluster and parts of GitHub.
func (w *world) clusterFailures() []failure {
	return []failure{
		{"Argo CD has a wrong token", func(t *testing.T) {
			t.Helper()
			w.refused(t)
		}, []string{"PreviewSetArgoCDRefused"}},
		{"parts of GitHub fail", func(t *testing.T) {
			t.Helper()
			w.GitHub.Inject(githubtest.Fault{Match: `^POST .*/statuses/`, Status: http.StatusInternalServerError})
			w.GitHub.Inject(githubtest.Fault{Match: `^GET /repos/acme/shop/pulls`, Status: http.StatusInternalServerError})
			w.configure(t, "  environments: 200\n", "  environments: 100\n")
		}, []string{"PreviewSetRepositoriesUnreadable", "PreviewSetReportsFailing"}},
		{"the generator may not patch its ApplicationSet", func(t *testing.T) {
			t.Helper()
			w.forbidPatching(t)
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetRefreshFailing"}},
		{"the generator has no rights in the cluster", func(t *testing.T) {
			t.Helper()
			bindings := w.Cluster.Client.RbacV1().RoleBindings(argocd.Namespace)
			if err := bindings.Delete(t.Context(), job, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetClusterUnreadable", "PreviewSetMemoryNotSaved"}},
	}
}

// outages are whole systems that don't answer.
func (w *world) outages() []failure {
	return []failure{
		{"the Git host is down", func(*testing.T) {
			w.Git.SetDown(true)
		}, []string{"PreviewSetConfigUnusable"}},
		{"GitHub's quota is used up", func(*testing.T) {
			w.GitHub.SetQuota(1)
		}, []string{"PreviewSetGitHubBudgetLow", "PreviewSetPollingSlowed"}},
		{"the generator ends", func(*testing.T) {
			w.service.Kill()
		}, []string{"PreviewSetDown"}},
		{"the generator starts again without its saved state", func(t *testing.T) {
			t.Helper()
			if _, err := w.StartService("--state=" + filepath.Join(t.TempDir(), "memory")); err != nil {
				t.Fatal(err)
			}
		}, []string{"PreviewSetNotReady"}},
	}
}

// yields returns an error unless every expression has a result.
func (w *world) yields(expressions ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		var problems []error
		for _, expression := range expressions {
			series, err := w.Query(ctx, expression)
			if err == nil && len(series) == 0 {
				err = fmt.Errorf("nothing: %s", expression)
			}
			problems = append(problems, err)
		}
		return errors.Join(problems...)
	}
}

// metrics returns the names of all metrics in alerts and dashboard.
func metrics(t *testing.T, d dashboard) (names []string) {
	t.Helper()
	seen := map[string]bool{}
	add := func(expression string) {
		for _, name := range metric.FindAllString(expression, -1) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	for _, r := range alerts(t) {
		add(r.Expr)
	}
	for expression := range d.expressions() {
		add(expression)
	}
	return names
}

// forbidPatching removes the right to patch ApplicationSets from the generator's Role.
func (w *world) forbidPatching(t *testing.T) {
	t.Helper()
	roles := w.Cluster.Client.RbacV1().Roles(argocd.Namespace)
	role, err := roles.Get(t.Context(), job, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Verbs, "patch") })
	if _, err := roles.Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// refused asks like Argo CD with a wrong token until Prometheus has counted it.
func (w *world) refused(t *testing.T) {
	t.Helper()
	err := process.Poll(t.Context(), standtest.Patience, func(ctx context.Context) error {
		if code := w.post(t, w.ServiceURL+"/api/v1/getparams.execute", "{}"); code != http.StatusUnauthorized {
			return process.Final(fmt.Errorf("answered %d", code))
		}
		return w.yields(`increase(previewset_http_requests_total{code="401"}[1m]) > 0`)(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}
