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

// Alerts and dashboard use the service's metrics. While everything works, every panel has data and no alert fires. Then one failure
// after another is caused, and its alert fires. The alerts fire without delay here; promtool's tests check the delays.
func TestOnARealService(t *testing.T) {
	w := begin(t)
	w.busy(t)
	d := theDashboard(t)
	// The service updates sums over time once a minute.
	w.Eventually(t, 2*standtest.Patience, "every panel has data", w.yields(slices.Collect(maps.Keys(d.expressions()))...))
	w.Eventually(t, standtest.Patience, "every used metric exists", w.yields(metrics(t, d)...))
	w.Eventually(t, 2*standtest.Patience, "the dashboard shows the savings of sleeping", w.yields(d.above0(t,
		"Core hours saved by sleeping, by owner", "GiB hours saved by sleeping, by owner",
		"Core hours requested, by owner", "GiB hours requested, by owner", "Awake hours, by owner")...))
	w.Eventually(t, standtest.Patience, "the wake is counted",
		w.yields(`previewset_wakes_total{by="request"} == 1`, `previewset_wake_seconds_count == 1`))
	w.Eventually(t, standtest.Patience, "no alert fires", w.silent)
	w.Always(t, 3*time.Second, "no alert begins to fire", w.silent)

	// Each failure is added to the ones before.
	for _, day := range []struct {
		name   string
		breaks func(*testing.T)
		fires  []string
	}{
		{"most measurements of how environments are used fail", func(t *testing.T) {
			t.Helper()
			w.configure(t, "vector(0)", "(vector(time() % 5) < 1)")
		}, []string{"PreviewSetActivityUnknown"}},
		{"they go on failing", func(*testing.T) {}, []string{"PreviewSetActivityMeasurementsFailing"}},
		{"what wakes with a push can't run", func(*testing.T) {
			w.shop.Edit(w.sleeper, func(pr *githubtest.PullRequest) {
				pr.HeadSHA = cluster.Broken + githubtest.SHA(rand.Text())[len(cluster.Broken):]
			})
		}, []string{"PreviewSetWakingStuck"}},
		{"an environment's file is wrong", func(t *testing.T) {
			t.Helper()
			w.configure(t, "  environments: 200\n", "  environments: 1\n", gitserver.Write("overlays/broken/environment.yaml", "kind: Nonsense\n"))
		}, []string{"PreviewSetConfigProblems"}},
		{"the limit that came with it is reached", func(*testing.T) {
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetLimitReached"}},
		{"configuration takes previews away", func(t *testing.T) {
			t.Helper()
			w.configure(t, "  label: preview ", "  label: show ")
		}, []string{"PreviewSetEnvironmentsWithheld"}},
		{"a token of Argo CD's that is wrong", func(t *testing.T) {
			t.Helper()
			w.refused(t)
		}, []string{"PreviewSetArgoCDRefused"}},
		{"GitHub fails in parts", func(t *testing.T) {
			t.Helper()
			w.GitHub.Inject(githubtest.Fault{Match: `^POST .*/statuses/`, Status: http.StatusInternalServerError})
			w.GitHub.Inject(githubtest.Fault{Match: `^GET /repos/acme/shop/pulls`, Status: http.StatusInternalServerError})
			w.configure(t, "  environments: 200\n", "  environments: 100\n")
		}, []string{"PreviewSetRepositoriesUnreadable", "PreviewSetCommitStatusesFailing"}},
		{"the service may not patch its ApplicationSet", func(t *testing.T) {
			t.Helper()
			w.forbidPatching(t)
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetRefreshFailing"}},
		{"the service may do nothing in the cluster", func(t *testing.T) {
			t.Helper()
			if err := w.Cluster.Client.RbacV1().RoleBindings(argocd.Namespace).Delete(t.Context(), job, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			w.label(w.gateway, "main.go")
		}, []string{"PreviewSetClusterUnreadable", "PreviewSetMemoryNotSaved"}},
		{"the Git host is down", func(*testing.T) {
			w.Git.SetDown(true)
		}, []string{"PreviewSetConfigUnusable"}},
		{"GitHub's quota is used up", func(*testing.T) {
			w.GitHub.SetQuota(1)
		}, []string{"PreviewSetGitHubBudgetLow", "PreviewSetPollingSlowed"}},
		{"the service ends", func(*testing.T) {
			w.service.Kill()
		}, []string{"PreviewSetDown"}},
		{"the service comes back, and its memory is lost", func(t *testing.T) {
			t.Helper()
			if _, err := w.StartService("--state=" + filepath.Join(t.TempDir(), "memory")); err != nil {
				t.Fatal(err)
			}
		}, []string{"PreviewSetNotReady"}},
	} {
		t.Run(day.name, func(t *testing.T) {
			day.breaks(t)
			w.waitFiring(t, day.fires...)
		})
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

// forbidPatching removes the right to patch ApplicationSets from the service's Role.
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
