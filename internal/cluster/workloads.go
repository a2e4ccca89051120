package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/previewset/previewset/internal/preview"
)

// workloadKinds are the kinds whose replicas an environment's sleep takes away.
var workloadKinds = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "deployments"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
}

// workloadsAtOnce bounds how many whole Deployments stand in memory at once.
const workloadsAtOnce = 250

// Workloads returns the Deployments and StatefulSets of a namespace or, with a pattern like "preview-*", of all whose
// names begin so, by kind.
func (c *Client) Workloads(ctx context.Context, namespace string) ([]preview.Workload, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	prefix, many := strings.CutSuffix(namespace, "*")
	all := []preview.Workload{}
	for _, kind := range workloadKinds {
		in, page := namespace, metav1.ListOptions{ResourceVersion: "0"} // from the API server's cache
		if many {
			in, page = metav1.NamespaceAll, metav1.ListOptions{Limit: workloadsAtOnce}
		}
		for {
			found, err := c.dynamic.Resource(kind).Namespace(in).List(ctx, page)
			if err != nil {
				return nil, fmt.Errorf("list %s in %s: %w", kind.Resource, namespace, err)
			}
			if all, err = appendWorkloads(all, found.Items, prefix); err != nil {
				return nil, err
			}
			if page = (metav1.ListOptions{Limit: workloadsAtOnce, Continue: found.GetContinue()}); page.Continue == "" {
				break
			}
		}
	}
	return all, nil
}

func appendWorkloads(all []preview.Workload, items []unstructured.Unstructured, prefix string) ([]preview.Workload, error) {
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

// workload is as much of a Deployment or StatefulSet as is told of it.
type workload struct {
	Spec struct {
		Replicas *int `json:"replicas"` // 1 where it isn't said
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
	RestartPolicy string `json:"restartPolicy"` // Always of an init container that goes on running
	Resources     struct {
		Requests map[string]apiresource.Quantity `json:"requests"`
	} `json:"resources"`
}

func workloadOf(o *unstructured.Unstructured) (preview.Workload, error) {
	var w workload
	text, err := json.Marshal(o.Object)
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return preview.Workload{}, fmt.Errorf("%s %s in %s: %w", o.GetKind(), o.GetName(), o.GetNamespace(), err)
	}
	is := preview.Workload{Namespace: o.GetNamespace(), Kind: o.GetKind(), Name: o.GetName(), Replicas: 1}
	if w.Spec.Replicas != nil {
		is.Replicas = *w.Spec.Replicas
	}
	is.Ready = min(w.Status.ReadyReplicas, is.Replicas) // what is told of it may be of when it had more
	pod := w.Spec.Template.Spec
	is.CPU, is.Memory = requested(pod.Containers, pod.InitContainers, "cpu").MilliValue(), requested(pod.Containers, pod.InitContainers, "memory").Value()
	return is, nil
}

// requested is what the scheduler sets aside for a Pod: what all containers that stay need together, or what one of
// those needs that run before them.
func requested(containers, before []container, what string) *apiresource.Quantity {
	var stay, most apiresource.Quantity
	for _, c := range before {
		need := c.Resources.Requests[what].DeepCopy()
		if c.RestartPolicy == "Always" {
			stay.Add(need)
			continue
		}
		need.Add(stay)
		if need.Cmp(most) > 0 {
			most = need
		}
	}
	for _, c := range containers {
		stay.Add(c.Resources.Requests[what])
	}
	if most.Cmp(stay) > 0 {
		return &most
	}
	return &stay
}
