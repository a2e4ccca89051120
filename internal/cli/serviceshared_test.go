package cli

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/source"
)

// addTo adds a service to a repository, and returns the repository with it.
func addTo(t *testing.T, repo, input fs.FS, service, from string) (after fs.FS, added *newservice.Added) {
	t.Helper()
	o := &serviceAddOptions{service: newservice.Service{Name: service}, from: from}
	var err error
	if o.service.Source, err = source.Read(input, from); err != nil {
		t.Fatal(err)
	}
	edits, err := o.newService(repo)
	if err != nil {
		t.Fatalf("add %s: %v", service, err)
	}
	return filetree.Edited(repo, edits.Write, nil), o.added
}

// shared uses a ConfigMap and a Secret everywhere where a Pod can.
const shared = `, env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: a}}}, {name: B, value: b}],
        envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: keys}}, {configMapRef: {name: own}}]`

func sharing(name string) string {
	volumes := `spec: {imagePullSecrets: [{name: keys}], volumes: [{name: a, secret: {secretName: keys}},
        {name: b, projected: {sources: [{configMap: {name: settings}}, {serviceAccountToken: {path: t}}]}}], containers`
	return strings.Replace(deployment(name, "ghcr.io/acme/"+name, shared), "spec: {containers", volumes, 1)
}

func TestTwoServicesShareObjects(t *testing.T) {
	t.Parallel()
	docs := []string{
		kubeService("web", aPort), sharing("web"), kubeService("api", aPort), sharing("api"),
		object("v1", "ConfigMap", "settings", "data: {A: b}\n"), object("v1", "Secret", "keys", "stringData: {a: b}\n"),
		object("v1", "ConfigMap", "own", "data: {}\n"),
	}
	for _, form := range manifestForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			input := fstest.MapFS{}
			from := form.write(t, input, docs)
			if form.name == "a Kustomization" { // its generator makes settings
				delete(input, "deploy/04.yaml")
				text := strings.Replace(string(input["deploy/kustomization.yaml"].Data), ", 04.yaml", "", 1)
				put(input, "deploy/kustomization.yaml", text)
			}
			repo, _ := addTo(t, emptyRepository(t), input, "web", from)
			repo, added := addTo(t, repo, input, "api", from)
			if notes := strings.Join(added.Notes, "\n"); !strings.Contains(notes, "a copy called api-keys") {
				t.Errorf("the notes don't name the copy of the Secret:\n%s", notes)
			}
			wantNoProblems(t, repo)
		})
	}
}

// Two Kustomizations make a ConfigMap of one name. Kustomize adds different hashes to the names.
func TestTwoServicesGenerateOneName(t *testing.T) {
	t.Parallel()
	input := fstest.MapFS{}
	for _, name := range []string{"web", "api"} {
		put(input, name+"/all.yaml", kubeService(name, aPort)+"---\n"+sharing(name))
		put(input, name+"/kustomization.yaml", "resources: [all.yaml]\n"+
			"configMapGenerator: [{name: settings, literals: [A="+name+"]}, {name: own}]\n"+
			"secretGenerator: [{name: keys, literals: [a="+name+"]}]\n")
	}
	repo, _ := addTo(t, emptyRepository(t), input, "web", "web")
	repo, _ = addTo(t, repo, input, "api", "api")
	wantNoProblems(t, repo)
}

func wantNoProblems(t *testing.T, repo fs.FS) {
	t.Helper()
	report, err := overlay.New(repo).Check(t.Context())
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("check finds %v\n%s", err, report.Problems.Error())
	}
}
