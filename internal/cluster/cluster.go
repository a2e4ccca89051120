// Package cluster talks to the Kubernetes API: it reads which Applications and plugin generators Argo CD has, makes
// it ask again, and keeps the service's memory in a ConfigMap. It decides nothing.
//
// client-go's dynamic and metadata clients are used because Argo CD's own Go types can't be linked beside a current
// go-git, and because metadata is all that is needed of thousands of Applications.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
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

// New connects with a kubeconfig file, or as the Pod that the process runs in where kubeconfig is "". It sends
// nothing yet.
func New(kubeconfig, namespace string) (*Client, error) {
	config, err := restConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	// client-go's default of 5 requests a second would make each change wait for 200 ms twice: its memory, its
	// annotation.
	config.QPS, config.Burst = 50, 100
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
	sets, err := c.list(ctx, applicationSets, fromCache)
	if err != nil {
		return preview.Cluster{}, err
	}
	apps, err := c.metadata.Resource(applications).Namespace(c.namespace).List(ctx, fromCache)
	if err != nil {
		return preview.Cluster{}, fmt.Errorf("list Applications in %s: %w", c.namespace, err)
	}
	return clusterOf(sets.Items, apps.Items), nil
}

// pageOf bounds how many whole Applications stand in memory at once.
const pageOf = 100

// Recover reads whole the Applications of ApplicationSets that ask a plugin, and what environments they are. They are
// big; so this is for when memory is lost.
func (c *Client) Recover(ctx context.Context) (preview.Recovered, error) {
	var found preview.Recovered
	sets, err := c.list(ctx, applicationSets, metav1.ListOptions{})
	if err != nil {
		return found, err
	}
	asking := asking(sets.Items)
	page := metav1.ListOptions{Limit: pageOf, LabelSelector: "previewset.dev/environment"}
	for {
		apps, err := c.list(ctx, applications, page)
		if err != nil {
			return preview.Recovered{}, err
		}
		for i := range apps.Items {
			if err := recoverFrom(&apps.Items[i], asking, &found); err != nil {
				return preview.Recovered{}, err
			}
		}
		if page.Continue = apps.GetContinue(); page.Continue == "" {
			return found, nil
		}
	}
}

func (c *Client) list(ctx context.Context, what schema.GroupVersionResource, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := c.dynamic.Resource(what).Namespace(c.namespace).List(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("list %s in %s: %w", what.Resource, c.namespace, err)
	}
	return found, nil
}

// recoverFrom takes one Application, unless it is somebody else's or going already.
func recoverFrom(app *unstructured.Unstructured, asking map[types.UID]bool, found *preview.Recovered) error {
	owner := metav1.GetControllerOf(app)
	if owner == nil || !asking[owner.UID] || app.GetDeletionTimestamp() != nil {
		return nil
	}
	spec, err := json.Marshal(app.Object["spec"])
	if err != nil {
		return fmt.Errorf("spec of Application %s: %w", app.GetName(), err)
	}
	found.Add(preview.Application{Name: app.GetName(), Labels: app.GetLabels(), Annotations: app.GetAnnotations(), Spec: spec})
	return nil
}

// asking are the ApplicationSets that ask a plugin.
func asking(sets []unstructured.Unstructured) map[types.UID]bool {
	uids := map[types.UID]bool{}
	for i := range sets {
		if len(pluginsOf(&sets[i])) > 0 {
			uids[sets[i].GetUID()] = true
		}
	}
	return uids
}

// pluginsOf are the plugin generators of an ApplicationSet; none of one that Argo CD couldn't use.
func pluginsOf(set *unstructured.Unstructured) []preview.Plugin {
	generators, _, err := unstructured.NestedFieldNoCopy(set.Object, "spec", "generators")
	if err != nil {
		return nil
	}
	return pluginsIn(set.GetName(), generators)
}

func clusterOf(sets []unstructured.Unstructured, apps []metav1.PartialObjectMetadata) preview.Cluster {
	found := preview.Cluster{Taken: taken(apps, asking(sets))}
	for i := range sets {
		found.Plugins = append(found.Plugins, pluginsOf(&sets[i])...)
	}
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

// Refresh makes Argo CD ask the plugins of an ApplicationSet at once. Only the annotation's presence counts, but
// while the ApplicationSet is in error the same value again does nothing: so it is a new one each time.
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
