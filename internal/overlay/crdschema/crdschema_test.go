package crdschema_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/crdschema"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const definition = `
# A file may have other documents.
kind: ConfigMap
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.acme.test}
spec:
  group: acme.test
  names: {kind: Queue, plural: queues}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object,
      required: [size, mode], properties: {
        size: {type: integer, minimum: 1}, mode: {type: string, enum: [fast, slow], default: fast},
        port: {x-kubernetes-int-or-string: true}, note: {type: string, nullable: true},
        labels: {type: object, additionalProperties: {type: string}},
        free: {type: object, x-kubernetes-preserve-unknown-fields: true},
        parts: {type: array, maxItems: 2, items: {type: object, required: [kind], properties: {
          kind: {type: string, default: a}, name: {type: string, pattern: "^[a-z]+$"}}}}}}}}}}
  - {name: v1alpha1, served: false, storage: false}
  - {name: v2, served: true, storage: false}
---
: : broken
`

func TestRefusals(t *testing.T) {
	t.Parallel()
	var schemas crdschema.Schemas
	schemas.Add([]byte("CustomResourceDefinition"))
	schemas.Add([]byte(definition))
	for _, tt := range []struct{ name, version, spec, want string }{
		{"a valid object with a default", "v1", "{size: 3, port: http, labels: {a: b}, free: {x: {y: 1}}, parts: [{name: a}]}", ""},
		{"a number as a port", "v1", "{size: 3, port: 80, note: null}", ""},
		{"a missing field", "v1", "{}", "spec.size"},
		{"a wrong type", "v1", "{size: many}", "spec.size"},
		{"a number that is too small", "v1", "{size: 0}", "spec.size"},
		{"an unknown value", "v1", "{size: 1, mode: medium}", "spec.mode"},
		{"an unknown field", "v1", "{size: 1, sise: 2}", `unknown field "spec.sise"`},
		{"an unknown field in a list", "v1", "{size: 1, parts: [{nam: a}]}", `unknown field "spec.parts[0].nam"`},
		{"a wrong text in a list", "v1", "{size: 1, parts: [{name: A}]}", "spec.parts[0].name"},
		{"too many items", "v1", "{size: 1, parts: [{}, {}, {}]}", "spec.parts"},
		{"a label of a wrong type", "v1", "{size: 1, labels: {a: 1}}", "spec.labels.a"},
		{"a version that isn't served", "v1alpha1", "{}", `serves no version "v1alpha1", only v1, v2`},
		{"an unknown version", "v3", "{}", `serves no version "v3"`},
		{"a version without a schema", "v2", "{any: thing}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := schemas.Refusals(parse(t, "acme.test", tt.version, tt.spec))
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("refusals are %q, want %q", got, tt.want)
			}
		})
	}
	if got := schemas.Refusals(parse(t, "other.test", "v1", "{}")); len(got) > 0 {
		t.Errorf("a kind without a definition is refused: %q", got)
	}
}

func parse(t *testing.T, group, version, spec string) manifest.Object {
	t.Helper()
	o := manifest.Object{Group: group, Kind: "Queue", Name: "a"}
	text := "{apiVersion: " + group + "/" + version + ", kind: Queue, metadata: {name: a, labels: {a: b}}, spec: " + spec + "}"
	if err := yaml.Unmarshal([]byte(text), &o.Fields); err != nil {
		t.Fatal(err)
	}
	return o
}
