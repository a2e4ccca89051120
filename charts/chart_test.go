// Package charts_test renders the Helm chart, and compares it with the manifests of the example.
package charts_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/previewset/previewset"
)

const folder = "preview-generator"

// object is a Kubernetes object.
type object = map[string]any

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render returns the chart's objects by kind and name, as Helm makes them in namespace argocd.
func render(t *testing.T, values string) (map[string]object, error) {
	t.Helper()
	given, err := chartutil.ReadValues([]byte(values))
	if err != nil {
		t.Fatal(err)
	}
	c := load(t)
	options := chartutil.ReleaseOptions{Name: "any", Namespace: "argocd", IsInstall: true}
	all, err := chartutil.ToRenderValues(c, given, options, &chartutil.Capabilities{
		KubeVersion: chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"},
	})
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	found := map[string]object{}
	for name, text := range files {
		if path.Ext(name) == ".yaml" {
			maps.Copy(found, objectsIn(t, text))
		}
	}
	return found, nil
}

func mustRender(t *testing.T, values string) map[string]object {
	t.Helper()
	found, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// objectsIn returns the objects of a text by kind and name.
func objectsIn(t *testing.T, text string) map[string]object {
	t.Helper()
	found := map[string]object{}
	d := yaml.NewDecoder(strings.NewReader(text))
	for {
		var o object
		if err := d.Decode(&o); err != nil {
			if err.Error() == "EOF" {
				return found
			}
			t.Fatalf("%v in:\n%s", err, text)
		}
		if o != nil {
			found[key(o)] = o
		}
	}
}

func key(o object) string {
	metadata, _ := o["metadata"].(object)
	return fmt.Sprintf("%v %v", o["kind"], metadata["name"])
}

// example returns the objects that Kustomize builds from files of appsets.
func example(t *testing.T, files ...string) map[string]object {
	t.Helper()
	fsys := filesys.MakeFsInMemory()
	for _, name := range files {
		content, err := fs.ReadFile(previewset.Example, path.Join("appsets", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := fsys.WriteFile(name, content); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	if err = fsys.WriteFile("kustomization.yaml", []byte(`{"resources": `+string(list)+`}`)); err != nil {
		t.Fatal(err)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return objectsIn(t, string(text))
}

// serviceFiles returns the files of the service that the example installs.
func serviceFiles(t *testing.T) []string {
	t.Helper()
	content, err := fs.ReadFile(previewset.Example, "appsets/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var k struct{ Resources []string }
	if err := yaml.Unmarshal(content, &k); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(k.Resources, func(name string) bool {
		return !strings.HasPrefix(name, "generator/") && name != "plugin.yaml"
	})
}

// withoutHelm removes the annotation that only Helm knows.
func withoutHelm(objects map[string]object) map[string]object {
	for _, o := range objects {
		metadata, _ := o["metadata"].(object)
		annotations, _ := metadata["annotations"].(object)
		delete(annotations, "helm.sh/resource-policy")
		if len(annotations) == 0 {
			delete(metadata, "annotations")
		}
	}
	return objects
}

func TestDefaultValuesMakeTheObjectsOfTheExample(t *testing.T) {
	t.Parallel()
	want, got := example(t, serviceFiles(t)...), withoutHelm(mustRender(t, ""))
	if len(want) < 10 {
		t.Fatalf("the example has only %d objects", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("appsets (-) and the chart (+) differ; change templates/ or values.yaml:\n%s", diff)
	}
}

const ingressValues = "route: {kind: Ingress}"

func TestOtherFilesOfTheExample(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, values string }{
		{"generator/ingress.yaml", ingressValues},
		{"generator/wildcard.yaml", ingressValues},
		{"monitoring/operator/servicemonitor.yaml", "serviceMonitor: {enabled: true}"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := mustRender(t, tt.values)
			for name, want := range example(t, tt.file) {
				if diff := cmp.Diff(want, got[name]); diff != "" {
					t.Errorf("%s (-example +chart):\n%s", name, diff)
				}
			}
		})
	}
}

// valueCase is an object that a value changes.
type valueCase struct {
	name, values, object string
	want                 []string // parts of the object's JSON
}

var valueCases = []valueCase{
	{
		"the image by digest", "image: {digest: sha256:" + strings.Repeat("a", 64) + "}", "Deployment preview-generator",
		[]string{"preview-generator@sha256:aaa"},
	},
	{
		"a GitHub App, SSH, and no API", `
config: {repo: "ssh://git@github.com/acme/previews.git", path: gitops}
secrets: {keys: {apiToken: "", configToken: "", configSSHKey: id, configKnownHosts: known, githubToken: ""}}
extraArgs: ["--github-app-id=1", '--repositories=acme/*']`, "Deployment preview-generator",
		[]string{
			`"--token-file=/etc/previewset/argocd/token","--config-repo=ssh://git@github.com/acme/previews.git"`,
			`"--config-path=gitops","--config-ssh-key-file=/etc/previewset/service/id"`,
			`"--config-known-hosts-file=/etc/previewset/service/known"`, `"--github-app-id=1","--repositories=acme/*"]`,
		},
	},
	{
		"no permission for workloads", "workloads: {enabled: false}", "Deployment preview-generator",
		[]string{`"--environment-metrics=false"`},
	},
	{
		"own secrets", "secrets: {argocd: one, service: two}", "Deployment preview-generator",
		[]string{`"secretName":"one"`, `"secretName":"two"`},
	},
	{
		"Argo CD reads an own secret", "secrets: {argocd: one}", "ConfigMap preview-generator",
		[]string{`"token":"$one:token"`},
	},
	{
		"addresses of the Kubernetes API", "networkPolicy: {apiServer: [10.0.0.1/32, 10.96.0.1/32]}",
		"NetworkPolicy preview-generator",
		[]string{`{"ipBlock":{"cidr":"10.0.0.1/32"}},{"ipBlock":{"cidr":"10.96.0.1/32"}}]`},
	},
	{
		"more rules", "networkPolicy: {extraEgress: [{to: [{ipBlock: {cidr: 10.1.1.1/32}}]}]}",
		"NetworkPolicy preview-generator",
		[]string{`{"to":[{"ipBlock":{"cidr":"10.1.1.1/32"}}]}]`},
	},
	{
		"labels of the monitor", "serviceMonitor: {enabled: true, labels: {release: prometheus}}",
		"ServiceMonitor preview-generator",
		[]string{`"release":"prometheus"`},
	},
	{
		"the Pod", `{podLabels: {team: a}, podAnnotations: {note: b}, nodeSelector: {disk: ssd},
priorityClassName: high, tolerations: [{key: x}], affinity: {podAffinity: {}},
image: {pullSecrets: [reg], pullPolicy: Always}, extraEnv: [{name: A}],
extraVolumes: [{name: v}], extraVolumeMounts: [{name: v}]}`, "Deployment preview-generator",
		[]string{
			`"team":"a"`, `"note":"b"`, `"disk":"ssd"`, `"priorityClassName":"high"`, `"tolerations":[{"key":"x"}]`,
			`"podAffinity":{}`, `"imagePullSecrets":[{"name":"reg"}]`, `"imagePullPolicy":"Always"`, `{"name":"A"}`,
			`{"name":"v"}`,
		},
	},
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range valueCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(mustRender(t, tt.values)[tt.object])
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s lacks %s:\n%s", tt.object, want, text)
				}
			}
		})
	}
}

func TestObjectsThatCanBeLeftOut(t *testing.T) {
	t.Parallel()
	for values, absent := range map[string][]string{
		"workloads: {enabled: false}":     {"ClusterRole preview-generator", "ClusterRoleBinding preview-generator"},
		"networkPolicy: {enabled: false}": {"NetworkPolicy preview-generator"},
		"plugin: {enabled: false}":        {"ConfigMap preview-generator"},
		"route: {kind: none}":             {"HTTPRoute preview-generator-wildcard"},
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			all, left := mustRender(t, ""), mustRender(t, values)
			for _, name := range absent {
				delete(all, name)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(left))); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongValuesAreRefused(t *testing.T) {
	t.Parallel()
	for _, values := range []string{
		"confg: {}",
		"config: {repo: 1}",
		`config: {branch: "main\nevil: true"}`,
		`domain: "example.dev\n    - host: evil"`,
		"route: {kind: Route}",
		"image: {digest: latest}",
		"extraArgs: [report]",
		"plugin: {requestTimeout: 30s}",
		"networkPolicy: {apiServer: [10.0.0.1]}",
		`networkPolicy: {routeNamespace: "a\nb: c"}`,
		`serviceMonitor: {interval: "30s\nx: y"}`,
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			if _, err := render(t, values); err == nil {
				t.Error("the values were accepted")
			}
		})
	}
}

var commentedKey = regexp.MustCompile(`^ *[A-Za-z]+:`)

func TestValuesAreDocumentedAndInTheSchema(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(path.Join(folder, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	above := ""
	for n, line := range strings.Split(string(text), "\n") {
		isOwn := commentedKey.MatchString(line) && !isContent(line)
		if isOwn && !strings.HasPrefix(strings.TrimSpace(above), "#") {
			t.Errorf("values.yaml:%d: %s has no comment", n+1, strings.TrimSpace(line))
		}
		above = line
	}
	var values, schema map[string]any
	content, err := os.ReadFile(path.Join(folder, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keysOfSchema(schema, ""), keysOfValues(values, schema, "")); diff != "" {
		t.Errorf("keys (-schema +values):\n%s", diff)
	}
}

// isContent reports whether a line is the content of a value that Kubernetes defines.
func isContent(line string) bool {
	for _, word := range []string{"requests:", "limits:", "cpu:", "memory:", "group:", "kind: Gateway", "name: previews", "namespace: envoy-gateway-system"} {
		if strings.HasPrefix(strings.TrimSpace(line), word) {
			return true
		}
	}
	return strings.Contains(line, "app.kubernetes.io/")
}

// keysOfSchema returns the paths of all properties, without global, which Helm itself adds.
func keysOfSchema(schema map[string]any, prefix string) []string {
	var all []string
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range properties {
		if prefix+name == "global" {
			continue
		}
		all = append(all, prefix+name)
		below, _ := value.(map[string]any)
		all = append(all, keysOfSchema(below, prefix+name+".")...)
	}
	slices.Sort(all)
	return all
}

// keysOfValues returns the paths of all values. It ends where the schema has no properties.
func keysOfValues(values, schema map[string]any, prefix string) []string {
	var all []string
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range values {
		all = append(all, prefix+name)
		below, isMap := value.(map[string]any)
		belowSchema, _ := properties[name].(map[string]any)
		if isMap && belowSchema["properties"] != nil {
			all = append(all, keysOfValues(below, belowSchema, prefix+name+".")...)
		}
	}
	slices.Sort(all)
	return all
}
