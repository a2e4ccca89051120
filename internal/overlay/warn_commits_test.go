package overlay

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

const (
	webFile = "kustomize-base/services/web/run/deployment.yaml"
	apiFile = "kustomize-base/services/api/run/api.yaml"
)

// branchTags returns the shop with tags of pull requests, and with labels and pull policies that fit them.
func branchTags(t *testing.T, edits ...string) fs.FS {
	t.Helper()
	shop, changes := overlaytest.Shop(nil), map[string]string{}
	for file, pairs := range map[string][]string{
		"previewset.yaml": {"{{ .SHA }}", "pr-{{ .Number }}"},
		webFile: {
			"  name: web\nspec", "  name: web\n  labels: {previewset.dev/image-of: web}\nspec",
			"image: ghcr.io/acme/web:v1", "image: ghcr.io/acme/web:v1\n          imagePullPolicy: Always",
		},
		apiFile: {
			"{name: api}\nspec:\n  selector", "{name: api, labels: {previewset.dev/image-of: api}}\nspec:\n  selector",
			"image: ghcr.io/acme/api,", "image: ghcr.io/acme/api, imagePullPolicy: Always,",
		},
	} {
		content, err := fs.ReadFile(shop, file)
		if err != nil {
			t.Fatal(err)
		}
		changes[file] = strings.NewReplacer(edits...).Replace(strings.NewReplacer(pairs...).Replace(string(content)))
	}
	return overlaytest.Shop(changes)
}

// podTemplates builds the environment of some commits, and returns the Pod templates by workload.
func podTemplates(t *testing.T, r *Repo, commits map[string]string) map[string]string {
	t.Helper()
	plan := preview.Plan{Name: "web-pr-1", Run: map[string]config.ServiceRef{}}
	for s, sha := range commits {
		plan.Run[s] = config.ServiceRef{SHA: strings.Repeat(sha, 40), Number: 1}
	}
	row, err := preview.Compose(loadConfig(t, r), plan)
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.Build(row)
	if err != nil {
		t.Fatal(err)
	}
	templates := map[string]string{}
	for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var o manifest.Object
		if err := yaml.Unmarshal(doc, &o.Fields); err != nil {
			t.Fatal(err)
		}
		if template := o.At("spec", "template"); template != nil {
			content, err := yaml.Marshal(template)
			if err != nil {
				t.Fatal(err)
			}
			templates[o.Text("kind")+" "+o.Text("metadata", "name")] = string(content)
		}
	}
	return templates
}

// A push with the same tag starts new Pods of the service with the new commit, and of no other one.
func TestACommitWithTheSameTagStartsNewPods(t *testing.T) {
	t.Parallel()
	r := New(branchTags(t))
	before := podTemplates(t, r, map[string]string{"web": "a", "api": "b"})
	after := podTemplates(t, r, map[string]string{"web": "a", "api": "c"})
	var changed []string
	for name, template := range after {
		if before[name] != template {
			changed = append(changed, name)
		}
	}
	if !slices.Equal(changed, []string{"Deployment api"}) {
		t.Errorf("new Pods of %q, want only those of Deployment api", changed)
	}
	if !strings.Contains(after["Deployment api"], "previewset.dev/commit: "+strings.Repeat("c", 40)) {
		t.Errorf("the Pods don't have the commit:\n%s", after["Deployment api"])
	}
}

func TestCheckWarnsOfTagsWithoutCommit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		edits []string
		want  []string
	}{
		{"label and policy", nil, nil},
		{"no label", []string{"labels: {previewset.dev/image-of: web}", "annotations: {}"}, []string{"starts no new Pods; " +
			"add the label previewset.dev/image-of: web"}},
		{"no policy", []string{"imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"}, []string{"container web: " +
			"tag", "container migrate: tag", "container api: tag"}},
		{
			"the label of another service",
			[]string{"previewset.dev/image-of: web", "previewset.dev/image-of: api"},
			[]string{"runs no image of this service", "add the label previewset.dev/image-of: web"},
		},
		{
			"tags with the commit",
			[]string{"pr-{{ .Number }}", "{{ .SHA }}", "imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := checkRepo(t, New(branchTags(t, tt.edits...)))
			got := slices.DeleteFunc(report.Warnings, func(w string) bool { return strings.HasPrefix(w, "previewset.yaml") })
			if len(got) != len(tt.want) {
				t.Fatalf("warnings %q, want %d", got, len(tt.want))
			}
			for _, want := range tt.want {
				if !slices.ContainsFunc(got, func(w string) bool { return strings.Contains(w, want) }) {
					t.Errorf("no warning says %q: %q", want, got)
				}
			}
		})
	}
}
