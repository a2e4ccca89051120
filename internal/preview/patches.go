package preview

import (
	"encoding/json"

	"github.com/previewset/previewset/internal/config"
)

// linkPatches take the place of a service that doesn't run in the environment: a component, and patches with its
// target.
type linkPatches struct {
	component string
	patches   []Patch
}

// baselineLinks returns the link of each service to the baseline.
func baselineLinks(c *config.Config) map[string]linkPatches {
	links := make(map[string]linkPatches, len(c.Policy.Services))
	for _, s := range c.Policy.Services {
		links[s.Name] = linkTo(c, s.Name, c.Policy.Baseline.Namespace)
	}
	return links
}

// linkTo points the Services to a namespace, and allows the Pods to reach them there. A service without a link half
// needs nothing.
func linkTo(c *config.Config, service, namespace string) linkPatches {
	if !c.HasLink(service) {
		return linkPatches{}
	}
	selector := config.LinkLabel + "=" + service
	address := func(name string) string {
		return compact(replace("/spec/externalName", name+"."+namespace+".svc.cluster.local"))
	}
	patches := []Patch{
		{address(service), Target{Kind: "Service", LabelSelector: selector}},
		{
			compact(replace("/spec/egress/0/to/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name", namespace)),
			Target{Kind: "NetworkPolicy", LabelSelector: selector},
		},
	}
	for _, name := range c.Policy.Services.Get(service).AlsoNamed {
		patches = append(patches, Patch{address(name), Target{Kind: "Service", Name: name, LabelSelector: selector}})
	}
	return linkPatches{component: c.ComponentPath("services", service, "link"), patches: patches}
}

// replace returns an RFC 6902 patch of one value. The operation "add" also replaces.
func replace(pointer string, value any) any {
	return []map[string]any{{"op": "add", "path": pointer, "value": value}}
}

// compact returns JSON with sorted keys. Composed values always marshal.
func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (c *composer) addPatch(target Target, patch any) {
	c.kustomize.Patches = append(c.kustomize.Patches, Patch{Patch: compact(patch), Target: target})
}

// addPodAnnotation adds an annotation to the Pod templates of workloads. Kustomize ignores the name in the patch.
func (c *composer) addPodAnnotation(target Target, key, value string) {
	template := map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}}
	c.addPatch(target, map[string]any{
		"apiVersion": "apps/v1", "kind": target.Kind, "metadata": map[string]string{"name": "any"},
		"spec": map[string]any{"template": template},
	})
}
