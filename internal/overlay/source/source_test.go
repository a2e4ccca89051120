package source

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const webManifests = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: a.test/web:1}]}}
`

// folder returns a folder named manifests with files.
func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"manifests": {Mode: fs.ModeDir | 0o755}}
	for name, content := range files {
		fsys["manifests/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

func TestInvalidManifestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"a folder without manifests", map[string]string{"README.md": "read me"}, []string{"manifests: it has no YAML or JSON files"}},
		{
			"a template of Helm",
			map[string]string{"web.yaml": "{{- if .Values.web }}\nkind: Service\n{{- end }}\n"},
			[]string{"manifests/web.yaml", "is a template", "--chart"},
		},
		{"text that isn't YAML", map[string]string{"web.yaml": "kind: [\n"}, []string{"manifests/web.yaml", "isn't YAML"}},
		{
			"an object without a name",
			map[string]string{"web.yaml": "a: b\n---\napiVersion: v1\nkind: Service\n"},
			[]string{"manifests/web.yaml", "line 3: Service has no metadata.name"},
		},
		{
			"an object in two files",
			map[string]string{"a.yaml": webManifests, "b.yaml": webManifests},
			[]string{"manifests/b.yaml", "Service web is also in manifests/a.yaml", "Deployment web is also in"},
		},
		{
			"too much text in two files",
			map[string]string{"a.yaml": "#" + strings.Repeat(" ", maxSize/2), "b.yaml": "#" + strings.Repeat(" ", maxSize/2)},
			[]string{"manifests/b.yaml: the manifests are larger than 4 MiB"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(folder(tt.files), "manifests")
			if err == nil {
				t.Fatal("the manifests are read")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
		})
	}
}

func TestListsAreSplit(t *testing.T) {
	t.Parallel()
	list := "apiVersion: v1\nkind: List\nitems:\n" +
		"- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
	m, err := Read(folder(map[string]string{"list.yaml": list, "values.yaml": "replicas: 1\n"}), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	if got := objectNames(m.Objects); got != "ConfigMap a, ConfigMap b" {
		t.Errorf("the objects are %s", got)
	}
	if len(m.Notes) != 1 || !strings.Contains(m.Notes[0], `ignored "manifests/values.yaml"`) {
		t.Errorf("notes: %q", m.Notes)
	}
}

func objectNames(objects []Object) string {
	var names []string
	for _, o := range objects {
		names = append(names, o.Kind+" "+o.Name)
	}
	return strings.Join(names, ", ")
}
