package cli

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
	"github.com/previewset/previewset/internal/preview"
)

var migrateCommand = []string{"bin/stock", "migrate"}

// addStock adds service stock with a database. It returns the Pods of its Deployment in an environment.
func addStock(t *testing.T, input fs.FS, from string, migrate []string) (pod corev1.PodSpec, o *serviceAddOptions) {
	t.Helper()
	o = &serviceAddOptions{from: from, service: newservice.Service{
		Name: "stock", Repository: "acme/stock", Data: []string{"postgres"}, Migrate: migrate,
	}}
	var err error
	if o.service.Source, err = source.Read(input, from); err != nil {
		t.Fatal(err)
	}
	repo := emptyRepository(t)
	edits, err := o.newService(repo)
	if err != nil {
		t.Fatal(err)
	}
	edited := overlay.New(filetree.Edited(repo, edits.Write, nil))
	cfg, err := edited.Config()
	if err != nil {
		t.Fatal(err)
	}
	row, err := preview.Compose(cfg, overlay.Plan(cfg, "check"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := edited.Build(row)
	if err != nil {
		t.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(text), "\n---\n") {
		var d appsv1.Deployment
		if err := yaml.Unmarshal([]byte(doc), &d); err == nil && d.Kind == "Deployment" && d.Name == "stock" {
			return d.Spec.Template.Spec, o
		}
	}
	t.Fatalf("there is no Deployment stock:\n%s", text)
	return pod, o
}

// wantMigration checks the order of the init containers, and that the last one migrates with the service's image.
func wantMigration(t *testing.T, pod corev1.PodSpec, names ...string) {
	t.Helper()
	var got []string
	for _, c := range pod.InitContainers {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Fatalf("init containers (-want +got):\n%s", diff)
	}
	migrate, service := pod.InitContainers[len(got)-1], pod.Containers[0]
	want := []any{service.Image, migrateCommand, service.EnvFrom, true}
	hasURL := slices.ContainsFunc(migrate.Env, func(e corev1.EnvVar) bool { return e.Name == "DATABASE_URL" })
	if diff := cmp.Diff(want, []any{migrate.Image, migrate.Command, migrate.EnvFrom, hasURL}); diff != "" {
		t.Errorf("migration (-want +got):\n%s", diff)
	}
}

func TestTheGuidesExampleOfAMigrationWorks(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/guides/data.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?ms)^```yml\n# (deploy/stock.yaml\n.*?)^```$").FindSubmatch(guide)
	if example == nil {
		t.Fatal("the guide has no deploy/stock.yaml")
	}
	text := "# " + string(example[1])
	pod, _ := addStock(t, fstest.MapFS{"stock.yaml": {Data: []byte(text)}}, "stock.yaml", nil)
	wantMigration(t, pod, "wait-for-postgres", "migrate")

	without := regexp.MustCompile(`(?s)      initContainers:.*?(      containers:)`).ReplaceAllString(text, "$1")
	pod, _ = addStock(t, fstest.MapFS{"stock.yaml": {Data: []byte(without)}}, "stock.yaml", migrateCommand)
	wantMigration(t, pod, "wait-for-postgres", "migrate")
}

// The names of generated ConfigMaps and Secrets have hashes.
func TestMigrateWithEachFormOfManifests(t *testing.T) {
	t.Parallel()
	docs := []string{
		kubeService("stock", aPort), strings.Replace(
			deployment("stock", "ghcr.io/acme/stock", ", envFrom: [{configMapRef: {name: settings}}]"), "spec: {containers",
			"spec: {initContainers: [{name: fetch, image: tool}], containers", 1,
		),
	}
	for _, form := range manifestForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			input := fstest.MapFS{}
			all := docs
			if form.name != "a Kustomization" { // its generator makes settings
				all = append(slices.Clone(docs), object("v1", "ConfigMap", "settings", "data: {A: b}\n"))
			}
			pod, o := addStock(t, input, form.write(t, input, all), migrateCommand)
			wantMigration(t, pod, "wait-for-postgres", "fetch", "migrate")
			if len(o.missing) > 0 {
				t.Errorf("missing: %v", o.missing)
			}
		})
	}
}

func TestServiceAddNamesMissingSecrets(t *testing.T) {
	t.Parallel()
	input := fstest.MapFS{}
	put(input, "all.yaml", kubeService("stock", aPort)+"---\n"+
		deployment("stock", "ghcr.io/acme/stock", ", envFrom: [{secretRef: {name: keys}}]"))
	_, o := addStock(t, input, "all.yaml", nil)
	if len(o.missing) != 1 || !strings.Contains(o.missing[0].Message, "needs Secret keys") {
		t.Errorf("missing: %v", o.missing)
	}
}
