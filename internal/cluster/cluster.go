// Package cluster talks to the Kubernetes API: it reads which Applications and plugin generators Argo CD has, makes it
// ask again, and keeps the service's memory in a ConfigMap. It decides nothing.
//
// client-go's dynamic and metadata clients are used because Argo CD's own Go types can't be linked beside a current
// go-git, and because metadata is all that is needed of thousands of Applications.
package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/previewset/previewset/internal/preview"
)

var (
	applications    = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}
	applicationSets = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applicationsets"}
)

// ErrNoCluster says that there is no cluster to talk to: no kubeconfig is given, and the process runs in no Pod.
var ErrNoCluster = errors.New("no kubeconfig is given and this is no Pod")

// timeout of one read.
const timeout = 15 * time.Second

// Client reads one namespace of Argo CD's.
type Client struct {
	namespace string
	metadata  metadata.Interface
	dynamic   dynamic.Interface
}

// New connects with a kubeconfig file, or as the Pod that the process runs in where kubeconfig is "". It sends nothing
// yet.
func New(kubeconfig, namespace string) (*Client, error) {
	config, err := restConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	m, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Client{namespace: namespace, metadata: m, dynamic: d}, nil
}

func restConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig != "" {
		return clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, ErrNoCluster
	}
	return config, err
}

// Read returns what Argo CD has: the Applications that are nobody's of ours, and the plugin generators.
func (c *Client) Read(ctx context.Context) (preview.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// Version 0 reads from the API server's cache: a little old is good enough, and cheap.
	fromCache := metav1.ListOptions{ResourceVersion: "0"}
	sets, err := c.dynamic.Resource(applicationSets).Namespace(c.namespace).List(ctx, fromCache)
	if err != nil {
		return preview.Cluster{}, fmt.Errorf("list ApplicationSets in %s: %w", c.namespace, err)
	}
	apps, err := c.metadata.Resource(applications).Namespace(c.namespace).List(ctx, fromCache)
	if err != nil {
		return preview.Cluster{}, fmt.Errorf("list Applications in %s: %w", c.namespace, err)
	}
	return clusterOf(sets.Items, apps.Items), nil
}

func clusterOf(sets []unstructured.Unstructured, apps []metav1.PartialObjectMetadata) preview.Cluster {
	found, asking := preview.Cluster{}, map[types.UID]bool{}
	for i := range sets {
		generators, _, err := unstructured.NestedFieldNoCopy(sets[i].Object, "spec", "generators")
		if err != nil {
			continue // not an ApplicationSet that Argo CD could use
		}
		plugins := pluginsIn(sets[i].GetName(), generators)
		asking[sets[i].GetUID()] = len(plugins) > 0
		found.Plugins = append(found.Plugins, plugins...)
	}
	found.Taken = taken(apps, asking)
	return found
}

// pluginsIn are the plugin generators in a generator, in whatever depth of matrix and merge.
func pluginsIn(set string, v any) []preview.Plugin {
	var found []preview.Plugin
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, pluginsIn(set, e)...)
		}
	case map[string]any:
		for _, key := range []string{"matrix", "merge", "generators"} {
			found = append(found, pluginsIn(set, v[key])...)
		}
		if plugin, ok := v["plugin"].(map[string]any); ok {
			configMap, _, _ := unstructured.NestedString(plugin, "configMapRef", "name")
			parameters, _, _ := unstructured.NestedMap(plugin, "input", "parameters")
			found = append(found, preview.Plugin{ApplicationSet: set, ConfigMap: configMap, Parameters: parameters})
		}
	}
	return found
}

func taken(apps []metav1.PartialObjectMetadata, ours map[types.UID]bool) map[string]string {
	foreign := map[string]string{}
	for i := range apps {
		owner := metav1.GetControllerOf(&apps[i])
		switch {
		case owner == nil:
			foreign[apps[i].Name] = "which no ApplicationSet owns"
		case !ours[owner.UID]:
			foreign[apps[i].Name] = fmt.Sprintf("which %s %s owns", owner.Kind, owner.Name)
		}
	}
	return foreign
}

// Refresh makes Argo CD ask the plugins of an ApplicationSet at once. Only the annotation's presence counts, but while
// the ApplicationSet is in error the same value again does nothing: so it is a new one each time.
func (c *Client) Refresh(ctx context.Context, applicationSet string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"argocd.argoproj.io/application-set-refresh":%q}}}`, rand.Text())
	_, err := c.dynamic.Resource(applicationSets).Namespace(c.namespace).
		Patch(ctx, applicationSet, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("refresh ApplicationSet %s: %w", applicationSet, err)
	}
	return nil
}
