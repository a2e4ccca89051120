// Package crdschema validates custom resources by the CustomResourceDefinitions that a repository carries, as the API
// server does with fieldValidation=Strict. It doesn't evaluate x-kubernetes-validations.
//
// It knows schemas. It doesn't know where the definitions are in a repository.
package crdschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Schemas are the schemas of custom kinds. Goroutines can share them.
type Schemas struct {
	kinds   map[kind]map[string]*version // by name of the version
	plurals map[kind]string
}

type kind struct{ group, name string }

// version is one version of a kind, or its error.
type version struct {
	validator  *validate.SchemaValidator
	structural *structuralschema.Structural
	err        error
}

// marker is in each file with a CustomResourceDefinition.
var marker = []byte("CustomResourceDefinition")

// Add adds the definitions among the documents of a file. It ignores all other documents: the builds report mistakes in
// those that they use.
func (s *Schemas) Add(content []byte) {
	if !bytes.Contains(content, marker) {
		return
	}
	for d := yamlv3.NewDecoder(bytes.NewReader(content)); ; {
		var document map[string]any
		if d.Decode(&document) != nil {
			return
		}
		text, err := yaml.Marshal(document)
		if err != nil {
			continue
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if yaml.Unmarshal(text, &crd) == nil && crd.Kind == string(marker) {
			s.addDefinition(&crd)
		}
	}
}

func (s *Schemas) addDefinition(crd *apiextensionsv1.CustomResourceDefinition) {
	if s.kinds == nil {
		s.kinds, s.plurals = map[kind]map[string]*version{}, map[kind]string{}
	}
	k := kind{crd.Spec.Group, crd.Spec.Names.Kind}
	s.plurals[k] = crd.Spec.Names.Plural
	if s.kinds[k] == nil {
		s.kinds[k] = map[string]*version{}
	}
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}
		s.kinds[k][v.Name] = &version{}
		if v.Schema != nil && v.Schema.OpenAPIV3Schema != nil {
			*s.kinds[k][v.Name] = newVersion(v.Schema.OpenAPIV3Schema)
		}
	}
}

func newVersion(schema *apiextensionsv1.JSONSchemaProps) version {
	var internal apiextensions.JSONSchemaProps
	err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, &internal, nil)
	if err != nil {
		return version{err: err}
	}
	var v version
	if v.structural, v.err = structuralschema.NewStructural(&internal); v.err == nil {
		v.validator = validate.NewSchemaValidator(v.structural.ToKubeOpenAPI(), nil, "", strfmt.Default)
	}
	return v
}

// Plural returns the plural of a kind, as in URLs and quotas; "" for a kind without a definition.
func (s *Schemas) Plural(group, name string) string {
	if s == nil {
		return ""
	}
	return s.plurals[kind{group, name}]
}

// Refusals returns what the API server says about a custom resource. A kind without a definition has no refusals.
func (s *Schemas) Refusals(o manifest.Object) []string {
	versions := s.kinds[kind{o.Group, o.Kind}]
	if versions == nil {
		return nil
	}
	_, name, _ := strings.Cut(o.Text("apiVersion"), "/")
	v := versions[name]
	switch {
	case v == nil:
		return []string{fmt.Sprintf("its CustomResourceDefinition serves no version %q, only %s",
			name, strings.Join(slices.Sorted(maps.Keys(versions)), ", "))}
	case v.err != nil || v.structural == nil:
		return nil // the API server refuses the definition, or accepts all fields
	}
	return v.refusals(o)
}

func (v *version) refusals(o manifest.Object) []string {
	text, err := json.Marshal(o.Fields)
	if err != nil {
		return []string{err.Error()}
	}
	var fields map[string]any
	if err := utiljson.Unmarshal(text, &fields); err != nil { // the schema's validator wants int64
		return []string{err.Error()}
	}
	fillDefaults(fields, v.structural)
	var messages []string
	for _, err := range v.validator.Validate(fields).Errors {
		messages = append(messages, strings.Replace(err.Error(), " in body", "", 1))
	}
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(fields, v.structural, true, options) {
		messages = append(messages, fmt.Sprintf("unknown field %q", path))
	}
	slices.Sort(messages)
	return messages
}

// fillDefaults sets absent fields that have a default. The API server does it before the validation. Its own code for
// that also links CEL.
func fillDefaults(value any, schema *structuralschema.Structural) {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range schema.Properties {
			if _, isSet := value[name]; !isSet && field.Default.Object != nil {
				value[name] = runtime.DeepCopyJSONValue(field.Default.Object)
			}
		}
		for name, v := range value {
			if field, ok := schema.Properties[name]; ok {
				fillDefaults(v, &field)
			} else if schema.AdditionalProperties != nil && schema.AdditionalProperties.Structural != nil {
				fillDefaults(v, schema.AdditionalProperties.Structural)
			}
		}
	case []any:
		for _, v := range value {
			if schema.Items != nil {
				fillDefaults(v, schema.Items)
			}
		}
	}
}
