// Package cluster talks to the Kubernetes API: it reads which Applications of Argo CD there are, and
// whether an ApplicationSet that asks a plugin owns them. It decides nothing and changes nothing.
//
// client-go's dynamic and metadata clients are used because Argo CD's own Go types can't be linked beside a current
// go-git, and because metadata is all that is needed of thousands of Applications.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
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

// Taken returns the Applications that no ApplicationSet with a plugin generator owns, and for each whose it is.
func (c *Client) Taken(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// Version 0 reads from the API server's cache: a little old is good enough, and cheap.
	fromCache := metav1.ListOptions{ResourceVersion: "0"}
	sets, err := c.dynamic.Resource(applicationSets).Namespace(c.namespace).List(ctx, fromCache)
	if err != nil {
		return nil, fmt.Errorf("list ApplicationSets in %s: %w", c.namespace, err)
	}
	apps, err := c.metadata.Resource(applications).Namespace(c.namespace).List(ctx, fromCache)
	if err != nil {
		return nil, fmt.Errorf("list Applications in %s: %w", c.namespace, err)
	}
	return taken(apps.Items, plugins(sets.Items)), nil
}

// plugins are the identities of the ApplicationSets that ask a plugin, in whatever depth of matrix and merge.
func plugins(sets []unstructured.Unstructured) map[types.UID]bool {
	ours := map[types.UID]bool{}
	for i := range sets {
		if generators, ok, err := unstructured.NestedFieldNoCopy(sets[i].Object, "spec", "generators"); ok && err == nil {
			ours[sets[i].GetUID()] = asksPlugin(generators)
		}
	}
	return ours
}

func asksPlugin(v any) bool {
	switch v := v.(type) {
	case []any:
		if slices.ContainsFunc(v, asksPlugin) {
			return true
		}
	case map[string]any:
		for _, key := range []string{"matrix", "merge", "generators"} {
			if asksPlugin(v[key]) {
				return true
			}
		}
		return v["plugin"] != nil
	}
	return false
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
