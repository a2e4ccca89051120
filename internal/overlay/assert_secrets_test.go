package overlay

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// guideFile is a file in a guide: a snippet with its path as first line.
var guideFile = regexp.MustCompile("(?ms)^```yml\n# (kustomize-base/\\S+)\n(.*?)^```$")

// withSecret gives the container of orders a Secret of its own.
var withSecret = [2]string{
	"            - --port=9898\n", "            - --port=9898\n          envFrom: [{secretRef: {name: orders-payment}}]\n",
}

// exampleWithSecrets is the example with the files of docs/guides/secrets.md, and with changes of further files: an old
// text, or "" for the end of the file, and a new one. Two empty texts remove the file.
func exampleWithSecrets(t *testing.T, changes map[string][2]string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(previewset.Example, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var content []byte
			content, err = fs.ReadFile(previewset.Example, name)
			files[name] = &fstest.MapFile{Data: content}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/guides/secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	found := guideFile.FindAllSubmatch(guide, -1)
	if len(found) != 4 {
		t.Fatalf("the guide has %d files", len(found))
	}
	for _, m := range found {
		files[string(m[1])] = &fstest.MapFile{Data: m[2]}
	}
	edit := func(name, old, changed string) {
		if files[name] == nil {
			files[name] = &fstest.MapFile{}
		}
		text := string(files[name].Data)
		if strings.Count(text, old) != 1 && old != "" {
			t.Fatalf("%s has %q %d times", name, old, strings.Count(text, old))
		}
		if old == "" {
			text += changed
		}
		files[name].Data = []byte(strings.Replace(text, old, changed, min(1, len(old))))
	}
	edit("appsets/admission/settings.yaml", `secretStores: ""`, "secretStores: previews")
	edit(policyFile, "forks: never", "forks: approved")
	for name, change := range changes {
		if change == ([2]string{}) {
			delete(files, name)
			continue
		}
		edit(name, change[0], change[1])
	}
	return files
}

// builtFrom builds an environment with all services at commits of an origin.
func builtFrom(t *testing.T, r *Repo, name string, origin config.Origin) []manifest.Object {
	t.Helper()
	cfg := loadConfig(t, r)
	p := planOf(serviceNames(cfg.Policy))
	p.Name, p.Components = name, []string{"spot"}
	for service, ref := range p.Run {
		ref.Origin = origin
		p.Run[service] = ref
	}
	return composed(t, r, cfg, p)
}

// secretsIn returns the names of the ExternalSecrets and the mark of the Namespace.
func secretsIn(objects []manifest.Object) (names []string, mark string) {
	for _, o := range objects {
		switch o.Kind {
		case "ExternalSecret", "SealedSecret":
			names = append(names, o.Name)
		case "Namespace":
			mark = o.Labels["previewset.dev/secrets"]
		}
	}
	return names, mark
}

func TestGuideOfSecrets(t *testing.T) {
	t.Parallel()
	report := checkRepo(t, New(exampleWithSecrets(t, nil)))
	if len(report.Problems) > 0 {
		t.Errorf("problems: %v", report.Problems)
	}
	objects := builtFrom(t, New(exampleWithSecrets(t, nil)), "check", config.OriginOwn)
	if names, mark := secretsIn(objects); len(names) != 2 || mark != "allowed" {
		t.Errorf("the environment has %q, marked %q", names, mark)
	}
	for _, o := range objects {
		if o.Kind == "Deployment" && o.Text("metadata", "name") == "orders" &&
			(!strings.Contains(strings.Join(neededSecrets(o), " "), "orders-payment") ||
				len(o.Items("spec", "template", "spec", "imagePullSecrets")) != 1) {
			t.Errorf("orders has no secret: %v", o.Fields)
		}
	}
}

// smuggled is an ExternalSecret with a Namespace's label, which an overlay brings.
const smuggled = `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: smuggled}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: previews}
  data: [{secretKey: a, remoteRef: {key: previews/a}}]
`

const markedOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview, secret.yaml]
patches:
  - target: {kind: Namespace}
    patch: '[{"op": "add", "path": "/metadata/labels/previewset.dev~1secrets", "value": "allowed"}]'
`

// Whatever a repository brings, an environment with code from a fork has no secrets.
func TestForksBuildNoSecrets(t *testing.T) {
	t.Parallel()
	sealed := "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: sealed}\n"
	withSecret := func(folder string) map[string][2]string {
		return map[string][2]string{
			folder + "/kustomization.yaml": {"\nresources:\n", "\nresources:\n  - smuggled.yaml\n"}, folder + "/smuggled.yaml": {"", smuggled},
		}
	}
	tests := map[string]map[string][2]string{
		"the secrets components": nil,
		"an overlay with its own": {
			"overlays/gateway-pr-7/kustomization.yaml": {"", markedOverlay}, "overlays/gateway-pr-7/secret.yaml": {"", smuggled},
		},
		"an overlay with a sealed one": {
			"overlays/gateway-pr-7/kustomization.yaml": {"", markedOverlay}, "overlays/gateway-pr-7/secret.yaml": {"", sealed},
		},
		"the service itself": withSecret("kustomize-base/services/orders/run"),
		"a data store":       withSecret("kustomize-base/data/postgres"),
		"the guardrails":     withSecret("kustomize-base/components/guardrails"),
		"the shared overlay": withSecret("overlays/preview"),
		"a component of a profile": {
			"kustomize-base/components/spot/kustomization.yaml": {"", "resources: [smuggled.yaml]\n"},
			"kustomize-base/components/spot/smuggled.yaml":      {"", smuggled},
		},
		"a component with an older version of the kind": {
			"kustomize-base/components/spot/kustomization.yaml": {"", "resources: [smuggled.yaml]\n"},
			"kustomize-base/components/spot/smuggled.yaml":      {"", strings.Replace(smuggled, "io/v1", "io/v1beta1", 1)},
		},
	}
	for name, changes := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := exampleWithSecrets(t, changes)
			if names, mark := secretsIn(builtFrom(t, New(files), "gateway-pr-7", config.OriginFork)); len(names) > 0 || mark != "never" {
				t.Errorf("the environment has %q, marked %q", names, mark)
			}
			if names, _ := secretsIn(builtFrom(t, New(files), "gateway-pr-7", config.OriginOwn)); len(names) < 2 {
				t.Errorf("own code has %q", names)
			}
		})
	}
}

func TestCheckFindsMistakesInSecrets(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		changes map[string][2]string
		want    string
	}{
		"a store that isn't allowed": {map[string][2]string{
			"appsets/admission/settings.yaml": {"secretStores: previews", "secretStores: other"},
		}, `names secret store "previews"`},
		"an environment without secrets components": {map[string][2]string{
			"overlays/gateway-pr-7/kustomization.yaml":  {"", strings.Split(markedOverlay, "patches")[0]},
			"overlays/gateway-pr-7/secret.yaml":         {"", smuggled},
			"kustomize-base/secrets/kustomization.yaml": {"", ""}, "kustomize-base/services/orders/secrets/kustomization.yaml": {"", ""},
		}, "ExternalSecret smuggled is in an environment that gets no secrets; move it to the folder secrets"},
		"an overlay that marks itself": {map[string][2]string{
			"overlays/gateway-pr-7/kustomization.yaml": {"", markedOverlay}, "overlays/gateway-pr-7/secret.yaml": {"", smuggled},
			"kustomize-base/secrets/kustomization.yaml": {"", ""}, "kustomize-base/services/orders/secrets/kustomization.yaml": {"", ""},
		}, "Namespace preview-gateway-pr-7 has label previewset.dev/secrets: allowed, which only the row sets"},
		"a service that needs its secrets": {map[string][2]string{
			"kustomize-base/services/orders/run/deployment.yaml": withSecret,
		}, "needs Secret orders-payment, which environments with code from a fork don't get"},
		"a service that must have them": {map[string][2]string{
			"kustomize-base/services/orders/run/deployment.yaml": withSecret,
			policyFile: {"    data: [postgres, rabbitmq]", "    data: [postgres, rabbitmq]\n    secrets: required"},
		}, ""},
		"required secrets that aren't there": {map[string][2]string{
			policyFile: {"    data: [postgres, mongodb]", "    data: [postgres, mongodb]\n    secrets: required"},
		}, "kustomize-base/services/products/secrets is missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := checkRepo(t, New(exampleWithSecrets(t, tt.changes)))
			if text := report.Problems.Error(); tt.want == "" && len(report.Problems) > 0 || !strings.Contains(text, tt.want) {
				t.Errorf("problems are %q, want %q", text, tt.want)
			}
		})
	}
}
