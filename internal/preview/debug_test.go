package preview

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// debugPolicy is the demo's policy with a debugger for orders.
func debugPolicy(t *testing.T, debug string) string {
	t.Helper()
	return testfixture.Replace(t, testfixture.DemoPolicy, "orders: {", "orders: {debug: {"+debug+"}, ")
}

// debugPatches returns the patches of the workload and the Service orders.
func debugPatches(row Row) []string {
	var found []string
	for _, p := range row.Kustomize.Patches {
		if p.Target.Name == "orders" && p.Target.Kind != "StatefulSet" {
			found = append(found, p.Target.Kind+" "+p.Patch)
		}
	}
	return found
}

func TestDebuggers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, debug, container, port string }{
		{
			"python", "language: python, command: [python, -m, debugpy, '{{ .name }}\"']",
			`"args":null,"command":["python","-m","debugpy","{{ .name }}\""],`, "5678",
		},
		{"node", "language: node", `"env":[{"name":"NODE_OPTIONS","value":"--inspect=127.0.0.1:9229"}],`, "9229"},
		{
			"jvm", "language: jvm, port: 8000, container: orders",
			`"env":[{"name":"JAVA_TOOL_OPTIONS","value":"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:8000"}],`,
			"8000",
		},
		{"go", "language: go, command: [dlv, exec, /orders]", `"args":null,"command":["dlv","exec","/orders"],`, "2345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, debugPolicy(t, tt.debug))
			want := []string{
				`Deployment {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"orders"},"spec":{"replicas":1,` +
					`"template":{"spec":{"containers":[{` + tt.container + `"livenessProbe":null,"name":"orders","ports":[{"containerPort":` +
					tt.port + `,"name":"debug","protocol":"TCP"}],"readinessProbe":null,"startupProbe":null}]}}}}`,
				`HorizontalPodAutoscaler [{"op":"add","path":"/spec/minReplicas","value":1},{"op":"add","path":"/spec/maxReplicas","value":1}]`,
				`Service {"apiVersion":"v1","kind":"Service","metadata":{"name":"orders"},"spec":{"ports":[{"name":"debug","port":` +
					tt.port + `,"protocol":"TCP","targetPort":"debug"}]}}`,
			}
			row := only(t, resolve(c, factsOf(pull(7, withLabels("preview", "Preview-Debug")))))
			if diff := cmp.Diff(want, debugPatches(row)); diff != "" {
				t.Errorf("patches (-want +got):\n%s", diff)
			}
			if got := debugPatches(only(t, resolve(c, factsOf(pull(7))))); len(got) > 0 {
				t.Errorf("without the label: %q", got)
			}
		})
	}
}

// Component debug is asked for by a profile, a file, or the label of a member that runs.
func TestWhoAsksForDebuggers(t *testing.T) {
	t.Parallel()
	const debug = "language: node"
	file := testfixture.EnvironmentYAML("pullRequest: acme/shop#7\ncomponents: [debug]\n")
	joined := withLabels("preview-with:checkout", "preview-debug")
	tests := []struct {
		name  string
		files map[string]string
		pulls []PullRequest
		want  bool
	}{
		{"no one", nil, []PullRequest{pull(7)}, false},
		{"its file", map[string]string{testfixture.Shop7File: file}, []PullRequest{pull(7)}, true},
		{"one of two members", nil, []PullRequest{pull(7, withLabels("preview-with:checkout")), pull(8, joined, changing("web/a"))}, true},
		{"a held member", nil, []PullRequest{pull(7, withLabels("preview-with:checkout")), pull(8, joined, asDraft, changing("web/a"))}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{config.PolicyFile: debugPolicy(t, debug)}
			maps.Copy(files, tt.files)
			tree := testfixture.DemoTree(files)
			delete(tree.Kustomizations, "kustomize-base/components/debug") // built in
			row := only(t, resolve(testfixture.LoadTree(t, tree, nil), factsOf(tt.pulls...)))
			if got := len(debugPatches(row)) > 0; got != tt.want {
				t.Errorf("debugging is %v: %v", got, debugPatches(row))
			}
			if strings.Contains(strings.Join(row.Kustomize.Components, " "), "components/debug") {
				t.Errorf("components: %v", row.Kustomize.Components)
			}
		})
	}
}
