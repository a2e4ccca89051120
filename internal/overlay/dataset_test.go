package overlay

import (
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/newstore"
	"github.com/previewset/previewset/internal/preview"
)

const datasetFolder = "kustomize-base/data/postgres/datasets/private/"

// exampleWithDataset is the example with a dataset that needs credentials, and with a changed text of its workload.
func exampleWithDataset(t *testing.T, old, changed string) *Repo {
	t.Helper()
	base := exampleWithSecrets(t, nil)
	files, err := AddDataset(New(base), newstore.Dataset{
		Store: "postgres", Name: "private", URL: "https://data.acme.example/shop.sql", Sum: strings.Repeat("a", 64),
		Auth: "bearer", SecretStore: "previews", Key: "previews/datasets", Size: "1Gi",
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[datasetFolder+"workload.yaml"])
	if !strings.Contains(text, old) {
		t.Fatalf("no %q in:\n%s", old, text)
	}
	files[datasetFolder+"workload.yaml"] = []byte(strings.Replace(text, old, changed, 1))
	return New(filetree.Edited(base, files, nil))
}

func TestCheckFindsMistakesInDatasets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, old, changed, want string }{
		{"a valid one", "https://", "https://", ""},
		{"a plain address", "https://", "http://", `DATASET_URL "http://data.acme.example/shop.sql" isn't an HTTPS address`},
		{"no checksum", strings.Repeat("a", 64), "a", `DATASET_SHA256 "a" isn't a checksum`},
		{"no version", ":8.10.1", "", "image docker.io/curlimages/curl of container fetch-dataset has no version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			problems := CheckDataset(exampleWithDataset(t, tt.old, tt.changed), "private")
			if tt.want == "" && len(problems) > 0 || tt.want != "" && !strings.Contains(problems.Error(), tt.want) {
				t.Errorf("want %q, got: %v", tt.want, problems)
			}
		})
	}
}

// Code from a fork gets neither the credentials nor the data.
func TestDatasetWithSecretsIsNotForForks(t *testing.T) {
	t.Parallel()
	r := exampleWithDataset(t, "", "")
	cfg, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[config.Origin][]string{
		config.OriginOwn: {"private", "private/secrets"}, config.OriginFork: {"empty"},
	} {
		p := planOf([]string{"orders"})
		p.Dataset = "private"
		ref := p.Run["orders"]
		ref.Origin = origin
		p.Run["orders"] = ref
		row, err := preview.Compose(cfg, p)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range row.Kustomize.Components {
			if _, dataset, ok := strings.Cut(c, "/data/postgres/datasets/"); ok {
				got = append(got, dataset)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: datasets %v, want %v", origin, got, want)
		}
	}
}

// The dataset is in a volume of the Pod, and the container that fetches it runs first but after that of a reset.
func TestDatasetOfAnImage(t *testing.T) {
	t.Parallel()
	base := exampleWithSecrets(t, nil)
	files, err := AddDataset(New(base), newstore.Dataset{Store: "redis", Name: "full", Image: "ghcr.io/acme/data:1", Size: "2Gi"})
	if err != nil {
		t.Fatal(err)
	}
	r := New(filetree.Edited(base, files, nil))
	cfg, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	p := planOf([]string{"gateway"})
	p.Dataset, p.Reset = "full", resetExamples(r.tree, cfg)[0].plan.Reset
	objects := composed(t, r, cfg, p)
	i := slices.IndexFunc(objects, func(o manifest.Object) bool { return o.Kind == "StatefulSet" && o.Name == "redis" })
	pod := objects[i].Under("spec", "template", "spec")
	var names []string
	for _, c := range pod.Items("initContainers") {
		names = append(names, c.Text("name"))
	}
	if want := []string{"reset", "fetch-dataset", "dataset"}; !slices.Equal(names, want) {
		t.Errorf("init containers %v, want %v", names, want)
	}
	for _, v := range pod.Items("volumes") {
		if v.Text("name") == "dataset" && (v.At("configMap") != nil || v.Text("emptyDir", "sizeLimit") != "2Gi") {
			t.Errorf("volume %v", v.Fields)
		}
	}
}

// A copy of a snapshot has a claim of its own, and a reset doesn't empty it.
func TestDatasetOfASnapshot(t *testing.T) {
	t.Parallel()
	base := exampleWithSecrets(t, map[string][2]string{"appsets/admission/settings.yaml": {`snapshots: ""`, "snapshots: shop-1"}})
	files, err := AddDataset(New(base), newstore.Dataset{
		Store: "postgres", Name: "nightly", Snapshot: "shop-1", Seconds: 40, Size: "2Gi",
	})
	if err != nil {
		t.Fatal(err)
	}
	r := New(filetree.Edited(base, files, nil))
	if problems := CheckDataset(r, "nightly"); len(problems) > 0 {
		t.Error(problems)
	}
	cfg, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	p := planOf([]string{"orders"})
	p.Dataset, p.Reset = "nightly", resetExamples(r.tree, cfg)[0].plan.Reset
	row, err := preview.Compose(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(row.Kustomize.Components, "../../kustomize-base/data/postgres/reset") ||
		!slices.Contains(row.Kustomize.Components, "../../kustomize-base/data/rabbitmq/reset") {
		t.Errorf("components: %v", row.Kustomize.Components)
	}
	const claim = "kustomize-base/data/postgres/datasets/nightly/snapshot/persistentvolumeclaim.yaml"
	files[claim] = []byte(strings.Replace(string(files[claim]), "name: postgres-shop-1", "name: postgres-copy", 1))
	problems := CheckDataset(New(filetree.Edited(base, files, nil)), "nightly")
	if !strings.Contains(problems.Error(), "is a copy of snapshot shop-1 without its name") {
		t.Errorf("problems: %v", problems)
	}
}
