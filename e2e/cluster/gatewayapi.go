package cluster

import (
	"context"
	"fmt"
	"path/filepath"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"

	"github.com/previewset/previewset/e2e/toolchain"
)

// HTTPRoutes is the resource of the Gateway API's HTTPRoutes.
var HTTPRoutes = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}

// addGatewayAPI installs the CustomResourceDefinitions of the Gateway API that the example uses.
func (c *Cluster) addGatewayAPI(ctx context.Context) error {
	source, err := c.tools.Source(ctx, toolchain.GatewayAPI)
	if err != nil {
		return err
	}
	args := []string{"apply", "--server-side"}
	var names []string
	for _, name := range []string{"gateways", "httproutes"} {
		file := "gateway.networking.k8s.io_" + name + ".yaml"
		args = append(args, "--filename="+filepath.Join(source, "config", "crd", "standard", file))
		names = append(names, "crd/"+name+".gateway.networking.k8s.io")
	}
	if _, err = c.Kubectl(ctx, nil, args...); err != nil {
		return err
	}
	_, err = c.Kubectl(ctx, nil, append([]string{"wait", "--for=condition=Established", "--timeout=1m"}, names...)...)
	return err
}

// acceptRoutes accepts every HTTPRoute, as the controller of its Gateway does: Argo CD waits for that.
func (c *Cluster) acceptRoutes(ctx context.Context) error {
	factory := dynamicinformer.NewDynamicSharedInformerFactory(c.Dynamic, 0)
	if _, err := factory.ForResource(HTTPRoutes).Informer().AddEventHandler(onChange(ctx, c.acceptRoute)); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return nil
}

func (c *Cluster) acceptRoute(ctx context.Context, object any) error {
	route := object.(*unstructured.Unstructured).DeepCopy()
	refs, _, err := unstructured.NestedSlice(route.Object, "spec", "parentRefs")
	if err != nil {
		return fmt.Errorf("HTTPRoute %s: %w", route.GetName(), err)
	}
	parents := []any{}
	for _, ref := range refs {
		var conditions []any
		for _, name := range []string{"Accepted", "ResolvedRefs"} {
			conditions = append(conditions, map[string]any{
				"type": name, "status": "True", "reason": name, "message": "", "observedGeneration": route.GetGeneration(),
				"lastTransitionTime": "2026-01-01T00:00:00Z",
			})
		}
		parents = append(parents, map[string]any{
			"parentRef": ref, "controllerName": "previewset.dev/stand-in", "conditions": conditions,
		})
	}
	before, _, err := unstructured.NestedSlice(route.Object, "status", "parents")
	if err != nil || equality.Semantic.DeepEqual(before, parents) {
		return err
	}
	if err = unstructured.SetNestedSlice(route.Object, parents, "status", "parents"); err != nil {
		return err
	}
	_, err = c.Dynamic.Resource(HTTPRoutes).Namespace(route.GetNamespace()).UpdateStatus(ctx, route, metav1.UpdateOptions{})
	return err
}
