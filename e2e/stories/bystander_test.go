package stories

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
)

// The baseline runs all services with the images of kustomize-base, and with data. Previews don't change it.
func TestBaselineRunsAndIsNeverTouched(t *testing.T) {
	t.Parallel()
	w := shared
	w.WaitSynced(t, "staging", standtest.Patience)
	baseline := preview{in: w.shop, name: "staging", application: "staging"}
	want := everything(baseline)
	want.Hosts = []string{"gateway-staging." + stand.Domain, "staging." + stand.Domain} // sorted
	got, err := w.content(t.Context(), baseline)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the baseline (-want +got):\n%s", diff)
	}
	untouched := w.untouched(t, "staging")
	p := w.open(t, w.shop, labelled("lib/price.go", "preview:full"))
	w.waitSynced(t, p)
	p.close()
	w.waitGone(t, p)
	if err := untouched(t.Context()); err != nil {
		t.Error(err)
	}
}

// An Application of another team has the name of a preview's Application. It isn't taken over, and the decision names
// it.
func TestForeignApplicationIsNotTakenOver(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go"))
	foreign := fmt.Sprintf(foreignApplication, p.application, w.Git.URL)
	if _, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(foreign), "create", "--filename=-"); err != nil {
		t.Fatal(err)
	}
	before := w.foreign(t, p.application)
	p.label("preview")
	w.waitDecision(t, p, standtest.Decision{Outcome: "held", Rule: "taken"}, "Application "+p.application)
	w.Always(t, while, "it doesn't change", func(ctx context.Context) error {
		if diff := cmp.Diff(before, w.foreign(t, p.application)); diff != "" {
			return errors.New(diff)
		}
		_, err := w.Cluster.Client.CoreV1().Namespaces().Get(ctx, p.application, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("namespace %s exists, or: %w", p.application, err)
		}
		return nil
	})
	w.waitSynced(t, w.openLive(t, w.shop, "web/index.html"))
	if err := w.Resource("applications").Delete(t.Context(), p.application, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.waitSynced(t, p)
}

const foreignApplication = `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: %q, namespace: argocd, labels: {team: payments}}
spec:
  project: default
  source: {repoURL: %q, path: somewhere, targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: payments}
`

// foreign returns those parts of an Application that its owner wrote.
func (r objectReader) foreign(t *testing.T, name string) map[string]any {
	t.Helper()
	app, err := r.stand.Application(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"uid": app.UID, "spec": app.Object.Object["spec"], "labels": app.Labels, "owners": app.Object.GetOwnerReferences(),
		"finalizers": app.Object.GetFinalizers(),
	}
}

// An overlay renames its Namespace to one of another team or another preview. Admission refuses that, and the
// Application shows the error. Neither the attempt nor the deletion of the preview changes the other namespace.
func TestOverlayCannotTakeANamespace(t *testing.T) {
	t.Parallel()
	w := shared
	victim := w.openLive(t, w.shop, "web/index.html")
	treasury := w.namespace(t, "treasury")
	for _, c := range []struct{ name, namespace string }{{"another team's", treasury}, {"another preview's", victim.application}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := w.openLive(t, w.gateway, "main.go")
			before := w.namespaceOf(t, c.namespace)
			folder := "overlays/" + p.name
			w.commit(t, "Take "+c.namespace, gitserver.Write(folder+"/kustomization.yaml", fmt.Sprintf(renamingOverlay, c.namespace)))
			w.waitProblem(t, p, "Namespace "+c.namespace)
			begin := time.Now()
			p.close()
			w.WaitGone(t, p.application, retries+standtest.Patience)
			t.Logf("from closing to gone: %s", time.Since(begin).Round(100*time.Millisecond))
			w.Always(t, while, "the namespace doesn't change", func(context.Context) error {
				if diff := cmp.Diff(before, w.namespaceOf(t, c.namespace)); diff != "" {
					return fmt.Errorf("(-before +after):\n%s", diff)
				}
				return nil
			})
		})
	}
}

// retries is the time that Argo CD waits between the attempts of a failing sync, according to the ApplicationSet. It
// deletes nothing meanwhile. The attempts themselves take more time.
const retries = (10 + 20 + 20) * time.Second

// renamingOverlay uses patchesJson6902, because Kustomize applies it after it has set the namespace.
const renamingOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview]
patchesJson6902:
- target: {version: v1, kind: Namespace, name: preview}
  patch: '[{"op": "replace", "path": "/metadata/name", "value": %q}]'
`

func (r objectReader) namespace(t *testing.T, name string) string {
	t.Helper()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": "payments"}}}
	if _, err := r.stand.Cluster.Client.CoreV1().Namespaces().Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// namespaceOf returns the declared parts of a namespace.
func (r objectReader) namespaceOf(t *testing.T, name string) map[string]any {
	t.Helper()
	object, err := r.stand.Cluster.Client.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"uid": object.UID, "labels": object.Labels, "annotations": object.Annotations, "phase": object.Status.Phase,
		"deletion": object.DeletionTimestamp,
	}
}

// waitProblem waits until the Application of the preview shows a problem.
func (v previewWaiter) waitProblem(t *testing.T, p preview, parts ...string) {
	t.Helper()
	v.stand.Eventually(t, standtest.Patience, p.application+" shows a problem", func(ctx context.Context) error {
		app, err := v.stand.Application(ctx, p.application)
		if err != nil {
			return err
		}
		results, _, err := unstructured.NestedSlice(app.Object.Object, "status", "operationState", "syncResult", "resources")
		return firstError(err, standtest.Contains(fmt.Sprint(app.Problems, results), parts...))
	})
}

// An overlay adds objects that reach beyond its namespace. None of them is created. Without them the preview works
// again.
func TestOverlayCannotAddForbiddenKinds(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	folder := "overlays/" + p.name
	w.commit(t, "Grab", gitserver.Write(folder+"/kustomization.yaml", grabbingOverlay),
		gitserver.Write(folder+"/grab.yaml", fmt.Sprintf(grab, p.name, w.Git.URL)))
	w.waitProblem(t, p, "is not permitted in project previews")
	w.Always(t, while, "none is created", func(ctx context.Context) error {
		rbac := w.Cluster.Client.RbacV1()
		_, role := rbac.ClusterRoles().Get(ctx, p.name, metav1.GetOptions{})
		_, binding := rbac.RoleBindings(p.application).Get(ctx, p.name, metav1.GetOptions{})
		_, app := w.Application(ctx, p.name)
		for kind, err := range map[string]error{"ClusterRole": role, "RoleBinding": binding, "Application": app} {
			if !apierrors.IsNotFound(err) {
				return fmt.Errorf("%s %s exists, or: %w", kind, p.name, err)
			}
		}
		return nil
	})
	begin := time.Now()
	w.commit(t, "Give back", gitserver.Remove(folder))
	head := p.push()
	w.WaitSynced(t, p.application, retries+standtest.Patience)
	w.waitRuns(t, p, gatewayImage, head)
	t.Logf("from the fixed overlay to Synced: %s", time.Since(begin).Round(100*time.Millisecond))
}

const grabbingOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview, grab.yaml]
`

const grab = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: %[1]s}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: ServiceAccount, name: default}]
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: %[1]s}
spec:
  project: default
  source: {repoURL: %[2]q, path: somewhere, targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: kube-system}
`
