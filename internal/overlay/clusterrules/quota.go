package clusterrules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// refuseOverQuota compares the sum of all objects with each ResourceQuota of the build. Above it, the API server
// refuses the objects that come last, so some Pods never start. A quota with scopes isn't compared.
func refuseOverQuota(b *Build) []Problem {
	var found []Problem
	limits := b.limits()
	for _, o := range b.Objects {
		q, ok := o.typed.(*corev1.ResourceQuota)
		if !ok || len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue
		}
		used := b.usage(limits)
		var messages []string
		for _, name := range sortedNames(q.Spec.Hard) {
			hard, sum := q.Spec.Hard[name], used[name]
			if sum.Cmp(hard) > 0 {
				messages = append(messages, fmt.Sprintf("%s: %s is used, and %s is allowed", name, sum.String(), hard.String()))
			}
		}
		found = append(found, joined(o, "spec.hard", messages,
			"lower replicas, maxReplicas, requests or limits of the workloads, run fewer services, or raise the quota")...)
		found = append(found, b.withoutResources(q, limits)...)
	}
	return found
}

// withoutResources reports each container without a request or limit that a quota counts. The API server refuses its
// Pods.
func (b *Build) withoutResources(q *corev1.ResourceQuota, limits limitRanges) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		t, ok := o.template()
		if !ok {
			continue
		}
		var messages []string
		for _, c := range limits.withDefaults(t.spec).Containers {
			for _, name := range []corev1.ResourceName{
				corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage,
			} {
				if _, ok := c.Resources.Requests[name]; !ok && counts(q, "requests."+name, name) {
					messages = append(messages, fmt.Sprintf("must specify requests.%s for: %s", name, c.Name))
				}
				if _, ok := c.Resources.Limits[name]; !ok && counts(q, "limits."+name) {
					messages = append(messages, fmt.Sprintf("must specify limits.%s for: %s", name, c.Name))
				}
			}
		}
		found = append(found, joined(o, t.field, messages,
			"set them, or write a default in the LimitRange: ResourceQuota "+q.Name+" counts them")...)
	}
	return found
}

func counts(q *corev1.ResourceQuota, names ...corev1.ResourceName) bool {
	return slices.ContainsFunc(names, func(name corev1.ResourceName) bool {
		_, ok := q.Spec.Hard[name]
		return ok
	})
}

func sortedNames(list corev1.ResourceList) []corev1.ResourceName {
	names := make([]corev1.ResourceName, 0, len(list))
	for name := range list {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// usage returns the sum of all objects, by the names of ResourceQuota.
func (b *Build) usage(limits limitRanges) corev1.ResourceList {
	used := corev1.ResourceList{}
	addCount(used, "configmaps", 1) // kube-root-ca.crt, which Kubernetes adds to every namespace
	for _, o := range b.Objects {
		if o.ClusterScoped {
			continue
		}
		addCount(used, corev1.ResourceName("count/"+ResourceOf(o.Object, b.Schemas)), 1)
		if o.Group == "" {
			addCount(used, corev1.ResourceName(strings.ToLower(o.Kind)+"s"), 1)
		}
		if c, ok := o.typed.(*corev1.PersistentVolumeClaim); ok {
			addStorage(used, c.Spec, 1)
		}
		if t, ok := o.template(); ok {
			if o.Kind == "Pod" {
				addCount(used, corev1.ResourcePods, -1) // it is counted as an object
			}
			replicas := b.mostReplicas(o)
			addPods(used, limits.withDefaults(t.spec), replicas)
			for _, c := range o.claimTemplates() {
				addCount(used, corev1.ResourcePersistentVolumeClaims, replicas)
				addStorage(used, c.Spec, replicas)
			}
		}
	}
	return used
}

func addCount(used corev1.ResourceList, name corev1.ResourceName, n int64) {
	addQuantity(used, name, *resource.NewQuantity(n, resource.DecimalSI))
}

// addQuantity adds a quantity to a sum.
func addQuantity(used corev1.ResourceList, name corev1.ResourceName, q resource.Quantity) {
	sum := used[name]
	sum.Add(q)
	used[name] = sum
}

func addStorage(used corev1.ResourceList, s corev1.PersistentVolumeClaimSpec, n int64) {
	for range n {
		addQuantity(used, corev1.ResourceRequestsStorage, s.Resources.Requests[corev1.ResourceStorage])
	}
}

// ResourceOf returns an object's resource with its group, as in a ResourceQuota after "count/". Without a
// CustomResourceDefinition it is the usual plural of the kind.
func ResourceOf(o manifest.Object, schemas *crdschema.Schemas) string {
	name := schemas.Plural(o.Group, o.Kind)
	if name == "" {
		name = plural(strings.ToLower(o.Kind))
	}
	if o.Group == "" {
		return name
	}
	return name + "." + o.Group
}

func plural(kind string) string {
	stem, isY := strings.CutSuffix(kind, "y")
	switch {
	case isY && stem != "" && !strings.ContainsAny(stem[len(stem)-1:], "aeiou"):
		return stem + "ies"
	case strings.HasSuffix(kind, "s"), strings.HasSuffix(kind, "ch"), strings.HasSuffix(kind, "x"):
		return kind + "es"
	}
	return kind + "s"
}
