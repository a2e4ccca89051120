package clusterrules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// reference is a ConfigMap or Secret without which a Pod doesn't start.
type reference struct{ field, kind, name string }

// givenConfigMaps are in each namespace. Kubernetes makes the first. The second is checked by itself: every environment
// must have it.
var givenConfigMaps = []string{"kube-root-ca.crt", "environment"}

// MissingReferences returns one problem for each ConfigMap and Secret without which the Pods of a workload don't start,
// and which nothing in the environment makes. It returns nothing for an overlay that exists only once: its namespace can
// have objects that people made by hand.
func (b *Build) MissingReferences() []Problem {
	if b.Environment == "" {
		return nil
	}
	var found []Problem
	for _, o := range b.Objects {
		t, ok := o.template()
		if !ok {
			continue
		}
		isSeen := map[string]bool{}
		for _, r := range t.references() {
			object := r.kind + " " + r.name
			if isSeen[object] || b.makes(r.kind, r.name) {
				continue
			}
			isSeen[object] = true
			found = append(found, Problem{
				Object: o.String(), Field: r.field,
				Message: fmt.Sprintf("needs %s, which nothing in the environment makes, so its Pods don't start", object),
				Remedy:  remedyFor(r.kind),
			})
		}
	}
	return found
}

func remedyFor(kind string) string {
	if kind == "Secret" {
		return "correct the name, add the Secret to the run folder, or an ExternalSecret as docs/guides/secrets.md says; " +
			"or write optional: true if the Pods also work without it"
	}
	return "correct the name, or add the ConfigMap to the run folder; " +
		"or write optional: true if the Pods also work without it"
}

// makes reports whether a build has a ConfigMap or Secret, or makes it in the cluster.
func (b *Build) makes(kind, name string) bool {
	given := map[string][]string{"ConfigMap": givenConfigMaps, "Secret": b.OtherSecrets}
	if slices.Contains(given[kind], name) {
		return true
	}
	return slices.ContainsFunc(b.Objects, func(o Object) bool {
		return o.Kind == kind && o.Group == "" && o.Name == name || o.isCustom() && o.makes(kind, name)
	})
}

func (o Object) isCustom() bool { return o.typed == nil && o.refusal == nil }

// makes reports whether a controller may make a ConfigMap or Secret for a custom resource. The two usual kinds are known
// exactly. Any other may make what it names, and what begins with its own name.
func (o Object) makes(kind, name string) bool {
	switch o.Kind {
	case "ExternalSecret":
		target := o.Text("spec", "target", "name")
		return kind == "Secret" && (target == name || target == "" && o.Name == name)
	case "SealedSecret":
		return kind == "Secret" && o.Name == name
	case "HTTPRoute", "GRPCRoute":
		return false
	}
	if o.Name == name || strings.HasPrefix(name, o.Name+"-") {
		return true
	}
	isNamed := false
	manifest.EachKey(o.At("spec"), func(_ string, v any) {
		isNamed = isNamed || v == name
	})
	return isNamed
}

// references returns the ConfigMaps and Secrets that aren't optional.
func (t template) references() []reference {
	var found []reference
	for i, v := range t.spec.Volumes {
		found = append(found, volumeReferences(fmt.Sprintf("%s.volumes[%d]", t.field, i), v.VolumeSource)...)
	}
	for i, c := range t.spec.InitContainers {
		found = append(found, containerReferences(fmt.Sprintf("%s.initContainers[%d]", t.field, i), c)...)
	}
	for i, c := range t.spec.Containers {
		found = append(found, containerReferences(fmt.Sprintf("%s.containers[%d]", t.field, i), c)...)
	}
	return slices.DeleteFunc(found, func(r reference) bool { return r.name == "" })
}

func volumeReferences(field string, v corev1.VolumeSource) []reference {
	var found []reference
	if s := v.ConfigMap; s != nil && !isTrue(s.Optional) {
		found = append(found, reference{field + ".configMap.name", "ConfigMap", s.Name})
	}
	if s := v.Secret; s != nil && !isTrue(s.Optional) {
		found = append(found, reference{field + ".secret.secretName", "Secret", s.SecretName})
	}
	if v.Projected == nil {
		return found
	}
	for i, source := range v.Projected.Sources {
		of := fmt.Sprintf("%s.projected.sources[%d]", field, i)
		if s := source.ConfigMap; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".configMap.name", "ConfigMap", s.Name})
		}
		if s := source.Secret; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".secret.name", "Secret", s.Name})
		}
	}
	return found
}

func containerReferences(field string, c corev1.Container) []reference {
	var found []reference
	for i, e := range c.EnvFrom {
		of := fmt.Sprintf("%s.envFrom[%d]", field, i)
		if s := e.ConfigMapRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".configMapRef.name", "ConfigMap", s.Name})
		}
		if s := e.SecretRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".secretRef.name", "Secret", s.Name})
		}
	}
	for i, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		of := fmt.Sprintf("%s.env[%d].valueFrom", field, i)
		if s := e.ValueFrom.ConfigMapKeyRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".configMapKeyRef.name", "ConfigMap", s.Name})
		}
		if s := e.ValueFrom.SecretKeyRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{of + ".secretKeyRef.name", "Secret", s.Name})
		}
	}
	return found
}

func isTrue(b *bool) bool { return b != nil && *b }
