// Package cluster talks to the Kubernetes API. It reads Argo CD's Applications and plugin generators, makes Argo CD
// call the plugin, and keeps the generator's memory in a ConfigMap. It decides nothing.
//
// It uses client-go's dynamic and metadata clients. Argo CD's own Go types can't be linked together with a current
// go-git, and the metadata of thousands of Applications is enough.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
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

// ErrNoCluster is the error of New without a kubeconfig outside of a Pod.
var ErrNoCluster = errors.New("no kubeconfig is given and this is no Pod")

// timeout of one request.
const timeout = 15 * time.Second

// Client reads Argo CD's namespace.
type Client struct {
	namespace string
	server    string // the API server's address
	metadata  metadata.Interface
	dynamic   dynamic.Interface
}

// New returns a client with a kubeconfig file, or with the Pod's service account if kubeconfig is empty. It sends no
// request.
func New(kubeconfig, namespace string) (*Client, error) {
	config, err := restConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	// With client-go's default of 5 requests per second, each change would wait for 200 ms twice: to save the memory and
	// to write the annotation.
	config.QPS, config.Burst = 50, 100
	m, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Client{namespace: namespace, server: config.Host, metadata: m, dynamic: d}, nil
}

// OwnAddress returns the IP address of this machine or Pod, from which it reaches the API server. It sends nothing.
func (c *Client) OwnAddress() (string, error) {
	server, _, err := rest.DefaultServerURL(c.server, "", schema.GroupVersion{}, true)
	if err != nil {
		return "", err
	}
	port := server.Port()
	if port == "" {
		port = "443"
	}
	conn, err := net.Dial("udp", net.JoinHostPort(server.Hostname(), port)) //nolint:noctx // it only chooses a route
	if err != nil {
		return "", err
	}
	address, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return address.Addr().WithZone("").String(), errors.Join(err, conn.Close())
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

// Read returns the plugin generators, and the Applications that don't belong to an ApplicationSet with one.
func (c *Client) Read(ctx context.Context) (preview.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fromCache := metav1.ListOptions{ResourceVersion: "0"} // of the API server: cheap, and new enough
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

func (c *Client) list(
	ctx context.Context, kind schema.GroupVersionResource, o metav1.ListOptions,
) (*unstructured.UnstructuredList, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := c.dynamic.Resource(kind).Namespace(c.namespace).List(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("list %s in %s: %w", kind.Resource, c.namespace, err)
	}
	return found, nil
}

func clusterOf(sets []unstructured.Unstructured, apps []metav1.PartialObjectMetadata) preview.Cluster {
	found := preview.Cluster{Taken: foreignApplications(apps, setsWithPlugin(sets))}
	for i := range sets {
		found.Plugins = append(found.Plugins, pluginsOf(&sets[i])...)
	}
	return found
}

// foreignApplications returns the names of Applications that none of our ApplicationSets controls, with their owners.
func foreignApplications(apps []metav1.PartialObjectMetadata, ours map[types.UID]bool) map[string]string {
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

// Refresh makes Argo CD call the plugins of an ApplicationSet at once. The annotation gets a new value each time:
// Argo CD reacts to its presence, but an ApplicationSet in error ignores a value that it already has.
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

// decode converts an object to a struct with the needed fields.
func decode(o *unstructured.Unstructured, v any) error {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
