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

// identity stays the same while an environment is changed in place. With another identity it would be a new environment
// without the old data.
type identity struct{ Application, Namespace types.UID }

func (f footprints) identity(t testing.TB, application string) identity {
	t.Helper()
	i, err := f.identityOf(t.Context(), application)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (f footprints) identityOf(ctx context.Context, application string) (identity, error) {
	app, err := f.stand.Application(ctx, application)
	if err != nil {
		return identity{}, err
	}
	namespace, err := f.stand.Cluster.Client.CoreV1().Namespaces().Get(ctx, application, metav1.GetOptions{})
	if err != nil {
		return identity{}, err
	}
	if namespace.DeletionTimestamp != nil || app.Object.GetDeletionTimestamp() != nil {
		return identity{}, fmt.Errorf("%s is being deleted", application)
	}
	return identity{types.UID(app.UID), namespace.UID}, nil
}

// stays returns a question that fails once one of the Applications or its namespace was replaced or is being deleted.
func (f footprints) stays(t testing.TB, applications ...string) func(context.Context) error {
	t.Helper()
	before := map[string]identity{}
	for _, a := range applications {
		before[a] = f.identity(t, a)
	}
	return func(ctx context.Context) error {
		for a, was := range before {
			is, err := f.identityOf(ctx, a)
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

// untouched returns a question that fails once the Applications have changed since the call: their specification, the
// number of their syncs, their namespaces, or the declared objects in these. Observed status may change.
func (f footprints) untouched(t testing.TB, applications ...string) func(context.Context) error {
	t.Helper()
	before := map[string]any{}
	for _, a := range applications {
		footprint, err := f.footprint(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		before[a] = footprint
	}
	return func(ctx context.Context) error {
		for a, was := range before {
			is, err := f.footprint(ctx, a)
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

func (f footprints) footprint(ctx context.Context, application string) (map[string]any, error) {
	app, err := f.stand.Application(ctx, application)
	if err != nil {
		return nil, err
	}
	history, _, err := unstructured.NestedSlice(app.Object.Object, "status", "history")
	if err != nil {
		return nil, err
	}
	found := map[string]any{"Application": app.UID, "Spec": app.Object.Object["spec"], "Syncs": len(history)}
	dynamic := f.stand.Cluster.Dynamic
	namespaces := dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	namespace, err := namespaces.Get(ctx, application, metav1.GetOptions{})
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

// declared returns an object without the parts that controllers write.
func declared(object *unstructured.Unstructured) map[string]any {
	object = object.DeepCopy()
	object.SetManagedFields(nil)
	object.SetResourceVersion("")
	unstructured.RemoveNestedField(object.Object, "status")
	return object.Object
}

// all returns a question that fails once one of the given questions fails.
func all(asks ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		var problems []error
		for _, ask := range asks {
			problems = append(problems, ask(ctx))
		}
		return errors.Join(problems...)
	}
}
