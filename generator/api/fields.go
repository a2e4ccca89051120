package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxFields bounds the fields in a request.
const maxFields = 100

// selection has the chosen fields of an object, with the chosen fields of their objects; nil chooses all.
type selection map[string]selection

// selectionOf reads a list of fields of a type, such as "name,progress.phase". An empty list chooses all. The fields
// that identify an object are always chosen.
func selectionOf(kind reflect.Type, identity []string, list string) (selection, error) {
	if list == "" {
		return nil, nil
	}
	fields := strings.Split(list, ",")
	if len(fields) > maxFields {
		return nil, fmt.Errorf("fields: expected at most %d", maxFields)
	}
	chosen := selection{}
	for _, field := range append(fields, identity...) {
		if err := chosen.add(kind, strings.Split(strings.TrimSpace(field), ".")); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

// add chooses the field with this path. A chosen object stays whole if one of its fields is chosen too.
func (s selection) add(kind reflect.Type, path []string) error {
	known := fieldsOf(kind)
	of, isKnown := known[path[0]]
	if !isKnown {
		if len(known) == 0 {
			return fmt.Errorf("fields: %q isn't in an object", path[0])
		}
		return fmt.Errorf("fields: unknown field %q; use %s", path[0], strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	inner, isChosen := s[path[0]]
	switch {
	case isChosen && inner == nil:
		return nil
	case len(path) == 1:
		s[path[0]] = nil
		return nil
	case !isChosen:
		inner = selection{}
		s[path[0]] = inner
	}
	return inner.add(of, path[1:])
}

// fieldsOf returns the types of an object's fields by their JSON names. Lists have the fields of their objects.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	fields := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct || t.Implements(reflect.TypeFor[json.Marshaler]()) {
		return fields
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(fields, fieldsOf(f.Type))
		case f.IsExported() && name != "" && name != "-":
			fields[name] = f.Type
		}
	}
	return fields
}

// of returns a value with the chosen fields only.
func (s selection) of(value any) (any, error) {
	if s == nil {
		return value, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode an item: %w", err)
	}
	return s.cut(text)
}

// cut returns a JSON text with the chosen fields only.
func (s selection) cut(text json.RawMessage) (json.RawMessage, error) {
	switch {
	case s == nil || len(text) == 0:
		return text, nil
	case text[0] == '[':
		return cutAll(text, s)
	case text[0] != '{':
		return text, nil // null
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	chosen := make(map[string]json.RawMessage, len(s))
	for name, inner := range s {
		value, has := all[name]
		if !has {
			continue
		}
		cut, err := inner.cut(bytes.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		chosen[name] = cut
	}
	return json.Marshal(chosen)
}

func cutAll(text json.RawMessage, s selection) (json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for i, value := range all {
		cut, err := s.cut(bytes.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		all[i] = cut
	}
	return json.Marshal(all)
}
