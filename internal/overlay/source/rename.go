package source

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Copy is an object with a name of its own, because another service has one of its name. Two services of one file may
// use the same Secret, and each of them also runs without the other.
type Copy struct {
	// Original is the object in the manifests, as Kustomize has it before it adds hashes to names.
	Original manifest.Object
	Name     string
	Fields   map[string]any
}

var hashSuffix = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

// WithoutHash returns the name of an object without the hash that Kustomize adds to generated ConfigMaps and Secrets.
func WithoutHash(kind, name string) string {
	if kind != "ConfigMap" && kind != "Secret" {
		return name
	}
	return hashSuffix.ReplaceAllString(name, "")
}

// renamer renames objects, and the references to them in Pods.
type renamer struct {
	names map[string]string // the new names, by kind/name
	// isWhole is true where the source is a whole Kustomization. Its names have no hashes yet.
	isWhole bool
}

// findRenamed gives a new name to each object whose name another service has.
func (a *adaption) findRenamed() error {
	for _, o := range a.kept {
		if a.options.IsTaken == nil || !a.options.IsTaken(o.Kind, o.Name) {
			continue
		}
		if o.Kind == "Service" || isWorkload(o) {
			return fmt.Errorf("another service has a %s %s already\n"+
				"rename one of them, or make both one service", o.Kind, o.Name)
		}
		name := a.options.Name + "-" + WithoutHash(o.Kind, o.Name)
		a.renamer.names[o.Kind+"/"+o.Name] = name
		a.note(o, "another service has one of this name, so this service has a copy called %s", name)
	}
	return nil
}

// copyOf returns an object with its patch and its new name.
func (r *renamer) copyOf(o Object, p Patch) Copy {
	c := Copy{Original: o.Object, Name: r.names[o.Kind+"/"+o.Name], Fields: merged(o.Fields, p.Fields)}
	if r.isWhole {
		c.Original.Name = WithoutHash(o.Kind, o.Name)
	}
	metadata := maps.Clone(manifest.Object{Fields: c.Fields}.Under("metadata").Fields)
	for _, pointer := range p.Removed {
		parts := strings.SplitN(pointer, "/", 4) // "", metadata, annotations or labels, key
		list := maps.Clone(manifest.Object{Fields: metadata}.Under(parts[2]).Fields)
		delete(list, strings.NewReplacer("~1", "/", "~0", "~").Replace(parts[3]))
		metadata[parts[2]] = list
	}
	delete(metadata, "namespace")
	metadata["name"], c.Fields["metadata"] = c.Name, metadata
	return c
}

// newName returns the name that a reference needs within the source: a new one, or the one before Kustomize adds a
// hash. isRenamed is false where the reference can stay.
func (r *renamer) newName(kind, name string) (now string, isRenamed bool) {
	if now, ok := r.names[kind+"/"+name]; ok {
		return now, true
	}
	if r.isWhole {
		name = WithoutHash(kind, name)
	}
	return name, false
}

// rename sets the name at some keys of a patch if the object there has a new one.
func (r *renamer) rename(kind string, o manifest.Object, patch map[string]any, keys ...string) {
	if name, ok := r.newName(kind, o.Text(keys...)); ok {
		fields(patch).set(name, keys...)
	}
}

// inList returns a list with the new names. Kustomize replaces such a list as a whole.
func (r *renamer) inList(list []manifest.Object, references map[string][]string) (items []any, isChanged bool) {
	for _, item := range list {
		copied := item.Fields
		for kind, keys := range references {
			if item.Text(keys...) == "" {
				continue
			}
			name, ok := r.newName(kind, item.Text(keys...))
			change := fields{}
			change.set(name, keys...)
			copied, isChanged = merged(copied, change), isChanged || ok
		}
		items = append(items, copied)
	}
	return items, isChanged
}

func (r *renamer) inPod(pod manifest.Object, spec fields) {
	r.rename("ServiceAccount", pod, spec, "serviceAccountName")
	list, isChanged := r.inList(pod.Items("imagePullSecrets"), map[string][]string{"Secret": {"name"}})
	if isChanged {
		spec["imagePullSecrets"] = append([]any{map[string]any{"$patch": "replace"}}, list...)
	}
}

// inVolume renames in a volume, and removes tokens of service accounts.
func (r *renamer) inVolume(v manifest.Object, volume map[string]any) {
	r.rename("ConfigMap", v, volume, "configMap", "name")
	r.rename("Secret", v, volume, "secret", "secretName")
	r.rename("PersistentVolumeClaim", v, volume, "persistentVolumeClaim", "claimName")
	before := v.Items("projected", "sources")
	kept := slices.DeleteFunc(slices.Clone(before), func(s manifest.Object) bool {
		return s.At("serviceAccountToken") != nil
	})
	list, isChanged := r.inList(kept, map[string][]string{
		"ConfigMap": {"configMap", "name"}, "Secret": {"secret", "name"},
	})
	if isChanged || len(kept) < len(before) {
		volume["projected"] = map[string]any{"sources": list}
	}
}

func (r *renamer) inContainer(c manifest.Object, container fields) {
	env, _ := container["env"].([]any)
	isSet := map[string]bool{} // by a store
	for _, v := range env {
		entry, _ := v.(map[string]any)
		isSet[fmt.Sprint(entry["name"])] = true
	}
	for _, e := range c.Items("env") {
		change := map[string]any{}
		r.rename("ConfigMap", e, change, "valueFrom", "configMapKeyRef", "name")
		r.rename("Secret", e, change, "valueFrom", "secretKeyRef", "name")
		if len(change) > 0 && !isSet[e.Text("name")] {
			change["name"] = e.Text("name")
			env = append(env, change)
		}
	}
	if len(env) > 0 {
		container["env"] = env
	}
	list, isChanged := r.inList(c.Items("envFrom"), map[string][]string{
		"ConfigMap": {"configMapRef", "name"}, "Secret": {"secretRef", "name"},
	})
	if isChanged {
		container["envFrom"] = list
	}
}
