package overlay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// similarEnvironments returns the example with several environments. Each has an own object and an own patch, and else
// the same content. The last one has other files, if there are some.
func similarEnvironments(faulty map[string]string) *Repo {
	files := map[string][]byte{}
	for i := range 6 {
		folder := fmt.Sprintf("overlays/team-%d/", i)
		files[folder+"environment.yaml"] = []byte("apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: octocat\nprofile: full\n")
		files[folder+"kustomization.yaml"] = []byte(kustomizationHeader +
			"resources: [../preview, own.yaml]\npatches: [{path: patch.yaml, target: {kind: Deployment, name: gateway}}]\n")
		files[folder+"own.yaml"] = fmt.Appendf(nil, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {number: \"%d\"}\n", i)
		files[folder+"patch.yaml"] = []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway}\nspec: {paused: false}\n")
	}
	for name, content := range faulty {
		files["overlays/team-5/"+name] = []byte(content)
	}
	return New(filetree.Edited(previewset.Example, files, nil))
}

func gatewayPatch(spec string) map[string]string {
	return map[string]string{"patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway}\nspec: " + spec}
}

func ownPatch(patch string) map[string]string {
	return map[string]string{"kustomization.yaml": kustomizationHeader + "resources: [../preview, own.yaml]\npatches:\n- " + patch}
}

// A fault in one of many similar environments is found, as it is in the environment alone.
func TestCheckFindsAFaultAmongSimilarEnvironments(t *testing.T) {
	t.Parallel()
	for name, faulty := range map[string]map[string]string{
		"a kind that can't sleep": {"own.yaml": daemonSetManifest},
		"a host of another environment": {"own.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: own}\n" +
			"spec: {rules: [{host: victim.preview.example.dev}]}\n"},
		"an unknown field": {"own.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndatum: {}\n"},
		"a forbidden kind": {"own.yaml": "apiVersion: example.test/v1\nkind: Widget\nmetadata: {name: own}\n"},
		"a privileged Pod": {"own.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: own}\n" +
			"spec: {containers: [{name: a, image: a}]}\n"},
		"a Service without Pods": {"own.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: own}\n" +
			"spec: {selector: {app: gone}, ports: [{port: 80}]}\n"},
		"a patch that runs as root": gatewayPatch("{template: {spec: {securityContext: {runAsNonRoot: false, runAsUser: 0}}}}\n"),
		"a Secret that nothing makes": gatewayPatch("{template: {spec: {containers: [{name: gateway, " +
			"envFrom: [{secretRef: {name: none}}]}]}}}\n"),
		"a patch over the quota":   gatewayPatch("{replicas: 300}\n"),
		"a patch of another image": gatewayPatch("{template: {spec: {$patch: replace, containers: [{name: gateway, image: other}]}}}\n"),
		"a patch of the guardrails": ownPatch("{target: {kind: ResourceQuota}, patch: '[{\"op\": \"replace\", \"path\": " +
			"\"/spec/hard\", \"value\": {\"pods\": \"999\"}}]'}\n"),
		"a patch that deletes the guardrails": ownPatch("{target: {kind: LimitRange}, " +
			"patch: '{$patch: delete, kind: LimitRange, metadata: {name: any}}'}\n"),
		"a patch that deletes a called Service": ownPatch("{patch: '{$patch: delete, apiVersion: v1, " +
			"kind: Service, metadata: {name: orders}}'}\n"),
		"a patch of the public route": ownPatch("{target: {kind: HTTPRoute, name: gateway}, " +
			"patch: '[{\"op\": \"remove\", \"path\": \"/metadata/labels\"}]'}\n"),
		"a patch of nothing": ownPatch("{patch: '{apiVersion: v1, kind: Service, metadata: {name: gone}}'}\n"),
		"a patch of the environment's ConfigMap": ownPatch("{target: {kind: ConfigMap, name: environment}, " +
			"patch: '{$patch: delete, kind: ConfigMap, metadata: {name: a}}'}\n"),
		"an object twice": {"own.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: gateway}\n"},
		"another namespace": {"kustomization.yaml": kustomizationHeader + "namespace: other\nresources: [../preview, own.yaml]\n" +
			"transformers:\n- |-\n  apiVersion: builtin\n  kind: NamespaceTransformer\n  metadata: {name: a, namespace: other}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := similarEnvironments(faulty)
			c := checkEnvironments(t, r)
			got := mergeProblems(append(c.report.Problems, c.missing...))
			alone := r.CheckEnvironment("team-5")
			if len(alone) == 0 {
				t.Fatal("the environment alone has no problem")
			}
			if diff := cmp.Diff(alone, got); diff != "" {
				t.Errorf("problems (-alone +among others):\n%s", diff)
			}
			if strings.Contains(got.Error(), "preview-"+sampleName) {
				t.Errorf("the problem has the sample's name: %v", got)
			}
		})
	}
}

// checkEnvironments checks only the environments with a folder.
func checkEnvironments(t *testing.T, r *Repo) *checker {
	t.Helper()
	cfg, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(r)
	c.useAdmissionUnchecked(cfg.Policy)
	c.addExamples(cfg, r.environmentExamples(cfg)...)
	if err := c.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckSharesBuildsOfSimilarEnvironments(t *testing.T) {
	t.Parallel()
	c := checkEnvironments(t, similarEnvironments(nil))
	if len(c.report.Problems) > 0 || c.report.Builds != 6 {
		t.Errorf("%d builds, problems:\n%v", c.report.Builds, c.report.Problems)
	}
	for _, b := range c.builds {
		if b.quick == nil || b.quick.extension != nil || len(b.quick.check.problems) > 0 {
			t.Errorf("%s isn't shared", b.title)
		}
	}
}
