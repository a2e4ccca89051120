package stories

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// A user labels a pull request, and its environment runs the commit in its own namespace. After a push, the same
// environment runs the new commit.
func TestLabelledPullRequestRunsAndFollowsItsBranch(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go", "bug"))
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "unlabelled"}, `"preview"`)
	p.label("preview")
	app := w.waitSynced(t, p)
	w.waitRuns(t, p, gatewayImage, p.head())
	for key, want := range map[string]string{
		"environment": p.name, "source": "pull-request", "repository": "acme-gateway", "profile": "changed", "state": "awake",
		"owner": "testlabelledpullrequestrunsandfollowsitsbranch",
	} {
		if got := app.Labels["previewset.dev/"+key]; got != want {
			t.Errorf("the Application's label %s is %q, want %q", key, got, want)
		}
	}
	namespace, err := w.Cluster.Client.CoreV1().Namespaces().Get(t.Context(), p.application, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"previewset.dev/preview": "true", "pod-security.kubernetes.io/enforce": "restricted"} {
		if got := namespace.Labels[key]; got != want {
			t.Errorf("the namespace's label %s is %q, want %q", key, got, want)
		}
	}

	stays := w.stays(t, p.application)
	w.waitRuns(t, p, gatewayImage, p.push())
	w.waitSynced(t, p)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

// A user removes the label, closes or merges. That preview is deleted with its namespace and volumes, and no other.
func TestUnlabelledClosedAndMergedRemoveOnlyThatPreview(t *testing.T) {
	t.Parallel()
	w := shared
	ends := map[string]func(preview){
		"unlabelled": func(p preview) { p.in.Unlabel(p.number, "preview") },
		"closed":     func(p preview) { p.in.Close(p.number) },
		"merged":     func(p preview) { p.in.Merge(p.number) },
	}
	previews := map[string]preview{}
	for how := range ends {
		pr := labelled("orders/main.go", "preview")
		pr.Author = how
		previews[how] = w.open(t, w.shop, pr)
	}
	sibling, other := w.open(t, w.shop, labelled("orders/main.go", "preview")), w.open(t, w.gateway, labelled("main.go", "preview"))
	for _, p := range previews {
		w.waitSynced(t, p)
	}
	w.waitSynced(t, sibling)
	w.waitSynced(t, other)
	untouched := w.untouched(t, sibling.application, other.application, "staging")
	for how, end := range ends {
		end(previews[how])
	}
	for how, p := range previews {
		w.waitGone(t, p)
		w.Eventually(t, standtest.Patience, how+": its volumes are gone", w.noVolumes(p))
		w.waitDecision(t, p, standtest.Decision{Outcome: map[string]string{"unlabelled": "held", "closed": "gone", "merged": "gone"}[how]})
	}
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
}

// noVolumes returns an error while volumes of the preview's claims exist.
func (v previewWaiter) noVolumes(p preview) func(context.Context) error {
	return func(ctx context.Context) error {
		volumes, err := v.stand.Cluster.Client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range volumes.Items {
			if claim := volumes.Items[i].Spec.ClaimRef; claim != nil && claim.Namespace == p.application {
				return fmt.Errorf("the volume of claim %s exists", claim.Name)
			}
		}
		return nil
	}
}

// A user reopens a closed pull request. It gets a new environment without the old one's data.
func TestReopenedPullRequestRunsAgain(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	before := w.identity(t, p.application)
	p.close()
	w.waitGone(t, p)
	p.in.Reopen(p.number)
	w.waitSynced(t, p)
	if after := w.identity(t, p.application); after.Application == before.Application || after.Namespace == before.Namespace {
		t.Errorf("it was %v and is %v", before, after)
	}
}

// A user pushes a commit with a container that crashes, and then the fix. GitHub shows the exit code. The fix runs within
// seconds, not after a timeout of the broken commit. (With sync waves, Argo CD would wait for the old commit's health
// first.)
func TestFixOfABrokenCommitRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, broken(cluster.Crashing, "preview"))
	w.waitNotReady(t, p)
	crashing := p.head()
	w.waitDeployments(t, p, map[string]string{crashing: "failure"})
	for _, d := range p.in.Deployments() {
		if d.SHA == crashing && !strings.Contains(d.Statuses[len(d.Statuses)-1].Description, "exit code 1") {
			t.Errorf("the exit code is missing: %+v", d)
		}
	}
	w.waitShown(t, p, "degraded", "exit code 1")
	fix := p.push()
	begin := time.Now()
	w.waitRuns(t, p, gatewayImage, fix)
	w.waitSynced(t, p)
	w.waitDeployments(t, p, map[string]string{crashing: "inactive", fix: "success"})
	w.waitShown(t, p, "ready", "")
	t.Logf("from the fix to Synced and Healthy: %s", time.Since(begin).Round(100*time.Millisecond))
}

// A user closes a pull request with Pods that never became ready. Its environment is deleted within seconds too.
func TestClosedWhileNotReadyIsDeletedAtOnce(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, broken(cluster.Broken, "preview"))
	w.waitNotReady(t, p)
	begin := time.Now()
	p.close()
	w.waitGone(t, p)
	t.Logf("from closing to gone: %s", time.Since(begin).Round(100*time.Millisecond))
}

// waitShown waits until the preview's page and previewctl show have a phase and a text.
func (w *world) waitShown(t *testing.T, p preview, phase, text string) {
	t.Helper()
	views := map[string]func(ctx context.Context) (string, error){
		"page": func(ctx context.Context) (string, error) { return w.Page(ctx, "/previews/"+p.name) },
		"show": func(ctx context.Context) (string, error) {
			return w.Previewctl(ctx, append([]string{"show", p.name}, w.APIFlags()...)...)
		},
	}
	for name, view := range views {
		w.Eventually(t, standtest.Patience, name+" of "+p.String()+" says "+phase, func(ctx context.Context) error {
			shown, err := view(ctx)
			lower := strings.ToLower(shown)
			if err == nil && (!strings.Contains(lower, p.name) || !strings.Contains(lower, phase) || !strings.Contains(lower, text)) {
				err = fmt.Errorf("it says:\n%s", shown)
			}
			return err
		})
	}
}

// broken returns a pull request of the gateway with a commit that never becomes ready: Broken or Crashing.
func broken(kind string, labels ...string) githubtest.PullRequest {
	pr := labelled("main.go", labels...)
	pr.HeadSHA = kind + githubtest.SHA(rand.Text())[len(kind):]
	return pr
}

// waitNotReady waits until the preview is synced but not healthy.
func (w *world) waitNotReady(t testing.TB, p preview) {
	t.Helper()
	w.waitRuns(t, p, gatewayImage, p.head())
	w.Eventually(t, standtest.Patience, p.String()+" is synced and not healthy", func(ctx context.Context) error {
		app, err := w.Application(ctx, p.application)
		if err == nil && (app.Sync != "Synced" || app.Health != "Progressing") {
			err = fmt.Errorf("it is %s and %s", app.Sync, app.Health)
		}
		return err
	})
}
