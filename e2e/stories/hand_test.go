package stories

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// byHand runs a command of previewctl that commits to the GitOps repository, and returns what it printed. It pushes again
// where others were faster, but the stories' own commits don't; so one at a time.
func (w *world) byHand(t *testing.T, args ...string) string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(w.Git.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	flags := []string{"--config-repo=" + w.Git.URL, "--config-token-file=" + token, "--author=Jakub <jakub@example.com>"}
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

// named returns an environment that a file, slot or join has named.
func named(name string) preview { return preview{name: name, application: "preview-" + name} }

// create makes an environment by hand and waits until it runs.
func (w *world) create(t *testing.T, name string, flags ...string) preview {
	t.Helper()
	w.byHand(t, append([]string{"create", name}, flags...)...)
	w.Run(t, "wait", name, "--every=200ms", "--timeout=2m")
	return named(name)
}

// Somebody makes an environment by hand with one command, without a pull request; it follows its branch; a second one leads to
// it; and it goes with one command, alone.
func TestEnvironmentByHandFromCreateToDelete(t *testing.T) {
	t.Parallel()
	w := shared
	first, second := githubtest.SHA("by hand, first"), githubtest.SHA("by hand, second")
	w.gateway.SetBranch("by-hand", first)
	mine := w.create(t, "mine", "--service=gateway=branch:by-hand", "--owner=jakub", "--purpose=a story", "--shared")
	w.waitRuns(t, mine, gatewayImage, first)
	if app := w.waitSynced(t, mine); app.Labels["previewset.dev/source"] != "environment" || app.Labels["previewset.dev/owner"] != "jakub" {
		t.Errorf("its labels are %v", app.Labels)
	}
	w.gateway.SetBranch("by-hand", second)
	w.Run(t, "wait", mine.name, "--every=200ms", "--timeout=2m", "--commit=gateway="+second)
	w.waitRuns(t, mine, gatewayImage, second)

	w.shop.SetBranch("by-hand", first)
	other := w.create(t, "other", "--service=web=branch:by-hand", "--link=gateway=env:mine", "--owner=jakub")
	if out := w.Run(t, "show", other.name); !strings.Contains(out, "mine") {
		t.Errorf("nothing says where gateway leads:\n%s", out)
	}
	stays := w.stays(t, mine.application)
	w.byHand(t, "delete", other.name)
	w.Run(t, "wait", other.name, "--for=gone", "--every=200ms", "--timeout=2m")
	w.waitGone(t, other)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	w.byHand(t, "delete", mine.name)
	w.waitGone(t, mine)
}

// Somebody has a service handed over: what they make of its workload stays, while Argo CD goes on syncing the rest and undoes
// what is made of that. Given back, it is again what Git says.
func TestHandedOverWorkloadIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := shared
	first, second := githubtest.SHA("handed over, first"), githubtest.SHA("handed over, second")
	w.gateway.SetBranch("handed", first)
	w.shop.SetBranch("handed", first)
	p := w.create(t, "handed", "--profile=checkout", "--service=gateway=branch:handed", "--service=orders=branch:handed")
	w.byHand(t, "handover", p.name, "gateway")
	w.Eventually(t, standtest.Patience, "Argo CD is told to leave it alone", func(ctx context.Context) error {
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
	w.Always(t, while, "what was made by hand stays", w.isWorkload(p, "gateway", made))

	w.byHand(t, "handover", p.name, "gateway", "--back")
	w.waitWorkload(t, p, "gateway", declared)
	w.waitSynced(t, p)
}

// workload is what somebody may change of one: how many Pods, and their image.
type workload struct{ replicas, image string }

// change changes a workload as somebody with kubectl would.
func (w *world) change(t *testing.T, p preview, service string, to workload) {
	t.Helper()
	on := "deployment/" + service
	for _, args := range [][]string{{"scale", on, "--replicas=" + to.replicas}, {"set", "image", on, service + "=" + to.image}} {
		if _, err := w.Cluster.Kubectl(t.Context(), nil, append(args, "--namespace="+p.application)...); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) waitWorkload(t *testing.T, p preview, service string, want workload) {
	t.Helper()
	w.Eventually(t, standtest.Patience, fmt.Sprintf("%s of %s is %s", service, p.name, want), w.isWorkload(p, service, want))
}

// isWorkload is an error while it is another.
func (w *world) isWorkload(p preview, service string, want workload) func(context.Context) error {
	return func(ctx context.Context) error {
		deployment, err := w.Cluster.Client.AppsV1().Deployments(p.application).Get(ctx, service, metav1.GetOptions{})
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

// Somebody's environment runs what a tag says, an annotated one too, and CI moves the tag: the environment follows, in place.
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

// Somebody's environment leads to another one, which lets exactly that one in. That one goes, and the name leads to staging
// then, and that is said.
func TestLinkFallsBackToTheBaseline(t *testing.T) {
	t.Parallel()
	w := shared
	w.gateway.SetBranch("linked", githubtest.SHA("linked"))
	w.shop.SetBranch("linked", githubtest.SHA("linked"))
	to := w.create(t, "team", "--service=gateway=branch:linked", "--shared")
	from := w.create(t, "member", "--service=web=branch:linked", "--link=gateway=env:team")
	w.waitLeads(t, from, "gateway", to.application)
	w.Eventually(t, standtest.Patience, "that one lets it in", func(ctx context.Context) error {
		policy, err := w.Cluster.Client.NetworkingV1().NetworkPolicies(to.application).Get(ctx, "allow-links", metav1.GetOptions{})
		if err == nil && !slices.Equal(peersOf(policy), []string{from.application}) {
			err = fmt.Errorf("it lets in %q", peersOf(policy))
		}
		return err
	})
	w.waitSynced(t, to)
	w.byHand(t, "delete", to.name, "--break-links")
	w.waitLeads(t, from, "gateway", "staging")
	w.waitGone(t, to)
	w.WaitPrints(t, []string{"why", from.name}, "service gateway leads to the baseline: environment team is not live")
}

func (w *world) waitLeads(t *testing.T, p preview, service, namespace string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, fmt.Sprintf("%s of %s leads to %s", service, p.name, namespace), func(ctx context.Context) error {
		links, err := w.links(ctx, p)
		if want := service + "." + namespace + ".svc.cluster.local"; err == nil && links[service] != want {
			err = fmt.Errorf("it leads to %q", links[service])
		}
		return err
	})
}

// peersOf are the namespaces that a policy lets in.
func peersOf(policy *networkingv1.NetworkPolicy) (namespaces []string) {
	for _, rule := range policy.Spec.Ingress {
		for _, peer := range rule.From {
			namespaces = append(namespaces, peer.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
		}
	}
	return namespaces
}
