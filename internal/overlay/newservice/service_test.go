package newservice

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

func shopRepository() Repository {
	return Repository{
		Tree: filetree.New(overlaytest.Shop(nil)),
		Policy: &config.Policy{
			Domain: "preview.test", Baseline: config.Baseline{Namespace: "staging"}, Services: []config.Service{{Name: "web", Image: "a/web"}},
		},
	}
}

func TestAddServiceFromTemplates(t *testing.T) {
	t.Parallel()
	added, err := shopRepository().AddService(Service{
		Name: "search", Repository: "acme/search", Image: "ghcr.io/acme/search", Tag: "1", Port: 8080, Probe: "/healthz", Public: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	files := added.Files
	const folder = "kustomize-base/services/search/"
	want := []string{
		folder + "link/kustomization.yaml", folder + "link/networkpolicy.yaml", folder + "link/service.yaml",
		folder + "run/deployment.yaml", folder + "run/ingress.yaml", folder + "run/kustomization.yaml", folder + "run/service.yaml",
		"overlays/staging/kustomization.yaml", "previewset.yaml",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for file, text := range map[string]string{
		folder + "run/deployment.yaml":        "image: ghcr.io/acme/search:1",
		folder + "link/service.yaml":          "externalName: search.staging.svc.cluster.local",
		"overlays/staging/kustomization.yaml": "search-staging.preview.test",
		"previewset.yaml":                     "repository: acme/search",
	} {
		if !strings.Contains(string(files[file]), text) {
			t.Errorf("%s has no %q:\n%s", file, text, files[file])
		}
	}
}

// A worker has the image, the variables and the waits of the service, and its Pods aren't those of the Service.
func TestWorkerOfAService(t *testing.T) {
	t.Parallel()
	r := shopRepository()
	r.Tree = filetree.New(overlaytest.Shop(map[string]string{
		"kustomize-base/data/postgres/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: postgres}\n" +
			"spec: {ports: [{port: 5432}]}\n",
	}))
	added, err := r.AddService(Service{
		Name: "stock", Repository: "acme/stock", Image: "ghcr.io/acme/stock", Tag: "1", Port: 8080, Probe: "/",
		Data: []string{"postgres"}, Migrate: []string{"bin/stock", "migrate"}, Worker: []string{"bin/stock", "work"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var web, worker appsv1.Deployment
	const folder = "kustomize-base/services/stock/run/"
	for file, into := range map[string]*appsv1.Deployment{"deployment.yaml": &web, "worker.yaml": &worker} {
		if err = yaml.UnmarshalStrict(added.Files[folder+file], into); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(string(added.Files[folder+"kustomization.yaml"]), "- worker.yaml") {
		t.Error("the component doesn't name the worker")
	}
	webPod, workerPod := web.Spec.Template.Spec, worker.Spec.Template.Spec
	if diff := cmp.Diff(webPod.InitContainers, workerPod.InitContainers); diff != "" {
		t.Errorf("init containers (-web +worker):\n%s", diff)
	}
	got := workerPod.Containers[0]
	if diff := cmp.Diff(webPod.Containers[0].Env, got.Env); diff != "" {
		t.Errorf("variables (-web +worker):\n%s", diff)
	}
	if got.Image != "ghcr.io/acme/stock:1" || !slices.Equal(got.Command, []string{"bin/stock", "work"}) || len(got.Ports) > 0 {
		t.Errorf("worker: %+v", got)
	}
	if worker.Labels["previewset.dev/image-of"] != "stock" || worker.Spec.Template.Labels["app.kubernetes.io/name"] == "stock" {
		t.Errorf("labels %v, and of the Pods %v", worker.Labels, worker.Spec.Template.Labels)
	}
}

func TestMigrationRunsAfterTheWaits(t *testing.T) {
	t.Parallel()
	r := shopRepository()
	r.Tree = filetree.New(overlaytest.Shop(map[string]string{
		"kustomize-base/data/postgres/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: postgres}\n" +
			"spec: {ports: [{port: 5432}]}\n",
	}))
	added, err := r.AddService(Service{
		Name: "stock", Repository: "acme/stock", Image: "ghcr.io/acme/stock", Tag: "1", Port: 8080, Probe: "/",
		Data: []string{"postgres"}, Migrate: []string{"bin/stock", "migrate"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	content := added.Files["kustomize-base/services/stock/run/deployment.yaml"]
	if err = yaml.UnmarshalStrict(content, &deployment); err != nil {
		t.Fatal(err)
	}
	pod := deployment.Spec.Template.Spec
	if len(pod.InitContainers) != 2 || pod.InitContainers[0].Name != "wait-for-postgres" {
		t.Fatalf("init containers:\n%s", content)
	}
	migrate, service := pod.InitContainers[1], pod.Containers[0]
	got := []any{migrate.Name, migrate.Image, migrate.Command, migrate.Env}
	want := []any{"migrate", service.Image, []string{"bin/stock", "migrate"}, service.Env}
	if diff := cmp.Diff(want, got); diff != "" || len(service.Env) == 0 {
		t.Error(diff)
	}
}

func TestAddServiceRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		service Service
		want    string
	}{
		{"an existing service", Service{Name: "web"}, "it exists with image a/web"},
		{"an existing folder", Service{Name: "api"}, "kustomize-base/services/api exists"},
		{"an unknown caller", Service{Name: "post", CalledBy: []string{"wbe"}}, `--called-by "wbe": there is no service`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := shopRepository().AddService(tt.service); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAddServiceAddsItsStoresToTheBaseline(t *testing.T) {
	t.Parallel()
	const prefix = "components:\n  - ../../kustomize-base/services/api/run\n  - ../../kustomize-base/services/search/run\n"
	for _, tt := range []struct {
		name, components, want string
	}{
		{"without stores", "", "  - ../../kustomize-base/data/db\n  - ../../kustomize-base/data/db/datasets/empty\n"},
		{
			"with the dataset of another store", "  - ../../kustomize-base/data/a\n  - ../../kustomize-base/data/a/datasets/truncated\n",
			"  - ../../kustomize-base/data/a\n  - ../../kustomize-base/data/a/datasets/truncated\n" +
				"  - ../../kustomize-base/data/db\n  - ../../kustomize-base/data/db/datasets/truncated\n",
		},
		{
			"with a dataset that the store lacks", "  - ../../kustomize-base/data/a/datasets/large\n",
			"  - ../../kustomize-base/data/a/datasets/large\n" +
				"  - ../../kustomize-base/data/db\n  - ../../kustomize-base/data/db/datasets/empty\n",
		},
		{"with the store", "  - ../../kustomize-base/data/db/\n", "  - ../../kustomize-base/data/db/\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const file = "overlays/staging/kustomization.yaml"
			r := shopRepository()
			r.Tree = filetree.New(overlaytest.Shop(map[string]string{
				file: "kind: Kustomization\ncomponents:\n  - ../../kustomize-base/services/api/run\n" + tt.components + "  - " +
					"../../kustomize-base/components/spot\n",
			}))
			added, err := r.AddService(Service{Name: "search", Image: "a/search", Tag: "1", Port: 80, Data: []string{"db"}})
			if err != nil {
				t.Fatal(err)
			}
			want := "kind: Kustomization\n" + prefix + tt.want + "  - ../../kustomize-base/components/spot\n"
			if diff := cmp.Diff(want, string(added.Files[file])); diff != "" {
				t.Errorf("baseline (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRouteForm(t *testing.T) {
	t.Parallel()
	const (
		service    = "kustomize-base/services/web/run/ingress.yaml"
		list       = "appsets/kustomization.yaml"
		listed     = "kind: Kustomization\nresources: [generator/httproute.yaml]\n"
		guardrails = "kind: Component\npatches: [{path: gateway.yaml, target: {kind: HTTPRoute}}]\n"
		bare       = "kind: HTTPRoute\nspec: {}\n"
	)
	named := func(name string) string { return "kind: HTTPRoute\nspec: {parentRefs: [{name: " + name + "}]}\n" }
	for _, tt := range []struct {
		name    string
		files   map[string]string
		file    string
		parents string
	}{
		{"only Ingresses", nil, "ingress.yaml", ""},
		{"an Ingress, and a Gateway for the service itself", map[string]string{
			list: listed, wildcardFile: named("b"),
		}, "ingress.yaml", ""},
		{"an Ingress, and guardrails with a Gateway", map[string]string{guardrailsFile: guardrails}, "ingress.yaml", ""},
		{"a route of a service", map[string]string{service: named("a")}, "httproute.yaml", "a"},
		{"a route of a service without a Gateway", map[string]string{
			service: bare, wildcardFile: named("b"),
		}, "httproute.yaml", "b"},
		{"no route of a service", map[string]string{
			service: "", list: listed, wildcardFile: named("b"),
		}, "httproute.yaml", "b"},
		{"guardrails with the Gateway", map[string]string{
			service: "", guardrailsFile: guardrails, list: listed, wildcardFile: named("b"),
		}, "httproute.yaml", ""},
		{"a file that isn't listed", map[string]string{service: "", wildcardFile: named("b")}, "ingress.yaml", ""},
		{"the user's own route", map[string]string{
			service: "", "kustomize-base/services/web/run/source/route.yaml": named("a"),
		}, "ingress.yaml", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form := Repository{Tree: filetree.New(overlaytest.Shop(tt.files))}.routeForm()
			parents := ""
			for _, p := range form.Gateways {
				m, _ := p.(map[string]any)
				parents += m["name"].(string)
			}
			if parents != tt.parents || form.RouteFile() != tt.file {
				t.Errorf("%s with parents %q, want %s with %q", form.RouteFile(), parents, tt.file, tt.parents)
			}
		})
	}
}
