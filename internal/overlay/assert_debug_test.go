package overlay

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

// debugPolicy is the shop's policy with a debugger for api.
func debugPolicy(t *testing.T, debug string) map[string]string {
	t.Helper()
	return map[string]string{
		policyFile: strings.Replace(readShop(t, policyFile), "data: [db]", "data: [db], debug: {"+debug+"}", 1),
	}
}

func TestCheckFindsMistakesInDebuggers(t *testing.T) {
	t.Parallel()
	const unnamed, named = "spec: {selector: {app: api}, ports: [{port: 80}]}", "spec: {selector: {app: api}, ports: [{name: http, port: 80}]}"
	tests := []struct {
		name, debug, old, changed, want string
	}{
		{"a node program", "language: node", unnamed, named, ""},
		{"a command", "language: go, port: 4000, command: [dlv, exec, /api]", unnamed, named, ""},
		{"another container", "language: node, container: main", unnamed, named, "Deployment api has no container main; write the container's"},
		{"an unnamed port", "language: node", "", "", "the port of Service api has no name"},
		{
			"another workload", "language: jvm", "kind: Deployment\nmetadata: {name: api}", "kind: Deployment\nmetadata: {name: other}",
			"no Deployment or StatefulSet is called api",
		},
		{"no command", "language: python", "", "", "services.api.debug: needs command; write the command with the debugger"},
		{"a command for nothing", "language: jvm, command: [java]", "", "", "has no effect for jvm"},
		{"an impossible port", "language: node, port: 70000", "", "", "70000 is not a port"},
		{"another language", "language: perl", "", "", `"perl" is not one of the choices`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := debugPolicy(t, tt.debug)
			const file = "kustomize-base/services/api/run/api.yaml"
			changes[file] = strings.Replace(readShop(t, file), tt.old, tt.changed, 1)
			problems := checkShop(t, changes).Problems
			if text := problems.Error(); !strings.Contains(text, tt.want) || (tt.want == "") != (len(problems) == 0) {
				t.Errorf("problems are %q, want %q", text, tt.want)
			}
		})
	}
}

// readShop returns a file of the shop.
func readShop(t *testing.T, name string) string {
	t.Helper()
	r := New(overlaytest.Shop(nil))
	content, err := r.tree.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// debugged builds the example awake or asleep with a debugger for orders.
func debugged(t *testing.T, components []string, state preview.State) map[string]manifest.Object {
	t.Helper()
	r := New(exampleWithSecrets(t, map[string][2]string{
		policyFile: {"    data: [postgres, rabbitmq]", "    data: [postgres, rabbitmq]\n    debug: {language: go, command: " +
			"[dlv, exec, ./podinfo]}"},
	}))
	cfg := loadConfig(t, r)
	p := planOf(serviceNames(cfg.Policy))
	p.Components, p.State = components, state
	row, err := preview.Compose(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	return objectsOf(t, r, row)
}

// A debugger changes one workload and its Service. In particular no NetworkPolicy and no route leads to it.
func TestDebuggerChangesOnlyItsService(t *testing.T) {
	t.Parallel()
	before, after := debugged(t, nil, ""), debugged(t, []string{"debug"}, "")
	for name, o := range after {
		path := firstDifference("", before[name].Fields, o.Fields)
		if is := name == "Deployment orders" || name == "Service orders"; is != (path != "") {
			t.Errorf("%s differs at %q", name, path)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d objects, %d before", len(after), len(before))
	}
	pod := after["Deployment orders"].Under("spec", "template", "spec")
	container := pod.Items("containers")[0]
	if len(pod.Items("containers")) != 1 || container.At("livenessProbe") != nil || container.At("readinessProbe") != nil ||
		container.At("startupProbe") != nil || strings.Join(manifest.Texts(container.At("command")), " ") != "dlv exec ./podinfo" ||
		len(container.Items("ports")) != 2 || container.Text("image") == "" || len(container.Items("env")) == 0 {
		t.Errorf("the container is %v", container.Fields)
	}
	if ports := after["Service orders"].Items("spec", "ports"); len(ports) != 2 {
		t.Errorf("the Service's ports are %v", ports)
	}
	if got := after["Deployment orders"].At("spec", "replicas"); got != 1 {
		t.Errorf("%v replicas", got)
	}
	if got := debugged(t, []string{"debug"}, preview.Asleep)["Deployment orders"].At("spec", "replicas"); got != 0 {
		t.Errorf("asleep it has %v replicas", got)
	}
}
