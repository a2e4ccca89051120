package source

import (
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// addReferenced adds the objects that the service's workloads, Services and routes refer to, and those that refer to
// them.
func (p *picker) addReferenced() {
	names := map[string]bool{} // kind/name
	for _, o := range p.workloads() {
		for _, name := range referencedBy(o) {
			names[name] = true
		}
	}
	for i, o := range p.objects {
		switch o.Kind {
		case "HorizontalPodAutoscaler":
			p.pickIf(i, p.hasObject(o.Text("spec", "scaleTargetRef", "kind"), o.Text("spec", "scaleTargetRef", "name")))
		case "PodDisruptionBudget":
			p.pickIf(i, slices.ContainsFunc(p.workloads(), func(w Object) bool {
				return matches(textsOf(o.At("spec", "selector", "matchLabels")), w)
			}))
		case "Ingress", "HTTPRoute":
			p.pickIf(i, slices.ContainsFunc(backends(o), func(name string) bool { return p.hasObject("Service", name) }))
			if p.picked[i] {
				for _, tls := range o.Items("spec", "tls") {
					names["Secret/"+tls.Text("secretName")] = true
				}
			}
		}
	}
	for i, o := range p.objects {
		p.pickIf(i, names[o.Kind+"/"+o.Name])
	}
}

func (p *picker) pickIf(i int, isPicked bool) {
	if isPicked {
		p.picked[i] = true
	}
}

func (p *picker) hasObject(kind, name string) bool {
	for i, o := range p.objects {
		if p.picked[i] && o.Kind == kind && o.Name == name {
			return true
		}
	}
	return false
}

// backends returns the names of the Services that a route leads to.
func backends(route Object) []string {
	var found []string
	manifest.EachKey(route.At("spec"), func(key string, v any) {
		switch m, _ := v.(map[string]any); key {
		case "service": // of an Ingress
			name, _ := m["name"].(string)
			found = append(found, name)
		case "backendRefs":
			list, _ := v.([]any)
			for _, item := range list {
				ref, _ := item.(map[string]any)
				name, _ := ref["name"].(string)
				found = append(found, name)
			}
		}
	})
	return found
}

// referencedBy returns the objects that a workload's Pods use, as kind/name.
func referencedBy(workload Object) []string {
	pod := podOf(workload)
	var found []string
	add := func(kind string, o manifest.Object, keys ...string) {
		if name := o.Text(keys...); name != "" {
			found = append(found, kind+"/"+name)
		}
	}
	add("ServiceAccount", pod, "serviceAccountName")
	for _, secret := range pod.Items("imagePullSecrets") {
		add("Secret", secret, "name")
	}
	for _, v := range pod.Items("volumes") {
		add("ConfigMap", v, "configMap", "name")
		add("Secret", v, "secret", "secretName")
		add("PersistentVolumeClaim", v, "persistentVolumeClaim", "claimName")
		for _, s := range v.Items("projected", "sources") {
			add("ConfigMap", s, "configMap", "name")
			add("Secret", s, "secret", "name")
		}
	}
	for _, c := range slices.Concat(pod.Items("initContainers"), pod.Items("containers")) {
		for _, e := range c.Items("env") {
			add("ConfigMap", e, "valueFrom", "configMapKeyRef", "name")
			add("Secret", e, "valueFrom", "secretKeyRef", "name")
		}
		for _, e := range c.Items("envFrom") {
			add("ConfigMap", e, "configMapRef", "name")
			add("Secret", e, "secretRef", "name")
		}
	}
	return found
}
