package stories

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
)

// Somebody adds to a preview in a folder of its own: it arrives at once, and only there. Other commits touch nobody. When the
// folder goes, the preview is what it was.
func TestOwnOverlayReachesItsPreviewAlone(t *testing.T) {
	t.Parallel()
	w := shared
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.shop, "web/index.html")
	w.WaitSynced(t, "staging", standtest.Patience)
	stays, others := w.stays(t, p.application), w.untouched(t, other.application, "staging")

	folder := "overlays/" + p.name
	w.commit(t, "Greet", gitserver.Write(folder+"/kustomization.yaml", greetingOverlay), gitserver.Write(folder+"/greeting.yaml", greeting("hello")),
		gitserver.Write(folder+"/environment.yaml", adjusts(p)+"components: [debug]\n"))
	w.waitConfigMap(t, p, "greeting", "text", "hello")
	w.waitConfigMap(t, p, "environment", "logLevel", "debug")
	w.commit(t, "Greet otherwise", gitserver.Write(folder+"/greeting.yaml", greeting("welcome")))
	w.waitConfigMap(t, p, "greeting", "text", "welcome")
	app := w.waitSynced(t, p)
	if err := all(stays, others)(t.Context()); err != nil {
		t.Error(err)
	}

	everybody := w.untouched(t, p.application, other.application, "staging")
	head := w.commit(t, "Explain", gitserver.Write("docs/"+p.name+".md", "What it is about.\n"))
	w.Always(t, while, "an unrelated commit touches nobody", everybody)
	if app.Revision == head {
		t.Errorf("its revision is the head of the branch, %s", head)
	}

	w.commit(t, "Clean up", gitserver.Remove(folder))
	w.Eventually(t, gitPoll, "what the folder added is gone", func(ctx context.Context) error {
		_, err := w.Cluster.Client.CoreV1().ConfigMaps(p.application).Get(ctx, "greeting", metav1.GetOptions{})
		if err == nil {
			return fmt.Errorf("ConfigMap greeting is there")
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
	w.waitConfigMap(t, p, "environment", "logLevel", "")
	w.waitSynced(t, p)
	if err := all(stays, others)(t.Context()); err != nil {
		t.Error(err)
	}
}

// Somebody mends an overlay while Argo CD still retries what was wrong with it: the mending arrives when the retries are over. Argo CD
// retries the old commit with the new source, and must then not take the failure for one of the new commit.
func TestMendingDuringTheRetriesArrives(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	folder := "overlays/" + p.name
	wrong := strings.Replace(greeting("hello"), "metadata: {", "metadata: {labels: {mood: not/a/label}, ", 1)
	w.commit(t, "Greet wrongly", gitserver.Write(folder+"/kustomization.yaml", greetingOverlay), gitserver.Write(folder+"/greeting.yaml", wrong))
	var begun operation
	w.Eventually(t, gitPoll, "Argo CD retries "+p.application, func(ctx context.Context) (err error) {
		if begun, err = w.operation(ctx, p); err == nil && begun.retries == 0 {
			err = fmt.Errorf("it doesn't: %+v", begun)
		}
		return err
	})
	w.commit(t, "Greet", gitserver.Write(folder+"/greeting.yaml", greeting("hello")))
	w.Eventually(t, retries+standtest.Patience, "Argo CD is done with the retries of "+p.application, func(ctx context.Context) error {
		current, err := w.operation(ctx, p)
		if err == nil && current.revision == begun.revision {
			err = fmt.Errorf("it isn't: %+v", current)
		}
		return err
	})
	w.waitConfigMap(t, p, "greeting", "text", "hello")
	w.waitSynced(t, p)
}

// operation is Argo CD's last sync of a preview, or the one under way.
type operation struct {
	revision, message string
	retries           int64 // so far
}

func (w *world) operation(ctx context.Context, p preview) (o operation, err error) {
	app, err := w.Application(ctx, p.application)
	if err != nil {
		return operation{}, err
	}
	state, _, err := unstructured.NestedMap(app.Object.Object, "status", "operationState")
	if err != nil {
		return operation{}, err
	}
	o.message, _, _ = unstructured.NestedString(state, "message")
	o.retries, _, _ = unstructured.NestedInt64(state, "retryCount")
	o.revision, _, err = unstructured.NestedString(state, "operation", "sync", "revision")
	return o, err
}

const greetingOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview, greeting.yaml]
`

func greeting(text string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {text: %q}\n", text)
}

// adjusts is the beginning of an environment.yaml that adjusts a pull request's environment.
func adjusts(p preview) string {
	return fmt.Sprintf("apiVersion: previewset.dev/v1alpha1\nkind: Environment\npullRequest: %s\n", p)
}

// waitConfigMap waits for a value in a preview. It arrives sooner than Argo CD would find the commit that it is in.
func (w *world) waitConfigMap(t testing.TB, p preview, name, key, want string) {
	t.Helper()
	w.Eventually(t, gitPoll, fmt.Sprintf("%s: %s of ConfigMap %s is %q", p, key, name, want), func(ctx context.Context) error {
		object, err := w.Cluster.Client.CoreV1().ConfigMaps(p.application).Get(ctx, name, metav1.GetOptions{})
		if err == nil && object.Data[key] != want {
			err = fmt.Errorf("it is %q", object.Data[key])
		}
		return err
	})
}

// The platform team changes what all environments are made of: it reaches all previews at once, in place, those with an overlay
// of their own too; and staging, when Argo CD looks at the branch.
func TestChangeOfTheBaseReachesEverybody(t *testing.T) {
	w := shared
	p, adjusted := w.openLive(t, w.gateway, "main.go"), w.open(t, w.shop, labelled("web/index.html", "preview"))
	w.commit(t, "Greet", gitserver.Write("overlays/"+adjusted.name+"/kustomization.yaml", greetingOverlay),
		gitserver.Write("overlays/"+adjusted.name+"/greeting.yaml", greeting("hello")))
	w.waitConfigMap(t, adjusted, "greeting", "text", "hello")
	w.WaitSynced(t, "staging", standtest.Patience)
	stays := w.stays(t, p.application, adjusted.application, "staging")

	const file = "kustomize-base/components/guardrails/limitrange.yaml"
	before := w.File(t, file)
	after := standtest.ReplaceOnce(t, before, "  name: guardrails\n", "  name: guardrails\n  annotations: {example.dev/seen: here}\n")
	for _, step := range []struct{ message, content, want string }{{"Mark", after, "here"}, {"Mark no more", before, ""}} {
		w.commit(t, step.message, gitserver.Write(file, step.content))
		w.waitMarked(t, p.application, step.want)
		w.waitMarked(t, adjusted.application, step.want)
		w.lookAtBranch(t, "staging")
		w.waitMarked(t, "staging", step.want)
		w.WaitSynced(t, "staging", standtest.Patience)
	}
	w.waitSynced(t, p)
	w.waitSynced(t, adjusted)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
}

func (w *world) waitMarked(t *testing.T, namespace, want string) {
	t.Helper()
	w.Eventually(t, gitPoll, fmt.Sprintf("the mark in %s is %q", namespace, want), func(ctx context.Context) error {
		object, err := w.Cluster.Client.CoreV1().LimitRanges(namespace).Get(ctx, "guardrails", metav1.GetOptions{})
		if err == nil && object.Annotations["example.dev/seen"] != want {
			err = fmt.Errorf("it is %q", object.Annotations["example.dev/seen"])
		}
		return err
	})
}

// lookAtBranch has Argo CD look for new commits now, as its webhook or its next poll would.
func (w *world) lookAtBranch(t *testing.T, application string) {
	t.Helper()
	_, err := w.Resource("applications").Patch(t.Context(), application, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// Somebody breaks the file of their environment: it stays as it was and says why; nobody else notices, now or at later pushes.
// Mended, it is in force.
func TestBrokenEnvironmentFileLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	w := shared
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.gateway, "main.go")
	mine, others := w.untouched(t, p.application), w.untouched(t, other.application)
	file := "overlays/" + p.name + "/environment.yaml"
	w.commit(t, "Break", gitserver.Write(file, adjusts(p)+"component: [debug]\n"))
	w.waitListed(t, p, "awake", "it stays as it was", file+":4", "component")
	w.Always(t, while, "nobody is touched", all(mine, others))
	w.waitRuns(t, other, gatewayImage, other.push())
	w.waitSynced(t, w.openLive(t, w.shop, "web/index.html"))
	if err := mine(t.Context()); err != nil {
		t.Error(err)
	}
	w.commit(t, "Mend", gitserver.Write(file, adjusts(p)+"components: [debug]\n"))
	w.waitConfigMap(t, p, "environment", "logLevel", "debug")
	w.waitListed(t, p, "awake", "it is open and labelled")
}

// A file that is broken from the start holds its environment and says why; mended, it is there.
func TestBrokenEnvironmentFileHoldsANewPreview(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go"))
	file := "overlays/" + p.name + "/environment.yaml"
	w.commit(t, "Break", gitserver.Write(file, "apiVersion: [\n"))
	p.label("preview")
	w.waitListed(t, p, "held", file, "mend the file")
	w.Always(t, while, "there is no preview", w.noApplication(p))
	w.commit(t, "Mend", gitserver.Write(file, adjusts(p)))
	w.waitSynced(t, p)
}

// Somebody breaks previewset.yaml: the last good one stays in force for everybody, new pull requests included, and the service
// says where it is broken. Mended, the new one is.
func TestBrokenConfigurationChangesNothing(t *testing.T) {
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	untouched := w.untouched(t, p.application)
	const file = "previewset.yaml"
	good := w.File(t, file)
	t.Cleanup(func() {
		if _, err := w.Git.Change(context.WithoutCancel(t.Context()), "Restore", gitserver.Write(file, good)); err != nil {
			t.Error(err)
		}
	})
	more := standtest.ReplaceOnce(t, good, "\nprofiles:\n", "\nprofiles:\n  front:\n    run: [web]\n")
	w.commit(t, "Break", gitserver.Write(file, standtest.ReplaceOnce(t, more, "\n    run: [web]\n", "\n    runs: [web]\n")))
	status, err := w.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := standtest.Contains(status, "200 OK", "[-] config branch", "previewset.yaml:", "runs"); err != nil {
		t.Error(err)
	}
	front := w.open(t, w.shop, labelled("web/index.html", "preview:front"))
	w.waitListed(t, front, "held", `"preview:front" names no profile`)
	w.openLive(t, w.gateway, "main.go")
	w.Always(t, while, "nothing changes", all(untouched, w.noApplication(front)))
	w.commit(t, "Mend", gitserver.Write(file, more))
	w.waitSynced(t, front)
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
}
