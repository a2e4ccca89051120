package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/jiratest"
)

// The guide docs/guides/stories/spa-and-back-end.md: a labelled pull request gets the single-page application and the back
// ends, with data, migrations, a secret, spot nodes, and a link on its Jira issue. A fork's pull request gets nothing. The
// merge removes all of it. (It changes the base of all environments, so it isn't parallel.)
func TestStoryOfTheCTO(t *testing.T) {
	const issue = "SHOP-42"
	w := shared
	w.alone(t)
	jira, flags := startJira(t, issue)
	w.service.Kill()
	w.start(t, flags...)
	w.WaitReady(t)
	w.allowSecrets(t)

	pr := labelled("orders/checkout.go", "Preview:full")
	pr.Title = issue + ": a new checkout"
	p := w.open(t, w.shop, pr)
	w.waitExternalSecret(t, p, "previews", "previews/orders")
	w.waitContent(t, p, everything(p, "orders"))
	w.waitSynced(t, p)
	w.checkBackEnd(t, p)
	w.waitLink(t, jira, issue, p, false)

	fork := labelled("orders/checkout.go", "preview:full")
	fork.HeadRepository = w.shop.Fork("mallory").ID
	outside := w.open(t, w.shop, fork)
	w.waitDecision(t, outside, standtest.Decision{Outcome: "held", Rule: "fork"})
	if err := w.noApplication(outside)(t.Context()); err != nil {
		t.Error(err)
	}

	p.in.Merge(p.number)
	w.waitGone(t, p)
	w.waitLink(t, jira, issue, p, true)
}

// startJira starts a simulated Jira with an issue. flags are those of the generator for it.
func startJira(t *testing.T, issue string) (server *jiratest.Server, flags []string) {
	t.Helper()
	const user, token = "previews@acme.example", "jira-token-0123456789"
	server = jiratest.New(user, token, issue)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	file := filepath.Join(t.TempDir(), "jira.token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return server, []string{"--jira-url=" + web.URL, "--jira-user=" + user, "--jira-token-file=" + file}
}

// waitLink waits until Jira has exactly one link to the preview, on the issue.
func (w *world) waitLink(t *testing.T, jira *jiratest.Server, issue string, p preview, resolved bool) {
	t.Helper()
	w.Eventually(t, standtest.Patience, "the link on "+issue, func(context.Context) error {
		links := jira.Links()
		want := jiratest.Link{Issue: issue, URL: "https://" + p.name + "." + stand.Domain, Resolved: resolved}
		for i := range links {
			want.GlobalID, want.Title, want.Summary = links[i].GlobalID, links[i].Title, links[i].Summary
		}
		if !slices.Equal(links, []jiratest.Link{want}) {
			return fmt.Errorf("the links are %+v, want one like %+v", links, want)
		}
		return nil
	})
}

// allowSecrets does the steps of docs/guides/secrets.md for the service orders. There is no operator.
func (w *world) allowSecrets(t *testing.T) {
	t.Helper()
	const definition = "crd/externalsecrets.external-secrets.io"
	for _, args := range [][]string{
		{"apply", "--server-side", "--filename=" + absolute(t, "../attack/testdata/externalsecrets.yaml")},
		{"wait", "--for=condition=Established", "--timeout=60s", definition},
	} {
		if out, err := w.Cluster.Kubectl(t.Context(), nil, args...); err != nil {
			t.Fatal(err, out)
		}
	}
	set := func(ctx context.Context, stores string) error {
		patch := fmt.Appendf(nil, `{"data":{"secretStores":%q}}`, stores)
		_, err := w.Cluster.Client.CoreV1().ConfigMaps(argocd.Namespace).
			Patch(ctx, "previewset-admission", types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	}
	if err := set(t.Context(), "previews"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set(context.WithoutCancel(t.Context()), ""); err != nil {
			t.Error(err)
		}
	})
	guide, err := os.ReadFile("../../docs/guides/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := "kustomize-base/services/orders/secrets"
	var files []func(*os.Root) error
	for _, m := range regexp.MustCompile("(?ms)^# ("+folder+"/\\S+)\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1) {
		files = append(files, gitserver.Write(m[1], m[2]))
	}
	if len(files) != 2 {
		t.Fatalf("the guide has %d files of %s", len(files), folder)
	}
	w.RestoreAfter(t, "Remove the secrets", gitserver.Remove(folder))
	w.commit(t, "Add secrets", files...)
}

func absolute(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// waitExternalSecret waits for the preview's ExternalSecret, says as the operator does that it is ready, and checks its key.
func (w *world) waitExternalSecret(t *testing.T, p preview, store, key string) {
	t.Helper()
	ready := `{"status":{"conditions":[{"type":"Ready","status":"True","reason":"SecretSynced","message":"secret synced"}]}}`
	w.Eventually(t, standtest.Patience, "the ExternalSecret of "+p.name, func(ctx context.Context) error {
		args := []string{
			"patch", "externalsecret", "orders-payment", "--namespace=" + p.application, "--subresource=status",
			"--type=merge", "--patch=" + ready, "--output=json",
		}
		out, err := w.Cluster.Kubectl(ctx, nil, args...)
		if err != nil {
			return err
		}
		var object struct {
			Spec struct {
				SecretStoreRef struct{ Name string }
				Data           []struct{ RemoteRef struct{ Key string } }
			}
		}
		if err := json.Unmarshal([]byte(out), &object); err != nil {
			return err
		}
		if spec := object.Spec; spec.SecretStoreRef.Name != store || len(spec.Data) != 1 || spec.Data[0].RemoteRef.Key != key {
			return fmt.Errorf("it is %+v", spec)
		}
		return nil
	})
}

// workloadOf returns the Pod template of a service's Deployment.
func (w *world) workloadOf(t *testing.T, p preview, service string) corev1.PodSpec {
	t.Helper()
	d, err := w.Cluster.Client.AppsV1().Deployments(p.application).Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Spec.Template.Spec
}

// checkBackEnd checks the back end's migrations, which run after the store is ready and before the generator, its secret and
// its nodes.
func (w *world) checkBackEnd(t *testing.T, p preview) {
	t.Helper()
	pod := w.workloadOf(t, p, "orders")
	var steps []string
	for i := range pod.InitContainers {
		steps = append(steps, pod.InitContainers[i].Name)
	}
	if want := []string{"wait-for-postgres", "wait-for-rabbitmq", "migrate"}; !slices.Equal(steps, want) {
		t.Errorf("before the generator, it runs %q, want %q", steps, want)
	}
	content, err := w.Cluster.Client.CoreV1().ConfigMaps(p.application).Get(t.Context(), pod.Volumes[0].ConfigMap.Name, metav1.GetOptions{})
	if err != nil || !strings.Contains(content.Data["001-orders.sql"], "CREATE TABLE") {
		t.Errorf("%v: the migrations are %v", err, content.Data)
	}
	if i := slices.IndexFunc(pod.Containers[0].Env, func(v corev1.EnvVar) bool { return v.Name == "PAYMENT_KEY" }); i < 0 ||
		pod.Containers[0].Env[i].ValueFrom.SecretKeyRef.Name != "orders-payment" {
		t.Errorf("its variables are %+v", pod.Containers[0].Env)
	}
	for _, service := range []string{"web", "orders"} {
		spec := w.workloadOf(t, p, service)
		spot := func(t corev1.Toleration) bool { return t.Key == "previewset.dev/spot" }
		if !slices.ContainsFunc(spec.Tolerations, spot) || spec.Affinity == nil {
			t.Errorf("%s doesn't prefer spot nodes: %v", service, spec.Tolerations)
		}
	}
	namespace, err := w.Cluster.Client.CoreV1().Namespaces().Get(t.Context(), p.application, metav1.GetOptions{})
	if err != nil || namespace.Labels["previewset.dev/secrets"] != "allowed" {
		t.Errorf("%v: the namespace's labels are %v", err, namespace.Labels)
	}
}
