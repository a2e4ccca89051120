package stories

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// Somebody labels a pull request and finds the system running at its commit, in a namespace of its own; pushes, and finds
// the new commit in the same place.
func TestLabelledPullRequestRunsAndFollowsItsBranch(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go", "bug"))
	w.waitListed(t, p, "held", "it has no label", `label it "preview" to get a preview`)
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

// Somebody takes the label away, closes or merges: that preview goes, with its namespace and its volumes, and nobody else's.
func TestUnlabelledClosedAndMergedRemoveThatPreviewAlone(t *testing.T) {
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
		w.waitListed(t, p, map[string]string{"unlabelled": "held", "closed": "gone", "merged": "gone"}[how])
	}
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
}

// noVolumes is an error while there are volumes of the preview's claims.
func (w *world) noVolumes(p preview) func(context.Context) error {
	return func(ctx context.Context) error {
		volumes, err := w.Cluster.Client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range volumes.Items {
			if claim := volumes.Items[i].Spec.ClaimRef; claim != nil && claim.Namespace == p.application {
				return fmt.Errorf("there is the volume of claim %s", claim.Name)
			}
		}
		return nil
	}
}

// Somebody reopens what was closed and gets a preview again: a new one, without what was in the old one.
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

// Somebody pushes a commit whose Pods never become ready, then the fix: the fix runs within seconds, not after some timeout of
// the broken one. (Argo CD waits with everything newer where sync waves wait for health.)
func TestFixOfABrokenCommitRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, broken("preview"))
	w.waitNotReady(t, p)
	fix := p.push()
	begin := time.Now()
	w.waitRuns(t, p, gatewayImage, fix)
	w.waitSynced(t, p)
	t.Logf("from the fix to Synced and Healthy: %s", time.Since(begin).Round(100*time.Millisecond))
}

// Somebody closes a pull request whose Pods never became ready: it goes within seconds too.
func TestClosedWhileNotReadyGoesAtOnce(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, broken("preview"))
	w.waitNotReady(t, p)
	begin := time.Now()
	p.close()
	w.waitGone(t, p)
	t.Logf("from closing to gone: %s", time.Since(begin).Round(100*time.Millisecond))
}

// broken is a pull request of the gateway with a commit whose Pods never become ready.
func broken(labels ...string) githubtest.PullRequest {
	pr := labelled("main.go", labels...)
	pr.HeadSHA = cluster.Broken + githubtest.SHA(rand.Text())[len(cluster.Broken):]
	return pr
}

// waitNotReady waits until the preview runs and is reported as not healthy.
func (w *world) waitNotReady(t testing.TB, p preview) {
	t.Helper()
	w.waitRuns(t, p, gatewayImage, p.head())
	w.Eventually(t, standtest.Patience, p.String()+" is applied and isn't healthy", func(ctx context.Context) error {
		app, err := w.Application(ctx, p.application)
		if err == nil && (app.Sync != "Synced" || app.Health != "Progressing") {
			err = fmt.Errorf("it is %s and %s", app.Sync, app.Health)
		}
		return err
	})
}
