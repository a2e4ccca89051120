package clusterrules

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// reference is a ConfigMap or Secret, or a key of one, without which a Pod doesn't start.
type reference struct {
	field, kind, name string
	// keyField and key are "" where the Pod needs no certain key.
	keyField, key string
}

// givenConfigMaps are in each namespace. Kubernetes makes the first. The second is checked by itself: every environment
// must have it.
var givenConfigMaps = []string{"kube-root-ca.crt", "environment"}

// MissingReferences returns one problem for each ConfigMap and Secret without which the Pods of a workload don't start,
// and which nothing in the environment makes, and one for each key that such an object doesn't have. It returns nothing
// for an overlay that exists only once: its namespace can have objects that people made by hand.
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
			p, isMissing := b.missing(r)
			if !isMissing || isSeen[p.Message] {
				continue
			}
			isSeen[p.Message] = true
			p.Object = o.String()
			found = append(found, p)
		}
	}
	return found
}

// missing returns the problem of a reference that leads to nothing.
func (b *Build) missing(r reference) (Problem, bool) {
	object := r.kind + " " + r.name
	if !b.makes(r.kind, r.name) {
		return Problem{
			Field:   r.field,
			Message: "needs " + object + ", which nothing in the environment makes, so its Pods don't start",
			Remedy:  remedyFor(r.kind),
		}, true
	}
	if r.key == "" {
		return Problem{}, false
	}
	keys, isKnown := b.keysOf(r.kind, r.name)
	if !isKnown || slices.Contains(keys, r.key) {
		return Problem{}, false
	}
	has := "it has none"
	if len(keys) > 0 {
		has = "it has " + strings.Join(keys, ", ")
	}
	return Problem{
		Field:   r.keyField,
		Message: fmt.Sprintf("needs key %q of %s, which it doesn't have, so its Pods don't start", r.key, object),
		Remedy:  "correct the key (" + has + "), or add it; or write optional: true if the Pods also work without it",
	}, true
}

// MissingPullSecrets returns one problem for each Secret in imagePullSecrets that nothing in the environment makes. The
// Pods start without it if their images are public.
func (b *Build) MissingPullSecrets() []Problem {
	if b.Environment == "" {
		return nil
	}
	var found []Problem
	for _, o := range b.Objects {
		field := "imagePullSecrets" // of a ServiceAccount
		names := o.Items(field)
		if t, ok := o.template(); ok {
			field = t.field + "." + field
			names = o.Items(strings.Split(field, ".")...)
		}
		for _, s := range names {
			if name := s.Text("name"); name != "" && !b.makes("Secret", name) {
				found = append(found, Problem{
					Object: o.String(), Field: field, // without the index, which differs between builds
					Message: "nothing in the environment makes Secret " + name + ", so nodes can't pull private images with it",
					Remedy: "bring it by the component kustomize-base/secrets, as docs/guides/secrets.md says; " +
						"or remove it if the images are public",
				})
			}
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

// keysOf returns the keys of a ConfigMap or Secret, sorted. They aren't known where a controller may add some.
func (b *Build) keysOf(kind, name string) (keys []string, isKnown bool) {
	for _, o := range b.Objects {
		isObject := o.Kind == kind && o.Group == "" && o.Name == name
		isMaker := isObject || o.isCustom() && o.makes(kind, name)
		if !isMaker {
			continue
		}
		if isKnown { // two objects make it together
			return nil, false
		}
		if keys, isKnown = o.keys(isObject); !isKnown {
			return nil, false
		}
	}
	slices.Sort(keys)
	return keys, isKnown
}

// keys returns the keys of a ConfigMap or Secret, or those that a controller makes for a custom resource.
func (o Object) keys(isObject bool) (keys []string, isKnown bool) {
	switch {
	case isObject:
		hasInjector := func(key string) bool { return strings.Contains(key, "inject") }
		if slices.ContainsFunc(slices.Concat(o.AnnotationKeys(), o.Keys("metadata", "labels")), hasInjector) {
			return nil, false
		}
		return slices.Concat(o.Keys("data"), o.Keys("binaryData"), o.Keys("stringData")), true
	case o.Kind == "SealedSecret":
		return slices.Concat(o.Keys("spec", "encryptedData"), o.Keys("spec", "template", "data")), true
	case o.Kind == "ExternalSecret" && o.At("spec", "dataFrom") == nil && o.At("spec", "target", "template") == nil:
		for _, d := range o.Items("spec", "data") {
			keys = append(keys, d.Text("secretKey"))
		}
		return keys, true
	}
	return nil, false
}

// references returns the ConfigMaps and Secrets that aren't optional, and their keys.
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
		r := reference{field: field + ".configMap.name", kind: "ConfigMap", name: s.Name}
		found = append(found, r.withItems(field+".configMap", s.Items)...)
	}
	if s := v.Secret; s != nil && !isTrue(s.Optional) {
		r := reference{field: field + ".secret.secretName", kind: "Secret", name: s.SecretName}
		found = append(found, r.withItems(field+".secret", s.Items)...)
	}
	if v.Projected == nil {
		return found
	}
	for i, source := range v.Projected.Sources {
		of := fmt.Sprintf("%s.projected.sources[%d]", field, i)
		if s := source.ConfigMap; s != nil && !isTrue(s.Optional) {
			r := reference{field: of + ".configMap.name", kind: "ConfigMap", name: s.Name}
			found = append(found, r.withItems(of+".configMap", s.Items)...)
		}
		if s := source.Secret; s != nil && !isTrue(s.Optional) {
			r := reference{field: of + ".secret.name", kind: "Secret", name: s.Name}
			found = append(found, r.withItems(of+".secret", s.Items)...)
		}
	}
	return found
}

// withItems returns a reference, and one for each item of a volume.
func (r reference) withItems(field string, items []corev1.KeyToPath) []reference {
	all := []reference{r}
	for i, item := range items {
		r.keyField, r.key = fmt.Sprintf("%s.items[%d].key", field, i), item.Key
		all = append(all, r)
	}
	return all
}

func containerReferences(field string, c corev1.Container) []reference {
	var found []reference
	for i, e := range c.EnvFrom {
		of := fmt.Sprintf("%s.envFrom[%d]", field, i)
		if s := e.ConfigMapRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{field: of + ".configMapRef.name", kind: "ConfigMap", name: s.Name})
		}
		if s := e.SecretRef; s != nil && !isTrue(s.Optional) {
			found = append(found, reference{field: of + ".secretRef.name", kind: "Secret", name: s.Name})
		}
	}
	for i, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		of := fmt.Sprintf("%s.env[%d].valueFrom", field, i)
		if s := e.ValueFrom.ConfigMapKeyRef; s != nil && !isTrue(s.Optional) {
			of += ".configMapKeyRef"
			found = append(found, reference{of + ".name", "ConfigMap", s.Name, of + ".key", s.Key})
		}
		if s := e.ValueFrom.SecretKeyRef; s != nil && !isTrue(s.Optional) {
			of += ".secretKeyRef"
			found = append(found, reference{of + ".name", "Secret", s.Name, of + ".key", s.Key})
		}
	}
	return found
}

func isTrue(b *bool) bool { return b != nil && *b }
