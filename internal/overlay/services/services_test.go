package services

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// repository returns a repository with services api, api-1 and web; web calls api. files are further files.
func repository(files map[string]string) Repository {
	tree := fstest.MapFS{}
	all := map[string]string{
		"previewset.yaml": `services:
  web: {image: a/web, calls: [api]} # the page
  # The backend.
  api: {image: a/api, repository: acme/api}
  api-1: {image: a/api-1}
repositories:
  acme/api: {alias: back}
profiles:
  some: {run: [web, api]}
`,
		"kustomize-base/services/api/run/kustomization.yaml": "kind: Component\nresources: [all.yaml]\n",
		"kustomize-base/services/api/run/all.yaml": "kind: Service\nmetadata: {name: api}\n---\nkind: " +
			"ConfigMap\nmetadata: {name: api}\n",
		"overlays/staging/kustomization.yaml": "kind: Kustomization\ncomponents:\n  - " +
			"../../kustomize-base/services/api/run # all\n",
		"overlays/staging/networkpolicies.yaml": "metadata: {name: allow-previews-to-api}\n---\nmetadata: {name: allow-previews-to-api-1}\n" +
			"---\nmetadata: {name: allow-previews-to-api-2}\n",
		"overlays/staging/configmap.yaml": "kind: ConfigMap\ndata:\n  hosts: '{\"api\":\"api-staging.p.test\",\"web\":\"staging.p.test\"}'\n",
	}
	maps.Copy(all, files)
	for name, text := range all {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Repository{Tree: filetree.New(tree), Policy: &config.Policy{
		Domain: "p.test", Repositories: map[string]config.RepositoryPolicy{"acme/api": {Alias: "back"}},
		Services: []config.Service{
			{Name: "web", Image: "a/web", Calls: []string{"api"}},
			{Name: "api", Image: "a/api", Repository: "acme/api", Data: []string{"db"}},
			{Name: "api-1", Image: "a/api-1"},
		},
		Profiles: map[string]config.Profile{"some": {Run: config.RunSet{Mode: "list", Services: []string{"web", "api"}}}},
	}}
}

func texts(c *Change) map[string]string {
	found := map[string]string{}
	for name, content := range c.Write {
		found[name] = string(content)
	}
	return found
}

func TestRemoveNamesTheUsers(t *testing.T) {
	t.Parallel()
	r := repository(map[string]string{
		"overlays/a/environment.yaml": "services: {api: {branch: main}}\nlinks: {api: {environment: b}}\nhandover: [api]\n",
		"overlays/b/environment.yaml": "pullRequest: Acme/API#7\n",
		"overlays/c/environment.yaml": "services: {web: {branch: main}}\n",
		"overlays/d/environment.yaml": "services: {api: {env: {A: x}}}\n",
	})
	r.Environments = []string{"a", "b", "c", "d"}
	_, err := r.Remove("api")
	if err == nil {
		t.Fatal("no error")
	}
	want := `service api is in use; remove these uses first, then the service
previewset.yaml:2: services.web.calls[0]: service web calls it; remove it from the list
previewset.yaml:9: profiles.some.run[1]: profile some runs it; remove it from the list
overlays/a/environment.yaml: services.api: environment a runs it; previewctl set a --service api=default
overlays/a/environment.yaml: links.api: environment a links it; previewctl set a --link api=default
overlays/a/environment.yaml: handover: environment a hands it over; previewctl handover a api --back
overlays/b/environment.yaml: pullRequest: no other service is in repository Acme/API; previewctl delete b
overlays/d/environment.yaml: services.api.env: environment d sets its variables; previewctl edit d, and remove them`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	r := repository(nil)
	r.Policy.Services[0].Calls, r.Policy.Profiles = nil, nil
	got, err := r.Remove("api")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"previewset.yaml": `services:
  web: {image: a/web, calls: [api]} # the page
  # The backend.
  api-1: {image: a/api-1}
profiles:
  some: {run: [web, api]}
`,
		"overlays/staging/kustomization.yaml":   "kind: Kustomization\n",
		"overlays/staging/networkpolicies.yaml": "metadata: {name: allow-previews-to-api-1}\n",
		"overlays/staging/configmap.yaml":       "kind: ConfigMap\ndata:\n  hosts: '{\"web\":\"staging.p.test\"}'\n",
	}
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"kustomize-base/services/api"}, got.Delete); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if len(got.Notes) != 3 || !strings.Contains(got.Notes[1], "no other service uses store db") ||
		!strings.Contains(got.Notes[2], "pull requests of acme/api get no preview") {
		t.Errorf("notes %q", got.Notes)
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	caller := "kustomize-base/services/web/run/"
	r := repository(map[string]string{
		caller + "deployment.yaml": "image: api:80\nargs: [--a=api:80, http://api/x, http://api.example/]\nenv: [{name: K, value: api}]\n",
		caller + "nginx.conf":      "proxy_pass http://user@api:8080;\n",
	})
	got, err := r.Rename("api", "back")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"previewset.yaml": `services:
  web: {image: a/web, calls: [back]} # the page
  # The backend.
  back: {image: a/api, repository: acme/api}
  api-1: {image: a/api-1}
repositories:
  acme/api: {alias: back}
profiles:
  some: {run: [web, back]}
`,
		"kustomize-base/services/back/run/kustomization.yaml": "kind: Component\nresources: [all.yaml]\n",
		"kustomize-base/services/back/run/all.yaml": "kind: Service\nmetadata: {name: back}\n---\nkind: " +
			"ConfigMap\nmetadata: {name: api}\n",
		"overlays/staging/kustomization.yaml": "kind: Kustomization\ncomponents:\n  - " +
			"../../kustomize-base/services/back/run # all\n",
		"overlays/staging/networkpolicies.yaml": "metadata: {name: allow-previews-to-back}\n---\nmetadata: {name: allow-previews-to-api-1}\n" +
			"---\nmetadata: {name: allow-previews-to-back-2}\n",
		"overlays/staging/configmap.yaml": "kind: ConfigMap\ndata:\n  hosts: '{\"back\":\"back-staging.p.test\",\"web\":\"staging.p.test\"}'\n",
		caller + "deployment.yaml": "image: api:80\nargs: [--a=back:80, http://back/x, http://api.example/]\n" +
			"env: [{name: K, value: api}]\n",
		caller + "nginx.conf": "proxy_pass http://user@back:8080;\n",
	}
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	const note = "deployment.yaml:3 mentions api: change it if it means the service"
	if len(got.Notes) != 2 || !strings.HasSuffix(got.Notes[1], note) {
		t.Errorf("notes %q", got.Notes)
	}
}

// A second rename changes the patch of the first one.
func TestRenameFromManifests(t *testing.T) {
	t.Parallel()
	const folder = "kustomize-base/services/api/"
	files := map[string]string{
		folder + "run/source/all.yaml":            "kind: Service\nmetadata: {name: api}\n",
		folder + "run/adapted/kustomization.yaml": "kind: Kustomization\nresources: [../source]\n",
		folder + "link/service.yaml":              "kind: Service\nmetadata: {name: api, labels: {previewset.dev/link: api}}\n",
	}
	got, err := repository(files).Rename("api", "back")
	if err != nil {
		t.Fatal(err)
	}
	adapted := strings.Replace(folder, "api", "back", 1) + "run/adapted/kustomization.yaml"
	if text := string(got.Write[adapted]); !strings.Contains(text, "name: ^api$") || !strings.Contains(text, "name: back") {
		t.Errorf("no patch renames the Service:\n%s", text)
	}
	if text := string(got.Write["kustomize-base/services/back/run/source/all.yaml"]); text != files[folder+"run/source/all.yaml"] {
		t.Errorf("the user's manifests changed:\n%s", text)
	}
	files[folder+"run/adapted/kustomization.yaml"] = strings.ReplaceAll(strings.ReplaceAll(
		string(got.Write[adapted]), "api", "first"), "back", "api")
	if got, err = repository(files).Rename("api", "third"); err != nil {
		t.Fatal(err)
	}
	text := string(got.Write["kustomize-base/services/third/run/adapted/kustomization.yaml"])
	if strings.Count(text, "allowNameChange") != 1 || !strings.Contains(text, "name: ^first$") {
		t.Errorf("the patch isn't one from first to third:\n%s", text)
	}
}
