package overlay

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
)

// object is one Kubernetes object of a build.
type object struct {
	group, kind, namespace, name string
	clusterScoped                bool
	labels                       map[string]string
	fields                       map[string]any
}

func (o object) String() string { return o.kind + " " + o.name }

func (o object) identity() string {
	return strings.Join([]string{o.group, o.kind, o.namespace, o.name}, "/")
}

func objectsOf(m resmap.ResMap) ([]object, error) {
	defer readSchema()()
	objects := make([]object, 0, m.Size())
	for _, res := range m.Resources() {
		o, err := objectOf(res)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func objectOf(res *resource.Resource) (object, error) {
	fields, err := res.Map()
	if err != nil {
		return object{}, fmt.Errorf("%s %s: %w", res.GetKind(), res.GetName(), err)
	}
	gvk := res.GetGvk()
	return object{
		group: gvk.Group, kind: gvk.Kind, namespace: res.GetNamespace(), name: res.GetName(),
		clusterScoped: gvk.IsClusterScoped(), labels: res.GetLabels(), fields: fields,
	}, nil
}

// at follows keys through nested mappings; a missing one gives nil.
func (o object) at(keys ...string) any {
	var v any = o.fields
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// under is what at finds, as an object.
func (o object) under(keys ...string) object {
	m, _ := o.at(keys...).(map[string]any)
	return object{fields: m}
}

// items are the mappings in the list that at finds; what isn't a mapping there is an empty one.
func (o object) items(keys ...string) []object {
	list, _ := o.at(keys...).([]any)
	found := make([]object, 0, len(list))
	for _, item := range list {
		m, _ := item.(map[string]any)
		found = append(found, object{fields: m})
	}
	return found
}

func (o object) annotations() map[string]string {
	m, _ := o.at("metadata", "annotations").(map[string]any)
	found := map[string]string{}
	for key, v := range m {
		found[key] = fmt.Sprint(v)
	}
	return found
}

func (o object) annotationKeys() []string { return slices.Sorted(maps.Keys(o.annotations())) }

func (o object) text(keys ...string) string {
	s, _ := o.at(keys...).(string)
	return s
}

// images are the images of all containers, wherever the object has its Pod template.
func (o object) images() []string {
	var found []string
	each(o.at("spec"), func(key string, v any) {
		list, _ := v.([]any)
		if key != "containers" && key != "initContainers" {
			return
		}
		for _, c := range list {
			if m, ok := c.(map[string]any); ok {
				if image, ok := m["image"].(string); ok {
					found = append(found, image)
				}
			}
		}
	})
	return found
}

// each visits every key of nested mappings and lists.
func each(v any, visit func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			visit(key, value)
			each(value, visit)
		}
	case []any:
		for _, value := range v {
			each(value, visit)
		}
	}
}

// hosts are the hosts of an Ingress or of a Gateway API route, TLS included; "" where none is named, which is every host.
func (o object) hosts() []string {
	var found []string
	switch o.kind {
	case "Ingress":
		for _, rule := range o.items("spec", "rules") {
			found = append(found, rule.text("host"))
		}
		for _, tls := range o.items("spec", "tls") {
			found = append(found, textsOrEmpty(tls.at("hosts"))...)
		}
	case "HTTPRoute", "GRPCRoute", "TLSRoute":
		found = textsOrEmpty(o.at("spec", "hostnames"))
	}
	return found
}

func textsOrEmpty(v any) []string {
	if found := texts(v); len(found) > 0 {
		return found
	}
	return []string{""}
}

// texts is a text, or the texts in a list.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var found []string
		for _, item := range v {
			found = append(found, texts(item)...)
		}
		return found
	}
	return nil
}
