package helmchart

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/overlay/source"
)

// chartOf returns a small chart with a subchart and further files.
func chartOf(files map[string]string) fstest.MapFS {
	all := map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: stock\nversion: 1.0.0\ndependencies: [{name: store, " +
			"version: 1.0.0, condition: store.enabled}]\n",
		"values.yaml":          "fullnameOverride: \"\"\nreplicas: 1\nstore: {enabled: true}\n",
		"templates/_names.tpl": `{{- define "name" }}{{ .Values.fullnameOverride | default "chart-name" }}{{ end }}`,
		"templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include " +
			"\"name\" . }}\n  namespace: {{ .Release.Namespace }}\nspec: {replicas: {{ .Values.replicas }}}\n",
		"templates/NOTES.txt":      "Have fun.",
		"templates/tests/try.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: try, annotations: {helm.sh/hook: test}}\n",
		"charts/store/Chart.yaml":  "apiVersion: v2\nname: store\nversion: 1.0.0\n",
		"charts/store/templates/deploy.yaml": "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: store}\nspec: " +
			"{host: store.{{ .Release.Namespace }}.svc.cluster.local}\n",
	}
	maps.Copy(all, files)
	tree := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			tree[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return tree
}

func render(t *testing.T, files map[string]string, values map[string]any) (objects, notes []string, err error) {
	t.Helper()
	c, _, err := ReadFolder(chartOf(files))
	if err != nil {
		return nil, nil, err
	}
	m, err := Render(c, "stock", values)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range m.Objects {
		objects = append(objects, o.File+": "+o.String()+strings.ReplaceAll(" "+o.Text("metadata", "namespace")+o.Text("spec", "host"), " ", ""))
	}
	return objects, m.Notes, nil
}

func TestRender(t *testing.T) {
	t.Parallel()
	const ownNote = "Pod try: left out, because it is a test of the chart; run it by hand"
	for _, tt := range []struct {
		name        string
		files       map[string]string
		values      map[string]any
		want, notes []string
	}{
		{
			"the chart, its subchart, and no test", nil, nil,
			[]string{"store-deploy.yaml: StatefulSet storestore", "deployment.yaml: Deployment stock"},
			nil,
		},
		{
			"a value that switches the subchart off", nil,
			map[string]any{"store": map[string]any{"enabled": false}},
			[]string{"deployment.yaml: Deployment stock"},
			nil,
		},
		{
			"a name that the user chose", nil,
			map[string]any{"fullnameOverride": "mine", "store": map[string]any{"enabled": false}},
			[]string{"deployment.yaml: Deployment mine"},
			nil,
		},
		{
			"a name that only the templates use",
			map[string]string{"values.yaml": "replicas: 1\nstore: {enabled: false}\n"},
			nil,
			[]string{"deployment.yaml: Deployment stock"},
			nil,
		},
		{
			"a schema that refuses the name",
			map[string]string{
				"values.yaml": "replicas: 1\nstore: {enabled: false}\n", "values.schema.json": `{"type": "object", ` +
					`"additionalProperties": false, "properties": {"replicas": {}, "store": {}, "global": {}}}`,
			},
			nil,
			[]string{"deployment.yaml: Deployment chart-name"},
			nil,
		},
		{
			"a definition of a kind",
			map[string]string{"crds/a.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"},
			map[string]any{"store": map[string]any{"enabled": false}},
			[]string{"crds-a.yaml: CustomResourceDefinition a", "deployment.yaml: Deployment stock"},
			nil,
		},
		{
			"a random password and a namespace in a text",
			map[string]string{"templates/deployment.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: " +
				"{p: {{ randAlphaNum 9 }}, n: {{ .Release.Namespace }}}\n"},
			map[string]any{"store": map[string]any{"enabled": false}},
			[]string{"deployment.yaml: Secret s"},
			[]string{
				"deployment.yaml: it differs in each rendering, for example by a random password; set this value with --values",
				"deployment.yaml: it has the namespace previewset-namespace, which doesn't exist; set the value that this text " +
					"comes from with --values",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			objects, notes, err := render(t, tt.files, tt.values)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, objects); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append(tt.notes, ownNote), notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// The names of the chart's objects begin with the release's name, and none is the name alone.
func TestReleaseHasTheChartsNameIfNoObjectHasTheServices(t *testing.T) {
	t.Parallel()
	c, _, err := ReadFolder(chartOf(map[string]string{
		"templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: " +
			"{name: {{ .Values.fullnameOverride | default .Release.Name }}-web}\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for service, values := range map[string]map[string]any{
		"stock": nil, "stock-web": nil, "orders": {"replicas": 2}, "mine-web": {"fullnameOverride": "mine"},
	} {
		want := "stock-web"
		if values["fullnameOverride"] != nil {
			want = "mine-web"
		}
		m, err := Render(c, service, values)
		if err != nil || !m.Has(want) {
			t.Errorf("service %s: error %v, objects %v; want %s", service, err, m.Objects, want)
		}
	}
}

// A template may give a file in only one of the renderings. The files after it are the same in both.
func TestNotesAbout(t *testing.T) {
	t.Parallel()
	file := func(name, text string) source.File { return source.File{Name: name, Content: []byte(text)} }
	first := []source.File{file("a.yaml", "1"), file("b.yaml", "2"), file("b.yaml", "3"), file("c.yaml", "4")}
	second := []source.File{file("b.yaml", "2"), file("b.yaml", "3"), file("c.yaml", "5")}
	var names []string
	for _, note := range notesAbout(first, second) {
		name, _, _ := strings.Cut(note, ":")
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"a.yaml", "c.yaml"}, names); diff != "" {
		t.Errorf("files with a note (-want +got):\n%s", diff)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			"a chart without its dependencies",
			map[string]string{"charts/store/Chart.yaml": "", "charts/store/templates/deploy.yaml": ""},
			"folder charts doesn't have: store",
		},
		{"a library", map[string]string{"Chart.yaml": "apiVersion: v2\nname: stock\nversion: 1.0.0\ntype: library\n"}, "is a library"},
		{"a chart for older clusters", map[string]string{"Chart.yaml": "apiVersion: v2\nname: stock\nversion: " +
			"1.0.0\nkubeVersion: <1.20\n"}, "needs Kubernetes <1.20"},
		{"a missing value", map[string]string{"templates/deployment.yaml": `{{ required "say who" .Values.who }}`}, "say who"},
		{
			"a value against the schema",
			map[string]string{"values.schema.json": `{"properties": {"replicas": {"type": "string"}}}`},
			"check the values of chart stock",
		},
		{
			"a value against a schema with a metaschema",
			map[string]string{"values.schema.json": `{
				"$schema": "https://json-schema.org/draft-07/schema#", "properties": {"replicas": {"type": "string"}}}`},
			"check the values of chart stock",
		},
		{"a template that isn't YAML", map[string]string{"templates/deployment.yaml": "a: [\n"}, "deployment.yaml: isn't YAML"},
		{"a folder without a chart", map[string]string{"Chart.yaml": ""}, "name a folder with a Chart.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if objects, _, err := render(t, tt.files, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("objects %q, error %v, want %q", objects, err, tt.want)
			}
		})
	}
}

// A schema that refers to other documents isn't used, because its validation would fetch them.
func TestRenderFetchesNothing(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		`{"$ref": "http://127.0.0.1:1/schema.json"}`,
		`{"properties": {"replicas": {"\u0024ref": "http://127.0.0.1:1/schema.json"}}}`,
		`{"allOf": [{"$dynamicRef": "http://127.0.0.1:1/schema.json#a"}]}`,
		`{"$schema": "http://127.0.0.1:1/schema.json"}`,
	} {
		if _, _, err := render(t, map[string]string{"values.schema.json": schema}, nil); err != nil {
			t.Errorf("%s: %v", schema, err)
		}
	}
}
