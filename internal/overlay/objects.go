package overlay

import (
	"fmt"
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

// hosts are the hosts of an Ingress or of a Gateway API route, TLS included.
func (o object) hosts() []string {
	var found []string
	switch o.kind {
	case "Ingress":
		found = append(textsUnder(o.at("spec", "rules"), "host"), textsUnder(o.at("spec", "tls"), "hosts")...)
	case "HTTPRoute", "GRPCRoute", "TLSRoute":
		found = texts(o.at("spec", "hostnames"))
	}
	return found
}

// textsUnder collects the texts under one key of each mapping in a list.
func textsUnder(list any, key string) []string {
	items, _ := list.([]any)
	var found []string
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			found = append(found, texts(m[key])...)
		}
	}
	return found
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
