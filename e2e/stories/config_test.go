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

// A user adds an overlay to a preview. It is applied at once, and only there. Other commits change no environment.
// After the overlay is deleted, the preview is as before.
func TestOverlayChangesOnlyItsPreview(t *testing.T) {
	t.Parallel()
	w := shared
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.shop, "web/index.html")
	w.WaitSynced(t, "staging", standtest.Patience)
	stays, others := w.stays(t, p.application), w.untouched(t, other.application, "staging")

	folder := "overlays/" + p.name
	w.commit(t, "Greet", gitserver.Write(folder+"/kustomization.yaml", greetingOverlay),
		gitserver.Write(folder+"/greeting.yaml", greeting("hello")),
		gitserver.Write(folder+"/environment.yaml", adjusts(p)+"components: [verbose]\n"))
	w.waitConfigMap(t, p, "greeting", "text", "hello")
	w.waitConfigMap(t, p, "environment", "logLevel", "debug")
	w.commit(t, "Greet otherwise", gitserver.Write(folder+"/greeting.yaml", greeting("welcome")))
	w.waitConfigMap(t, p, "greeting", "text", "welcome")
	app := w.waitSynced(t, p)
	if err := all(stays, others)(t.Context()); err != nil {
		t.Error(err)
	}

	everything := w.untouched(t, p.application, other.application, "staging")
	head := w.commit(t, "Explain", gitserver.Write("docs/"+p.name+".md", "A document.\n"))
	w.Always(t, while, "an unrelated commit changes no environment", everything)
	if app.Revision == head {
		t.Errorf("its revision is the head of the branch, %s", head)
	}

	w.commit(t, "Clean up", gitserver.Remove(folder))
	w.Eventually(t, gitPoll, "the overlay's object is deleted", func(ctx context.Context) error {
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

// A user fixes an overlay while Argo CD still retries the broken commit. The fix is applied when the retries end. Argo
// CD retries the old commit with the new source, and must not take that failure for a failure of the new commit.
func TestFixDuringRetriesIsApplied(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	folder := "overlays/" + p.name
	wrong := strings.Replace(greeting("hello"), "metadata: {", "metadata: {labels: {mood: not/a/label}, ", 1)
	w.commit(t, "Greet wrongly", gitserver.Write(folder+"/kustomization.yaml", greetingOverlay),
		gitserver.Write(folder+"/greeting.yaml", wrong))
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

// operation is Argo CD's last or current sync of a preview.
type operation struct {
	revision, message string
	retries           int64 // so far
}

func (v previewWaiter) operation(ctx context.Context, p preview) (o operation, err error) {
	app, err := v.stand.Application(ctx, p.application)
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

// adjusts returns the beginning of an environment.yaml that changes a pull request's environment.
func adjusts(p preview) string {
	return fmt.Sprintf("apiVersion: previewset.dev/v1alpha1\nkind: Environment\npullRequest: %s\n", p)
}

// waitConfigMap waits for a value in a preview. It waits less long than Argo CD needs to find the commit by itself.
func (v previewWaiter) waitConfigMap(t testing.TB, p preview, name, key, want string) {
	t.Helper()
	v.stand.Eventually(t, gitPoll, fmt.Sprintf("%s: %s of ConfigMap %s is %q", p, key, name, want), func(ctx context.Context) error {
		object, err := v.stand.Cluster.Client.CoreV1().ConfigMaps(p.application).Get(ctx, name, metav1.GetOptions{})
		if err == nil && object.Data[key] != want {
			err = fmt.Errorf("it is %q", object.Data[key])
		}
		return err
	})
}

// The platform team changes the base of all environments. All previews get the change at once and in place, those with
// an overlay too. The baseline gets it when Argo CD looks at the branch.
func TestChangeOfTheBaseReachesAllEnvironments(t *testing.T) {
	w := shared
	p, adjusted := w.openLive(t, w.gateway, "main.go"), w.open(t, w.shop, labelled("web/index.html", "preview"))
	w.commit(t, "Greet", gitserver.Write("overlays/"+adjusted.name+"/kustomization.yaml", greetingOverlay),
		gitserver.Write("overlays/"+adjusted.name+"/greeting.yaml", greeting("hello")))
	w.waitConfigMap(t, adjusted, "greeting", "text", "hello")
	w.WaitSynced(t, "staging", standtest.Patience)
	stays := w.stays(t, p.application, adjusted.application, "staging")

	const file = "kustomize-base/components/guardrails/limitrange.yaml"
	before := w.File(t, file)
	after := standtest.ReplaceOnce(t, before, "  annotations:\n", "  annotations:\n    seen: here\n")
	for _, step := range []struct{ message, content, want string }{{"Mark", after, "here"}, {"Unmark", before, ""}} {
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

func (v previewWaiter) waitMarked(t *testing.T, namespace, want string) {
	t.Helper()
	v.stand.Eventually(t, gitPoll, fmt.Sprintf("the mark in %s is %q", namespace, want), func(ctx context.Context) error {
		object, err := v.stand.Cluster.Client.CoreV1().LimitRanges(namespace).Get(ctx, "guardrails", metav1.GetOptions{})
		if err == nil && object.Annotations["seen"] != want {
			err = fmt.Errorf("it is %q", object.Annotations["seen"])
		}
		return err
	})
}

// lookAtBranch makes Argo CD look for new commits now, as its webhook or its next poll would.
func (v previewWaiter) lookAtBranch(t *testing.T, application string) {
	t.Helper()
	_, err := v.stand.Resource("applications").Patch(t.Context(), application, types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// A user breaks the file of an environment. The environment stays unchanged, and its decision names the file and line.
// Other environments aren't affected, now or at later pushes. The fixed file is in force.
func TestBrokenEnvironmentFileAffectsNoOtherEnvironment(t *testing.T) {
	t.Parallel()
	w := shared
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.gateway, "main.go")
	mine, others := w.untouched(t, p.application), w.untouched(t, other.application)
	file := "overlays/" + p.name + "/environment.yaml"
	w.commit(t, "Break", gitserver.Write(file, adjusts(p)+"component: [verbose]\n"))
	w.waitDecision(t, p, standtest.Decision{State: "awake", Rule: "file"}, file+":4", "component")
	w.Always(t, while, "no environment changes", all(mine, others))
	w.waitRuns(t, other, gatewayImage, other.push())
	w.waitSynced(t, w.openLive(t, w.shop, "web/index.html"))
	if err := mine(t.Context()); err != nil {
		t.Error(err)
	}
	w.commit(t, "Fix", gitserver.Write(file, adjusts(p)+"components: [verbose]\n"))
	w.waitConfigMap(t, p, "environment", "logLevel", "debug")
	w.waitDecision(t, p, standtest.Decision{State: "awake", Rule: "labelled"})
}

// A file that is broken from the start holds its environment, and the decision names the file. The fixed file creates
// it.
func TestBrokenEnvironmentFileHoldsANewPreview(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go"))
	file := "overlays/" + p.name + "/environment.yaml"
	w.commit(t, "Break", gitserver.Write(file, "apiVersion: [\n"))
	p.label("preview")
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "file"}, file)
	w.Always(t, while, "no preview exists", w.noApplication(p))
	w.commit(t, "Fix", gitserver.Write(file, adjusts(p)))
	w.waitSynced(t, p)
}

// A user breaks previewset.yaml. The last valid configuration stays in force, for new pull requests too, and the
// service reports file and field. The fixed configuration is in force.
func TestBrokenConfigurationChangesNothing(t *testing.T) {
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	untouched := w.untouched(t, p.application)
	const file = "previewset.yaml"
	good := w.File(t, file)
	w.RestoreAfter(t, "Restore", gitserver.Write(file, good))
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
	w.waitDecision(t, front, standtest.Decision{Outcome: "held", Rule: "profile"}, "preview:front")
	w.openLive(t, w.gateway, "main.go")
	w.Always(t, while, "nothing changes", all(untouched, w.noApplication(front)))
	w.commit(t, "Fix", gitserver.Write(file, more))
	w.waitSynced(t, front)
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
}
