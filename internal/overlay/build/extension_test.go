package build_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

const (
	extended  = "team-seven"
	ownFolder = "overlays/" + extended + "/"
	ownInfo   = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: info}\ndata: {colour: blue}\n"
	ownWorker = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: worker}\nspec: {replicas: 2, " +
		"selector: {matchLabels: {app: worker}}, template: {metadata: {labels: {app: worker}}, " +
		"spec: {containers: [{name: a, image: ghcr.io/stefanprodan/podinfo}]}}}\n"
	annotation = "{spec: {template: {metadata: {annotations: {colour: blue}}}}}"
)

// extensions are own overlays of an environment. isShared is false where only a build of the whole environment is right.
var extensions = []struct {
	name, kustomization string
	files               map[string]string
	components          []string
	isShared            bool
}{
	{"an object", "resources: [../preview, own.yaml]", map[string]string{"own.yaml": ownInfo}, nil, true},
	{"two objects in a file", "resources: [own.yaml, ../preview]", map[string]string{"own.yaml": ownInfo + "---\n" +
		strings.ReplaceAll(ownInfo, "info", "more")}, nil, true},
	{"a workload with the image of a service", "resources: [../preview, own.yaml]", map[string]string{"own.yaml": ownWorker}, nil, true},
	{"a patch of one object", "resources: [../preview]\npatches: [{path: p.yaml}]", map[string]string{
		"p.yaml": "{apiVersion: apps/v1, kind: Deployment, metadata: {name: gateway}, " + annotation[1:],
	}, nil, true},
	{"a patch of a kind", "resources: [../preview]\npatches: [{target: {kind: StatefulSet}, patch: '{kind: any, metadata: " +
		"{name: any}, " + annotation[1:] + "'}]", nil, nil, true},
	{"a JSON patch", "resources: [../preview]\npatches: [{target: {kind: Deployment, name: orders}, patch: " +
		`'[{"op": "add", "path": "/spec/template/metadata/annotations", "value": {"a": "b"}}]'}]`, nil, nil, true},
	{"a patch that deletes an object", "resources: [../preview]\npatches: [{patch: '{$patch: delete, apiVersion: v1, " +
		"kind: PersistentVolumeClaim, metadata: {name: redis}}'}]", nil, nil, true},
	{"a patch of labels", "resources: [../preview]\npatches: [{target: {labelSelector: app.kubernetes.io/name=gateway, " +
		"kind: Service}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/a\", \"value\": \"b\"}]'}]", nil, nil, true},
	{"a patch of an own object", "resources: [../preview, own.yaml]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, " +
		"metadata: {name: info}, data: {colour: red}}'}]", map[string]string{"own.yaml": ownInfo}, nil, true},
	{
		"a patch beside changes by a component", "resources: [../preview]\npatches: " +
			"[{target: {kind: Deployment, name: gateway}, patch: '{kind: any, metadata: {name: any}, " + annotation[1:] + "'}]",
		nil,
		[]string{"spot", "verbose"},
		true,
	},

	{
		"an own workload that a component changes", "resources: [../preview, own.yaml]",
		map[string]string{"own.yaml": ownWorker},
		[]string{"spot"},
		false,
	},
	{"a reference to a name with a hash", "resources: [../preview, own.yaml]", map[string]string{"own.yaml": strings.Replace(ownWorker,
		"image:", "envFrom: [{configMapRef: {name: web}}], image:", 1)}, nil, false},
	{"a patch of objects with a hash", "resources: [../preview]\npatches: [{target: {kind: ConfigMap}, patch: " +
		`'[{"op": "add", "path": "/data/a", "value": "b"}]'}]`, nil, nil, false},
	{"the environment's name", "resources: [../preview, own.yaml]", map[string]string{
		"own.yaml": strings.Replace(ownInfo, "blue", extended, 1),
	}, nil, false},
	{"the sample's name", "resources: [../preview, own.yaml]", map[string]string{
		"own.yaml": strings.Replace(ownInfo, "blue", "check", 1),
	}, nil, false},
	{"a namespace", "resources: [../preview, own.yaml]", map[string]string{
		"own.yaml": strings.Replace(ownInfo, "name: info", "name: info, namespace: a", 1),
	}, nil, false},
	{"a prefix", "resources: [../preview]\nnamePrefix: a-", nil, nil, false},
	{"labels", "resources: [../preview]\nlabels: [{pairs: {a: b}}]", nil, nil, false},
	{"a generated object", "resources: [../preview]\nconfigMapGenerator: [{name: a, literals: [a=b]}]", nil, nil, false},
	{"a component of its own", "resources: [../preview]\ncomponents: [../../kustomize-base/components/verbose]", nil, nil, false},
	{"a folder", "resources: [../preview, more]", map[string]string{
		"more/kustomization.yaml": "resources: [own.yaml]", "more/own.yaml": ownInfo,
	}, nil, false},
	{"without the shared overlay", "resources: [own.yaml]", map[string]string{"own.yaml": ownInfo}, nil, false},
	{"a regular expression", "resources: [../preview]\npatches: [{target: {kind: Deployment, name: g.*}, patch: '{kind: any, metadata: " +
		"{name: any}, " + annotation[1:] + "'}]", nil, nil, false},
	{"a patch that renames", "resources: [../preview]\npatches: [{target: {kind: Service, name: gateway}, patch: " +
		`'[{"op": "replace", "path": "/metadata/name", "value": "other"}]'}]`, nil, nil, false},
	{"a patch with options", "resources: [../preview]\npatches: [{target: {kind: Service, name: gateway}, options: {allowNameChange: true}, " +
		"patch: '{apiVersion: v1, kind: Service, metadata: {name: other}}'}]", nil, nil, false},
	{"a patch of nothing", "resources: [../preview]\npatches: [{patch: '{apiVersion: v1, kind: Service, " +
		"metadata: {name: gone}}'}]", nil, nil, false},
	{"an object that the base has", "resources: [../preview, own.yaml]", map[string]string{
		"own.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: gateway}\n",
	}, nil, false},
	{"the name of the base's file", "resources: [../preview, previewset-base.yaml]", map[string]string{
		"previewset-base.yaml": ownInfo,
	}, nil, false},
	{"a patch of the Namespace", "resources: [../preview]\npatches: [{target: {kind: Namespace}, patch: " +
		`'[{"op": "add", "path": "/metadata/labels/a", "value": "b"}]'}]`, nil, nil, false},
	{"a mark that Kustomize keeps for itself", "resources: [../preview, own.yaml]", map[string]string{"own.yaml": strings.Replace(ownInfo,
		"{name: info}", "{name: info, annotations: {config.kubernetes.io/local-config: 'true'}}", 1)}, nil, false},
}

// The objects of an extension are those of a build of the whole environment, awake and asleep.
func TestExtensionHasTheObjectsOfTheWholeBuild(t *testing.T) {
	t.Parallel()
	for _, tt := range extensions {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{
				ownFolder + "kustomization.yaml": []byte("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" + tt.kustomization),
				ownFolder + "environment.yaml":   []byte("apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: octocat\n"),
			}
			for name, content := range tt.files {
				files[ownFolder+name] = []byte(content)
			}
			r := openRepository(t, filetree.Edited(previewset.Example, files, nil), extended)
			p := r.everything()
			p.Dataset, p.Components = "truncated", tt.components
			extension := r.extension(t, p)
			if extension == nil {
				if tt.isShared {
					t.Error("it isn't shared")
				}
				return
			}
			awake, asleep, ok := extension.Objects()
			if ok != tt.isShared {
				t.Fatalf("shared is %v, want %v", ok, tt.isShared)
			}
			if !ok {
				return
			}
			p.Name = extended
			for state, got := range map[preview.State][]manifest.Object{preview.Awake: awake, preview.Asleep: asleep} {
				if diff := cmp.Diff(textsOf(t, r.objects(t, p, state)), textsOf(t, got)); diff != "" {
					t.Errorf("%s (-whole +extension):\n%s", state, diff)
				}
			}
		})
	}
}

func (r repository) extension(t *testing.T, p preview.Plan) *build.Extension {
	t.Helper()
	row := r.row(t, p)
	base := r.builder.Base(row, r.builder.Sleep(r.cfg, p, row))
	if base == nil {
		t.Fatal("no base")
	}
	return base.Extension(strings.TrimSuffix(ownFolder, "/"), extended, p.Name)
}

// textsOf returns objects as JSON, sorted, with the sample's name in place of the environment's.
func textsOf(t *testing.T, objects []manifest.Object) []string {
	t.Helper()
	texts := map[string]bool{}
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.ReplaceAll(string(text), extended, "check")] = true
	}
	if len(texts) != len(objects) {
		t.Fatalf("%d of %d objects differ", len(texts), len(objects))
	}
	return slices.Sorted(maps.Keys(texts))
}
