package stories

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// byHand runs a previewctl command that commits to the GitOps repository, and returns its stdout. previewctl pushes
// again if another push was faster. The stories' own commits don't, so only one command or commit runs at a time.
func (w *world) byHand(t *testing.T, args ...string) string {
	t.Helper()
	flags := w.gitFlags(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	out, err := w.Previewctl(t.Context(), append(args, flags...)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	head, err := w.Git.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.commits = append(w.commits, head)
	return out
}

// gitFlags returns the flags with which previewctl commits to the GitOps repository.
func (w *world) gitFlags(t *testing.T) []string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(w.Git.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--config-repo=" + w.Git.URL, "--config-token-file=" + token, "--author=Jakub <jakub@example.com>"}
}

// named returns an environment that a file, slot or join has named.
func named(name string) preview { return preview{name: name, application: "preview-" + name} }

// create creates an environment with previewctl and waits until it runs.
func (w *world) create(t *testing.T, name string, flags ...string) preview {
	t.Helper()
	w.byHand(t, append([]string{"create", name}, flags...)...)
	w.Run(t, "wait", name, "--every=200ms", longWait)
	return named(name)
}

// A user creates an environment with one command, without a pull request. It follows its branch, and a second
// environment links to it. One command deletes it, and no other.
func TestEnvironmentByHandFromCreateToDelete(t *testing.T) {
	t.Parallel()
	w := shared
	first, second := githubtest.SHA("by hand, first"), githubtest.SHA("by hand, second")
	w.gateway.SetBranch("by-hand", first)
	mine := w.create(t, "mine", "--service=gateway=branch:by-hand", "--owner=jakub", "--purpose=a story", "--shared")
	if got := mine.String(); got != "mine" { // in the messages of failed stories
		t.Errorf("it is shown as %q", got)
	}
	w.waitRuns(t, mine, gatewayImage, first)
	if app := w.waitSynced(t, mine); app.Labels["previewset.dev/source"] != "environment" || app.Labels["previewset.dev/owner"] != "jakub" {
		t.Errorf("its labels are %v", app.Labels)
	}
	w.gateway.SetBranch("by-hand", second)
	w.Run(t, "wait", mine.name, "--every=200ms", longWait, "--commit=gateway="+second)
	w.waitRuns(t, mine, gatewayImage, second)

	w.shop.SetBranch("by-hand", first)
	other := w.create(t, "other", "--service=web=branch:by-hand", "--link=gateway=env:mine", "--owner=jakub")
	if out := w.Run(t, "show", other.name); !strings.Contains(out, "mine") {
		t.Errorf("it doesn't show the target of the link gateway:\n%s", out)
	}
	stays := w.stays(t, mine.application)
	w.byHand(t, "delete", other.name)
	w.Run(t, "wait", other.name, "--for=gone", "--every=200ms", longWait)
	w.waitGone(t, other)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	w.byHand(t, "delete", mine.name)
	w.waitGone(t, mine)
}

// A user takes over a service's workload. The user's changes of it stay, while Argo CD syncs the others and reverts
// changes of them. After the user gives it back, it is again as in Git.
func TestHandedOverWorkloadKeepsTheUsersChanges(t *testing.T) {
	t.Parallel()
	w := shared
	first, second := githubtest.SHA("handed over, first"), githubtest.SHA("handed over, second")
	w.gateway.SetBranch("handed", first)
	w.shop.SetBranch("handed", first)
	p := w.create(t, "handed", "--profile=checkout", "--service=gateway=branch:handed", "--service=orders=branch:handed")
	w.byHand(t, "handover", p.name, "gateway")
	w.Eventually(t, standtest.Patience, "the Application ignores the workload", func(ctx context.Context) error {
		app, err := w.Application(ctx, p.application)
		return firstError(err, standtest.Contains(fmt.Sprint(app.Object.Object["spec"]), "RespectIgnoreDifferences=true"))
	})
	w.waitSynced(t, p)

	declared, made := workload{"1", gatewayImage + ":" + first}, workload{"2", gatewayImage + ":by-hand"}
	w.change(t, p, "gateway", made)
	w.change(t, p, "orders", workload{"2", ordersImage + ":by-hand"})
	w.waitWorkload(t, p, "orders", workload{"1", ordersImage + ":" + first})
	w.shop.SetBranch("handed", second)
	w.waitWorkload(t, p, "orders", workload{"1", ordersImage + ":" + second})
	w.waitSynced(t, p)
	w.Always(t, while, "the user's changes stay", w.isWorkload(p, "gateway", made))

	w.byHand(t, "handover", p.name, "gateway", "--back")
	w.waitWorkload(t, p, "gateway", declared)
	w.waitSynced(t, p)
}

// A user starts a data store of an environment anew. The API server accepts its new Pod, with the container that empties
// the volume, and the volume stays the same. The other stores keep their Pods.
func TestResetStartsOneStoreAnew(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.create(t, "anew", "--profile=checkout", "--owner=jakub")
	w.waitSynced(t, p)
	redis, claim := w.storePod(t, p, "redis"), w.storeClaim(t, p, "postgres")
	w.byHand(t, "reset", p.name, "postgres")
	w.Eventually(t, standtest.Patience, "postgres starts anew", func(ctx context.Context) error {
		pod, err := w.Cluster.Client.CoreV1().Pods(p.application).Get(ctx, "postgres-0", metav1.GetOptions{})
		if err != nil {
			return err
		}
		isReset := func(c corev1.Container) bool { return c.Name == "reset" }
		if pod.Annotations["previewset.dev/reset"] == "" || !slices.ContainsFunc(pod.Spec.InitContainers, isReset) {
			return fmt.Errorf("its Pod has the annotations %v", pod.Annotations)
		}
		return nil
	})
	w.waitSynced(t, p)
	if w.storePod(t, p, "redis") != redis {
		t.Error("redis has another Pod")
	}
	if w.storeClaim(t, p, "postgres") != claim {
		t.Error("postgres has another volume")
	}
}

// storePod returns the identity of a store's Pod.
func (w *world) storePod(t *testing.T, p preview, store string) types.UID {
	t.Helper()
	pod, err := w.Cluster.Client.CoreV1().Pods(p.application).Get(t.Context(), store+"-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod.UID
}

// storeClaim returns the identity of the claim of a store's volume.
func (w *world) storeClaim(t *testing.T, p preview, store string) types.UID {
	t.Helper()
	claims := w.Cluster.Client.CoreV1().PersistentVolumeClaims(p.application)
	claim, err := claims.Get(t.Context(), store, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return claim.UID
}

// workload has the parts of a workload that a user may change.
type workload struct{ replicas, image string }

// change changes a workload with kubectl.
func (r contentReader) change(t *testing.T, p preview, service string, to workload) {
	t.Helper()
	on := "deployment/" + service
	for _, args := range [][]string{{"scale", on, "--replicas=" + to.replicas}, {"set", "image", on, service + "=" + to.image}} {
		if _, err := r.stand.Cluster.Kubectl(t.Context(), nil, append(args, "--namespace="+p.application)...); err != nil {
			t.Fatal(err)
		}
	}
}

func (r contentReader) waitWorkload(t *testing.T, p preview, service string, want workload) {
	t.Helper()
	r.stand.Eventually(t, standtest.Patience, fmt.Sprintf("%s of %s is %s", service, p.name, want), r.isWorkload(p, service, want))
}

// isWorkload returns an error while the workload differs.
func (r contentReader) isWorkload(p preview, service string, want workload) func(context.Context) error {
	return func(ctx context.Context) error {
		deployment, err := r.stand.Cluster.Client.AppsV1().Deployments(p.application).Get(ctx, service, metav1.GetOptions{})
		if err != nil {
			return err
		}
		spec := deployment.Spec
		if is := (workload{fmt.Sprint(*spec.Replicas), spec.Template.Spec.Containers[0].Image}); is != want {
			return fmt.Errorf("it is %s", is)
		}
		return nil
	}
}

// An environment runs the commit of a tag, which may be annotated. CI moves the tag, and the environment follows in
// place.
func TestEnvironmentFollowsAMovedTag(t *testing.T) {
	t.Parallel()
	w := shared
	first, second, third := githubtest.SHA("tagged, first"), githubtest.SHA("tagged, second"), githubtest.SHA("tagged, third")
	w.gateway.SetTag("nightly", first)
	p := w.create(t, "tagged", "--service=gateway=tag:nightly")
	w.waitRuns(t, p, gatewayImage, first)
	stays := w.stays(t, p.application)
	w.gateway.SetAnnotatedTag("nightly", "commit", second)
	w.waitRuns(t, p, gatewayImage, second)
	w.gateway.SetAnnotatedTag("nightly", "tag", w.gateway.SetAnnotatedTag("nightly-signed", "commit", third))
	w.waitRuns(t, p, gatewayImage, third)
	w.waitSynced(t, p)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

// An environment links to another one, which admits traffic from exactly that environment. After the target is deleted,
// the link leads to the baseline, and previewctl why says so.
func TestLinkFallsBackToTheBaseline(t *testing.T) {
	t.Parallel()
	w := shared
	w.gateway.SetBranch("linked", githubtest.SHA("linked"))
	w.shop.SetBranch("linked", githubtest.SHA("linked"))
	to := w.create(t, "team", "--service=gateway=branch:linked", "--shared")
	from := w.create(t, "member", "--service=web=branch:linked", "--link=gateway=env:team")
	w.waitLeads(t, from, "gateway", to.application)
	w.Eventually(t, standtest.Patience, "the target admits its traffic", func(ctx context.Context) error {
		policy, err := w.Cluster.Client.NetworkingV1().NetworkPolicies(to.application).Get(ctx, "allow-links", metav1.GetOptions{})
		if err == nil && !slices.Equal(peersOf(policy), []string{from.application}) {
			err = fmt.Errorf("it admits %q", peersOf(policy))
		}
		return err
	})
	w.waitSynced(t, to)
	w.byHand(t, "delete", to.name, "--break-links")
	w.waitLeads(t, from, "gateway", "staging")
	w.waitGone(t, to)
	w.WaitPrints(t, []string{"why", from.name}, "gateway", "baseline", "team")
}

func (r contentReader) waitLeads(t *testing.T, p preview, service, namespace string) {
	t.Helper()
	what := fmt.Sprintf("%s of %s leads to %s", service, p.name, namespace)
	r.stand.Eventually(t, standtest.Patience, what, func(ctx context.Context) error {
		links, err := r.links(ctx, p)
		if want := service + "." + namespace + ".svc.cluster.local"; err == nil && links[service] != want {
			err = fmt.Errorf("it leads to %q", links[service])
		}
		return err
	})
}

// peersOf returns the namespaces from which a policy admits traffic.
func peersOf(policy *networkingv1.NetworkPolicy) (namespaces []string) {
	for _, rule := range policy.Spec.Ingress {
		for _, peer := range rule.From {
			namespaces = append(namespaces, peer.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
		}
	}
	return namespaces
}
