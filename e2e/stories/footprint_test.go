package stories

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// identity is what stays of an environment while it is only changed. With another one it would be another environment,
// without its data.
type identity struct{ Application, Namespace types.UID }

func (w *world) identity(t testing.TB, application string) identity {
	t.Helper()
	i, err := w.identityOf(t.Context(), application)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (w *world) identityOf(ctx context.Context, application string) (identity, error) {
	app, err := w.Application(ctx, application)
	if err != nil {
		return identity{}, err
	}
	namespace, err := w.Cluster.Client.CoreV1().Namespaces().Get(ctx, application, metav1.GetOptions{})
	if err != nil {
		return identity{}, err
	}
	if namespace.DeletionTimestamp != nil || app.Object.GetDeletionTimestamp() != nil {
		return identity{}, fmt.Errorf("%s is being deleted", application)
	}
	return identity{types.UID(app.UID), namespace.UID}, nil
}

// stays is an error once one of the Applications or their namespaces isn't the same as at the call of stays, or is on its
// way out.
func (w *world) stays(t testing.TB, applications ...string) func(context.Context) error {
	t.Helper()
	before := map[string]identity{}
	for _, a := range applications {
		before[a] = w.identity(t, a)
	}
	return func(ctx context.Context) error {
		for a, was := range before {
			is, err := w.identityOf(ctx, a)
			if err != nil {
				return err
			}
			if is != was {
				return fmt.Errorf("%s was %v and is %v", a, was, is)
			}
		}
		return nil
	}
}

// untouched is an error once anything of the Applications is another than at the call of untouched: what they want, how
// often they were synced, their namespaces, and what is declared in these. What is merely observed (status) may move.
func (w *world) untouched(t testing.TB, applications ...string) func(context.Context) error {
	t.Helper()
	before := map[string]any{}
	for _, a := range applications {
		footprint, err := w.footprint(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		before[a] = footprint
	}
	return func(ctx context.Context) error {
		for a, was := range before {
			is, err := w.footprint(ctx, a)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(was, any(is)); diff != "" {
				return fmt.Errorf("%s was touched (-before +after):\n%s", a, diff)
			}
		}
		return nil
	}
}

func (w *world) footprint(ctx context.Context, application string) (map[string]any, error) {
	app, err := w.Application(ctx, application)
	if err != nil {
		return nil, err
	}
	history, _, err := unstructured.NestedSlice(app.Object.Object, "status", "history")
	if err != nil {
		return nil, err
	}
	found := map[string]any{"Application": app.UID, "Spec": app.Object.Object["spec"], "Syncs": len(history)}
	dynamic := w.Cluster.Dynamic
	namespace, err := dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Get(ctx, application, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	found["Namespace"] = declared(namespace)
	for _, kind := range []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "persistentvolumeclaims"},
	} {
		list, err := dynamic.Resource(kind).Namespace(application).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			found[kind.Resource+"/"+list.Items[i].GetName()] = declared(&list.Items[i])
		}
	}
	return found, nil
}

// declared is an object without what controllers observe.
func declared(object *unstructured.Unstructured) map[string]any {
	object = object.DeepCopy()
	object.SetManagedFields(nil)
	object.SetResourceVersion("")
	unstructured.RemoveNestedField(object.Object, "status")
	return object.Object
}

// all is an error once one of the questions is answered with one.
func all(asks ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		var problems []error
		for _, ask := range asks {
			problems = append(problems, ask(ctx))
		}
		return errors.Join(problems...)
	}
}
