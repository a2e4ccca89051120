package cluster

import (
	"context"
	"fmt"
	"strings"

	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/previewset/previewset/internal/preview"
)

// workloadKinds are the kinds that have no replicas while an environment is asleep.
var workloadKinds = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
}

// workloadPageSize limits the number of complete Deployments in memory.
const workloadPageSize = 250

// Workloads returns the Deployments and StatefulSets of a namespace, sorted by kind. A pattern like "preview-*" means
// all namespaces with the prefix.
func (c *Client) Workloads(ctx context.Context, namespace string) ([]preview.Workload, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	prefix, isPattern := strings.CutSuffix(namespace, "*")
	all := []preview.Workload{}
	for _, kind := range workloadKinds {
		in, page := namespace, metav1.ListOptions{ResourceVersion: "0"} // from the API server's cache
		if isPattern {
			in, page = metav1.NamespaceAll, metav1.ListOptions{Limit: workloadPageSize}
		}
		for {
			found, err := c.dynamic.Resource(kind).Namespace(in).List(ctx, page)
			if err != nil {
				return nil, fmt.Errorf("list %s in %s: %w", kind.Resource, namespace, err)
			}
			if all, err = appendWorkloads(all, found.Items, prefix); err != nil {
				return nil, err
			}
			if page = (metav1.ListOptions{Limit: workloadPageSize, Continue: found.GetContinue()}); page.Continue == "" {
				break
			}
		}
	}
	return all, nil
}

func appendWorkloads(
	all []preview.Workload, items []unstructured.Unstructured, prefix string,
) ([]preview.Workload, error) {
	for i := range items {
		if !strings.HasPrefix(items[i].GetNamespace(), prefix) {
			continue
		}
		w, err := workloadOf(&items[i])
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// workload has the needed fields of a Deployment or StatefulSet.
type workload struct {
	Spec struct {
		Replicas *int `json:"replicas"` // the default is 1
		Template struct {
			Spec struct {
				Containers     []container `json:"containers"`
				InitContainers []container `json:"initContainers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
	Status struct {
		ReadyReplicas int `json:"readyReplicas"`
	} `json:"status"`
}

type container struct {
	RestartPolicy string `json:"restartPolicy"` // Always for a sidecar, an init container that keeps running
	Resources     struct {
		Requests map[string]apiresource.Quantity `json:"requests"`
	} `json:"resources"`
}

func workloadOf(o *unstructured.Unstructured) (preview.Workload, error) {
	var w workload
	if err := decode(o, &w); err != nil {
		return preview.Workload{}, fmt.Errorf("%s %s in %s: %w", o.GetKind(), o.GetName(), o.GetNamespace(), err)
	}
	out := preview.Workload{Namespace: o.GetNamespace(), Kind: o.GetKind(), Name: o.GetName(), Replicas: 1}
	if w.Spec.Replicas != nil {
		out.Replicas = *w.Spec.Replicas
	}
	out.Ready = min(w.Status.ReadyReplicas, out.Replicas) // the status can be older than the spec
	pod := w.Spec.Template.Spec
	out.CPU = requestedByPod(pod.Containers, pod.InitContainers, "cpu").MilliValue()
	out.Memory = requestedByPod(pod.Containers, pod.InitContainers, "memory").Value()
	return out, nil
}

// requestedByPod returns the amount that the scheduler reserves for a Pod: the sum of containers and sidecars, or the
// amount of one init container with the sidecars before it, if that is more.
func requestedByPod(containers, initContainers []container, resource string) *apiresource.Quantity {
	var running, most apiresource.Quantity
	for _, c := range initContainers {
		need := c.Resources.Requests[resource].DeepCopy()
		if c.RestartPolicy == "Always" {
			running.Add(need)
			continue
		}
		need.Add(running)
		if need.Cmp(most) > 0 {
			most = need
		}
	}
	for _, c := range containers {
		running.Add(c.Resources.Requests[resource])
	}
	if most.Cmp(running) > 0 {
		return &most
	}
	return &running
}
