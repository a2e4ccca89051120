package stories

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// content has the services, links, stores and hosts of a preview.
type content struct {
	Runs  map[string]string // service → "head" for the pull request's commit, "pinned" for any other image
	Links map[string]string // service → the external name of its Service
	// Stores has the data stores, each with its dataset and the phase of its claim.
	Stores map[string]string
	Hosts  []string
}

// Two pull requests of the monorepo: each runs the services that it changes and the services that lead there, and links
// the others to staging. Only the data stores of running services run. Each pull request has its own hosts.
func TestPullRequestsOfTheMonorepoRunTheChangedServices(t *testing.T) {
	t.Parallel()
	w := shared
	front, back := w.open(t, w.shop, labelled("web/index.html", "preview")), w.open(t, w.shop, labelled("orders/checkout.go", "preview"))
	w.waitContent(t, front, content{
		Runs:   map[string]string{"web": "head"},
		Links:  staging("gateway", "orders", "products"),
		Stores: map[string]string{},
		Hosts:  []string{front.name},
	})
	w.waitContent(t, back, content{
		Runs:   map[string]string{"web": "pinned", "gateway": "pinned", "orders": "head", "orders-worker": "head"},
		Links:  staging("products"),
		Stores: map[string]string{"redis": "empty, Bound", "postgres": "empty, Bound", "rabbitmq": "empty, Bound"},
		Hosts:  []string{back.name, "gateway-" + back.name},
	})
}

// The label preview:full runs all services, with a small dataset, on cheap nodes.
func TestFullProfileRunsEverythingWithData(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.shop, labelled("products/stock.go", "Preview:full"))
	w.waitContent(t, p, everything(p, "products"))
	for _, name := range []string{"web", "gateway", "orders", "products"} {
		deployment, err := w.Cluster.Client.AppsV1().Deployments(p.application).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		spot := func(t corev1.Toleration) bool { return t.Key == "previewset.dev/spot" }
		if !slices.ContainsFunc(deployment.Spec.Template.Spec.Tolerations, spot) {
			t.Errorf("%s doesn't tolerate cheap nodes", name)
		}
	}
}

// A user chooses another profile with another label. The services change in place. None is removed, because a removed
// store would lose its data.
func TestAnotherLabelChangesThePreviewInPlace(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.shop, "web/index.html")
	stays := w.stays(t, p.application)
	p.relabel("preview:full")
	w.waitContent(t, p, everything(p, "web"))
	p.relabel("preview:checkout", "urgent")
	w.waitDecision(t, p, standtest.Decision{State: "awake"})
	w.Eventually(t, standtest.Patience, "the Application has the other profile", func(ctx context.Context) error {
		app, err := w.Application(ctx, p.application)
		return firstError(err, standtest.Contains(app.Labels["previewset.dev/profile"], "checkout"))
	})
	small := everything(p, "web")
	small.Stores = map[string]string{}
	for store := range everything(p).Stores {
		small.Stores[store] = "empty, Bound" // the profile's dataset; a store reads it only once
	}
	w.waitContent(t, p, small)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A draft is held until it is ready for review. A pull request that becomes a draft again keeps its environment.
func TestDraftIsHeldUntilItIsReady(t *testing.T) {
	t.Parallel()
	w := shared
	pr := labelled("main.go", "preview")
	pr.Draft = true
	p := w.open(t, w.gateway, pr)
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "draft"})
	w.Always(t, while, "a draft has no preview", w.noApplication(p))
	setDraft := func(draft bool) { p.in.Edit(p.number, func(pr *githubtest.PullRequest) { pr.Draft = draft }) }
	setDraft(false)
	w.waitSynced(t, p)
	untouched := w.untouched(t, p.application)
	setDraft(true)
	w.waitDecision(t, p, standtest.Decision{State: "awake", Rule: "draft"})
	w.Always(t, while, "it stays", untouched)
}

// A pull request that changes no service is held. Its remedy names another label, and that label creates the preview.
func TestPullRequestThatChangesNoServiceIsHeldWithARemedy(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.shop, labelled("README.md", "preview"))
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "unchanged"}, "preview:full")
	w.Always(t, while, "it has no preview", w.noApplication(p))
	p.relabel("preview:full")
	w.waitContent(t, p, everything(p))
}

// A labelled pull request of a fork is held.
func TestForkIsHeld(t *testing.T) {
	t.Parallel()
	w := shared
	pr := labelled("main.go", "preview")
	pr.HeadRepository = w.gateway.Fork("mallory").ID
	p := w.open(t, w.gateway, pr)
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "fork"})
	w.Always(t, while, "a fork has no preview", w.noApplication(p))
}

// everything returns the whole example, with the given services at the pull request's commit.
func everything(p preview, head ...string) content {
	c := content{
		Runs:   map[string]string{"web": "pinned", "gateway": "pinned", "orders": "pinned", "products": "pinned"},
		Links:  map[string]string{},
		Stores: map[string]string{},
		Hosts:  []string{p.name, "gateway-" + p.name},
	}
	for _, name := range head {
		c.Runs[name] = "head"
	}
	c.Runs["orders-worker"] = c.Runs["orders"] // the same image
	for _, store := range []string{"postgres", "redis", "rabbitmq", "mongodb"} {
		c.Stores[store] = "truncated, Bound"
	}
	return c
}

// staging returns links of these services to the baseline.
func staging(services ...string) map[string]string {
	links := map[string]string{}
	for _, s := range services {
		links[s] = s + ".staging.svc.cluster.local"
	}
	return links
}

// waitContent waits until the preview is Synced and Healthy and has exactly this content.
func (w *world) waitContent(t testing.TB, p preview, want content) {
	t.Helper()
	for i, host := range want.Hosts {
		want.Hosts[i] = host + "." + stand.Domain
	}
	slices.Sort(want.Hosts)
	w.Eventually(t, standtest.Patience, p.String()+" has the expected content", func(ctx context.Context) error {
		got, err := w.content(ctx, p)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("(-want +got):\n%s", diff)
		}
		return nil
	})
	w.waitSynced(t, p)
}

func (r contentReader) content(ctx context.Context, p preview) (c content, err error) {
	if c.Runs, err = r.runs(ctx, p); err != nil {
		return c, err
	}
	if c.Links, err = r.links(ctx, p); err != nil {
		return c, err
	}
	if c.Stores, err = r.stores(ctx, p); err != nil {
		return c, err
	}
	c.Hosts, err = r.hosts(ctx, p)
	return c, err
}

// hosts returns the hosts of the preview's HTTPRoutes, sorted.
func (r contentReader) hosts(ctx context.Context, p preview) (hosts []string, err error) {
	routes, err := r.stand.Cluster.Dynamic.Resource(cluster.HTTPRoutes).Namespace(p.application).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range routes.Items {
		names, _, err := unstructured.NestedStringSlice(routes.Items[i].Object, "spec", "hostnames")
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, names...)
	}
	slices.Sort(hosts)
	return hosts, nil
}

func (r contentReader) runs(ctx context.Context, p preview) (map[string]string, error) {
	deployments, err := r.stand.Cluster.Client.AppsV1().Deployments(p.application).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	runs := map[string]string{}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		runs[d.Name] = "pinned"
		if strings.HasSuffix(d.Spec.Template.Spec.Containers[0].Image, ":"+p.head()) {
			runs[d.Name] = "head"
		}
	}
	return runs, nil
}

func (r contentReader) links(ctx context.Context, p preview) (map[string]string, error) {
	services, err := r.stand.Cluster.Client.CoreV1().Services(p.application).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	for i := range services.Items {
		if s := &services.Items[i]; s.Spec.Type == corev1.ServiceTypeExternalName {
			links[s.Name] = s.Spec.ExternalName
		}
	}
	return links, nil
}

func (r contentReader) stores(ctx context.Context, p preview) (map[string]string, error) {
	core := r.stand.Cluster.Client.CoreV1()
	sets, err := r.stand.Cluster.Client.AppsV1().StatefulSets(p.application).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	stores := map[string]string{}
	for i := range sets.Items {
		name := sets.Items[i].Name
		claim, err := core.PersistentVolumeClaims(p.application).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		dataset, err := core.ConfigMaps(p.application).Get(ctx, name+"-dataset", metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		kind := "truncated"
		if len(dataset.Data) == 0 {
			kind = "empty"
		}
		stores[name] = fmt.Sprintf("%s, %s", kind, claim.Status.Phase)
	}
	return stores, nil
}
