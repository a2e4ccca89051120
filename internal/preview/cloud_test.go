package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

const cloudPolicy = `cloud:
  uploads: {name: "acme-up-{{environment}}"}
  jobs: {name: "jobs-{{environment}}-a", field: spec.forProvider.name}
`

// withCloud is a configuration where orders and products need cloud resources. The files are further ones.
func withCloud(t *testing.T, files map[string]string) *config.Config {
	t.Helper()
	policy := testfixture.Replace(t, testfixture.DemoPolicy, "orders: {", "orders: {cloud: [uploads, jobs], ")
	policy = testfixture.Replace(t, policy, "products: {", "products: {cloud: [uploads], ")
	tree := testfixture.DemoTree(files)
	tree.Files[config.PolicyFile] = config.File{Content: []byte(policy + cloudPolicy)}
	tree.Kustomizations["kustomize-base/cloud/uploads"], tree.Kustomizations["kustomize-base/cloud/jobs"] = true, true
	return testfixture.LoadTree(t, tree, nil)
}

// cloudOf returns what a row says about cloud resources: the data of ConfigMap environment, and the patched values.
func cloudOf(t *testing.T, row Row) (found, patched map[string]string) {
	t.Helper()
	found, patched = map[string]string{}, map[string]string{}
	for key, value := range data(t, row) {
		if key == "generation" || strings.HasPrefix(key, "cloud.") {
			found[key] = value
		}
	}
	for _, p := range row.Kustomize.Patches {
		name, ok := strings.CutPrefix(p.Target.LabelSelector, "previewset.dev/cloud=")
		if !ok {
			continue
		}
		operation := patchesOf(t, row, p.Target)[0].([]any)[0].(map[string]any)
		patched[name+" "+operation["path"].(string)] = operation["value"].(string)
	}
	return found, patched
}

func TestRowNamesCloudResources(t *testing.T) {
	t.Parallel()
	row := mustCompose(t, withCloud(t, nil), Plan{Name: "x", Run: at("orders", "products"), Generation: "abcde", State: Asleep})
	found, patched := cloudOf(t, row)
	want := map[string]string{"generation": "abcde", "cloud.uploads": "acme-up-x-abcde", "cloud.jobs": "jobs-x-abcde-a"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("ConfigMap environment (-want +got):\n%s", diff)
	}
	want = map[string]string{
		"uploads /metadata/annotations/crossplane.io~1external-name": "acme-up-x-abcde", "jobs /spec/forProvider/name": "jobs-x-abcde-a",
	}
	if diff := cmp.Diff(want, patched); diff != "" {
		t.Errorf("patches (-want +got):\n%s", diff)
	}
	components := below(row.Kustomize.Components)
	for _, c := range []string{"cloud/jobs", "cloud/uploads"} {
		if !slices.Contains(components, c) {
			t.Errorf("components %q, want %s too", components, c)
		}
	}
	other := mustCompose(t, withCloud(t, nil), Plan{Name: "x", Run: at("web")})
	if found, patched := cloudOf(t, other); len(found)+len(patched) > 0 {
		t.Errorf("without a cloud resource it has %v and %v", found, patched)
	}
}

// The generation stays as long as the environment lives, also after a loss of the saved state, and a new environment of
// the same name gets another one.
func TestGenerationIsThatOfOneLife(t *testing.T) {
	t.Parallel()
	cfg := withCloud(t, nil)
	generation := func(s *Snapshot) string { return only(t, s).generation() }
	s := Resolve(cfg, factsOf(pull(7)), Memory{}, noon)
	first := generation(s)
	if len(first) != config.GenerationLength || first == SampleGeneration {
		t.Fatalf("the generation is %q", first)
	}
	s = Resolve(cfg, factsOf(pull(7, changing("orders/a", "products/a"))), restarted(t, s.Memory), noon.Add(time.Hour))
	if got := generation(s); got != first {
		t.Errorf("an hour later it is %q, want %q", got, first)
	}
	lost := Memory{Environments: map[string]Remembered{"shop-pr-7": {Row: only(t, s), Members: s.Memory.Environments["shop-pr-7"].Members}}}
	if got := generation(Resolve(cfg, factsOf(pull(7)), lost, noon.Add(2*time.Hour))); got != first {
		t.Errorf("from an Application it is %q, want %q", got, first)
	}
	if again := generation(Resolve(cfg, factsOf(pull(7)), Memory{}, noon.Add(3*time.Hour))); again == first {
		t.Errorf("made anew it is %q again", again)
	}
}

// An environment without cloud resources gets its generation with the first one, and keeps it without one.
func TestGenerationBeginsWithTheFirstCloudResource(t *testing.T) {
	t.Parallel()
	env := func(services string) map[string]string {
		return map[string]string{jakub: testfixture.EnvironmentYAML("services: {" + services + "}\n")}
	}
	s := resolve(withCloud(t, env("web: {branch: main}")), factsOf())
	if got := only(t, s).generation(); got != "" {
		t.Errorf("without a cloud resource it is %q", got)
	}
	s = Resolve(withCloud(t, env("orders: {branch: main}")), factsOf(), s.Memory, noon.Add(time.Minute))
	first := only(t, s).generation()
	s = Resolve(withCloud(t, env("web: {branch: main}")), factsOf(), s.Memory, noon.Add(2*time.Minute))
	if got := only(t, s).generation(); first == "" || got != first {
		t.Errorf("it is %q, and then %q", first, got)
	}
}
