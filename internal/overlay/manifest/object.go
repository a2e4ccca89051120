// Package manifest is a Kubernetes object as a build or a file has it, with access to its fields by name.
//
// It knows the shape of Kubernetes objects. It doesn't know Kustomize, or which objects are allowed.
package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Object is one Kubernetes object. Only Fields is set where the object is a part of another one.
type Object struct {
	Group, Kind, Namespace, Name string
	ClusterScoped                bool
	Labels                       map[string]string
	Fields                       map[string]any
}

// String returns the kind and the name.
func (o Object) String() string { return o.Kind + " " + o.Name }

// Identity returns the text that is the same for two objects that Kubernetes treats as one. The API version isn't in
// it.
func (o Object) Identity() string {
	return strings.Join([]string{o.Group, o.Kind, o.Namespace, o.Name}, "/")
}

// At returns the value at some keys, or nil.
func (o Object) At(keys ...string) any {
	var v any = o.Fields
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// Text returns the text at some keys, or "".
func (o Object) Text(keys ...string) string {
	s, _ := o.At(keys...).(string)
	return s
}

// Under returns the mapping at some keys as an object.
func (o Object) Under(keys ...string) Object {
	m, _ := o.At(keys...).(map[string]any)
	return Object{Fields: m}
}

// Items returns the mappings of the list at some keys. An item that isn't a mapping becomes an empty object.
func (o Object) Items(keys ...string) []Object {
	list, _ := o.At(keys...).([]any)
	found := make([]Object, 0, len(list))
	for _, item := range list {
		m, _ := item.(map[string]any)
		found = append(found, Object{Fields: m})
	}
	return found
}

// Annotations returns the object's annotations as texts.
func (o Object) Annotations() map[string]string {
	m, _ := o.At("metadata", "annotations").(map[string]any)
	found := map[string]string{}
	for key, v := range m {
		found[key] = fmt.Sprint(v)
	}
	return found
}

// AnnotationKeys returns the keys of the annotations, sorted.
func (o Object) AnnotationKeys() []string { return slices.Sorted(maps.Keys(o.Annotations())) }

// Keys returns the keys of the mapping at some keys, sorted.
func (o Object) Keys(keys ...string) []string {
	return slices.Sorted(maps.Keys(o.Under(keys...).Fields))
}

// EachKey visits every key of nested mappings and lists.
func EachKey(v any, visit func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			visit(key, value)
			EachKey(value, visit)
		}
	case []any:
		for _, value := range v {
			EachKey(value, visit)
		}
	}
}

// Texts returns a text, or all texts of nested lists.
func Texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var found []string
		for _, item := range v {
			found = append(found, Texts(item)...)
		}
		return found
	}
	return nil
}
