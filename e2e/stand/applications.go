package stand

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/cluster"
)

// AppClient reads Argo CD's objects and the Pods that they create, and waits for them.
type AppClient struct {
	cluster *cluster.Cluster
	waiter  *Waiter
}

// Application has those properties of an Argo CD Application that stories check.
type Application struct {
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	Sync        string // Synced, OutOfSync, Unknown
	Health      string // Healthy, Progressing, Degraded, …
	Revision    string // the commit in its spec
	Synced      string // the commit that was synced
	Settled     bool   // Argo CD has compared its present spec with the cluster, and no sync is running
	UID         string
	Problems    []string // its conditions' messages
	Object      *unstructured.Unstructured
}

// Resource returns a client for Argo CD's objects of a kind, such as "applications".
func (c *AppClient) Resource(plural string) dynamic.ResourceInterface {
	return c.cluster.Dynamic.Resource(
		schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural},
	).
		Namespace(argocd.Namespace)
}

// Application reads one Application.
func (c *AppClient) Application(ctx context.Context, name string) (Application, error) {
	object, err := c.Resource("applications").Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return Application{}, err
	}
	return applicationOf(object), nil
}

// Applications reads all that match the label selector, sorted by name.
func (c *AppClient) Applications(ctx context.Context, selector string) ([]Application, error) {
	list, err := c.Resource("applications").List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	all := make([]Application, 0, len(list.Items))
	for i := range list.Items {
		all = append(all, applicationOf(&list.Items[i]))
	}
	return all, nil
}

func applicationOf(object *unstructured.Unstructured) Application {
	text := func(path ...string) string {
		value, _, _ := unstructured.NestedString(object.Object, path...)
		return value
	}
	a := Application{
		Name: object.GetName(), Labels: object.GetLabels(), Annotations: object.GetAnnotations(),
		UID:  string(object.GetUID()),
		Sync: text("status", "sync", "status"), Health: text("status", "health", "status"),
		Revision: text("spec", "source", "targetRevision"), Synced: text("status", "sync", "revision"), Object: object,
	}
	wanted, _, _ := unstructured.NestedMap(object.Object, "spec", "source")
	compared, _, _ := unstructured.NestedMap(object.Object, "status", "sync", "comparedTo", "source")
	a.Settled = reflect.DeepEqual(wanted, compared) && text("status", "operationState", "phase") != "Running"
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok {
			a.Problems = append(a.Problems, fmt.Sprint(c["message"]))
		}
	}
	if message := text(
		"status", "operationState", "message",
	); text("status", "operationState", "phase") != "Succeeded" && message != "" {
		a.Problems = append(a.Problems, message)
	}
	return a
}

// WaitSynced waits until the Application is Synced and Healthy with its present spec.
func (c *AppClient) WaitSynced(tb testing.TB, name string, within time.Duration) Application {
	tb.Helper()
	var app Application
	c.waiter.Eventually(tb, within, name+" is Synced and Healthy", func(ctx context.Context) (err error) {
		if app, err = c.Application(ctx, name); err != nil {
			return err
		}
		if app.Sync != "Synced" || app.Health != "Healthy" || !app.Settled {
			return fmt.Errorf("%s is %q and %q (settled: %t), %q", name, app.Sync, app.Health, app.Settled, app.Problems)
		}
		return nil
	})
	return app
}

// WaitGone waits until neither the Application nor the namespace of that name exists.
func (c *AppClient) WaitGone(tb testing.TB, name string, within time.Duration) {
	tb.Helper()
	c.waiter.Eventually(tb, within, name+" is gone", func(ctx context.Context) error {
		_, app := c.Application(ctx, name)
		_, namespace := c.cluster.Client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return errors.Join(absent("Application "+name, app), absent("namespace "+name, namespace))
	})
}

// absent turns the error of reading an object into nil if it says that the object doesn't exist.
func absent(what string, err error) error {
	switch {
	case err == nil:
		return errors.New(what + " exists")
	case apierrors.IsNotFound(err):
		return nil
	}
	return err
}

// Images returns the images of the namespace's Pods, sorted, each once. Finished and deleted Pods don't count.
func (c *AppClient) Images(ctx context.Context, namespace string) ([]string, error) {
	pods, err := c.cluster.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var images []string
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		for _, container := range pod.Spec.Containers {
			images = append(images, container.Image)
		}
	}
	slices.Sort(images)
	return slices.Compact(images), nil
}

// Refresh makes Argo CD ask the ApplicationSet's plugin again. The generator does the same when its answer changes.
func (c *AppClient) Refresh(ctx context.Context, applicationSet string) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":%q}}}`, rand.Text())
	_, err := c.Resource("applicationsets").Patch(
		ctx, applicationSet, types.MergePatchType, []byte(patch), metav1.PatchOptions{},
	)
	if err != nil {
		return fmt.Errorf("refresh ApplicationSet %s: %w", applicationSet, err)
	}
	return nil
}
