package overlay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
)

func checked(t *testing.T, r *Repo) Report {
	t.Helper()
	report, err := r.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCheckPasses(t *testing.T) {
	t.Parallel()
	got := checked(t, shop(t, nil))
	// everything run (also profile changed and dataset empty), everything linked, full, front (also web alone run and api
	// alone linked), api alone run (also web alone linked), dataset truncated, component spot, web-pr-7, staging
	want := Report{Builds: 9}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestCheckPassesTheExample(t *testing.T) {
	t.Parallel()
	got := checked(t, New(previewset.Example))
	if len(got.Problems) > 0 || len(got.Notes) > 0 {
		t.Errorf("problems:\n%v\nnotes: %q", got.Problems, got.Notes)
	}
	if got.Builds < 10 {
		t.Errorf("only %d builds", got.Builds)
	}
}

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n" +
		"  template:\n    metadata: {labels: {app: web}}\n    spec: {automountServiceAccountToken: false, containers: [{name: web, image: IMAGE}]}\n"
	const ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, labels: {LABEL}}\nspec:\n" +
		"  rules:\n  - host: filled-in\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}\n"
	const overlay = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	const mine = "overlays/web-pr-7/kustomization.yaml"
	tests := []struct {
		name  string
		files map[string]string
		want  []string
		more  int // problems that follow from it
	}{
		{"no policy", map[string]string{"previewset.yaml": ""}, []string{"previewset.yaml", "is missing"}, 0},
		{"a broken policy", map[string]string{"previewset.yaml": "a: b: c"}, []string{"previewset.yaml", "YAML"}, 0},
		{
			"a broken environment",
			map[string]string{"overlays/web-pr-7/environment.yaml": "kind: Environment\napiVersion: previewset.dev/v1alpha1\npullRequest: acme/web#7\nprofile: absent\n"},
			[]string{"overlays/web-pr-7/environment.yaml:4", "absent"},
			0,
		},
		{
			"an image that no container runs",
			map[string]string{"kustomize-base/services/web/run/deployment.yaml": strings.Replace(deployment, "IMAGE", "nginx", 1)},
			[]string{"kustomize-base/services/web/run", "everything run and", "no container runs image ghcr.io/acme/web"},
			0,
		},
		{
			"a public service without a labelled route",
			map[string]string{"kustomize-base/services/web/run/ingress.yaml": strings.Replace(ingress, "LABEL", "", 1)},
			[]string{"kustomize-base/services/web/run", "no Ingress or HTTPRoute is labelled previewset.dev/public: web"},
			4, // in two overlays: a host that was never filled in, and an URL that nothing serves
		},
		{
			"an object twice, in two versions",
			map[string]string{mine: overlay + "resources: [../preview, twice.yaml]\n", "overlays/web-pr-7/twice.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v2\nkind: ConfigMap\nmetadata: {name: a}\n"},
			[]string{mine, "ConfigMap a is there twice"},
			0,
		},
		{
			"a called service without a Service",
			map[string]string{"kustomize-base/services/api/run/api.yaml": strings.NewReplacer("web", "api", "IMAGE", "ghcr.io/acme/api").Replace(deployment)},
			[]string{"kustomize-base/services/api/run", "no Service api"},
			1, // the baseline has none either
		},
		{
			"a link that isn't labelled",
			map[string]string{"kustomize-base/services/api/link/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {type: ExternalName, externalName: api.preview-other.svc.cluster.local}\n"},
			[]string{"kustomize-base/services/api/link", "everything linked and", "leads to api.staging.svc.cluster.local"},
			0,
		},
		{
			"a kind that the project doesn't allow",
			map[string]string{mine: overlay + "resources: [../preview, job.yaml]\n", "overlays/web-pr-7/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}\n"},
			[]string{mine, "overlays/web-pr-7", "Job a", "AppProject previews doesn't allow kind Job of group \"batch\""},
			0,
		},
		{
			"a cluster-scoped kind",
			map[string]string{mine: overlay + "resources: [../preview, role.yaml]\n", "overlays/web-pr-7/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n"},
			[]string{"ClusterRole a", "doesn't allow"},
			0,
		},
		{
			"a second Namespace",
			map[string]string{mine: overlay + "resources: [../preview, ns.yaml]\n", "overlays/web-pr-7/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"},
			[]string{mine, "Namespace"},
			0,
		},
		{
			"no Namespace",
			map[string]string{mine: overlay + "resources: [../preview]\npatches: [{patch: '{\"$patch\": delete, apiVersion: v1, kind: Namespace, metadata: {name: preview}}'}]\n"},
			[]string{mine, "not exactly preview-web-pr-7"},
			0,
		},
		{
			"somebody else's host",
			map[string]string{mine: overlay + "resources: [../preview, i.yaml]\n", "overlays/web-pr-7/i.yaml": strings.NewReplacer("LABEL", "", "{name: web, labels", "{name: other, labels", "filled-in", "victim.preview.test").Replace(ingress)},
			[]string{mine, "Ingress other has host \"victim.preview.test\""},
			0,
		},
		{
			"no ConfigMap for the Pods",
			map[string]string{"overlays/preview/kustomization.yaml": overlay + "resources: [namespace.yaml]\n", mine: ""},
			[]string{"overlays/preview/kustomization.yaml", "no ConfigMap environment"},
			0,
		},
		{
			"a patch for something that isn't there",
			map[string]string{mine: overlay + "resources: [../preview]\npatches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: gone}}'}]\n"},
			[]string{mine, "overlays/web-pr-7", "gone"},
			0,
		},
		{
			"a baseline without a linked service",
			map[string]string{"overlays/staging/kustomization.yaml": overlay + "namespace: staging\nresources: [namespace.yaml]\n"},
			[]string{"overlays/staging/kustomization.yaml", "the baseline has no Service api"},
			0,
		},
		{
			"a baseline in another namespace",
			map[string]string{"overlays/staging/kustomization.yaml": overlay + "namespace: other\nresources: [namespace.yaml]\ncomponents: [../../kustomize-base/services/api/run]\n"},
			[]string{"overlays/staging/kustomization.yaml", "in namespace \"other\", not staging"},
			2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checked(t, shop(t, tt.files))
			if len(got.Problems) == 0 {
				t.Fatal("found nothing")
			}
			wantProblem(t, got.Problems[:1], tt.want...)
			if len(got.Problems) != 1+tt.more {
				t.Errorf("found %d more, want %d:\n%v", len(got.Problems)-1, tt.more, got.Problems[1:])
			}
		})
	}
}

func TestCheckNotesWhatItCannotCheck(t *testing.T) {
	t.Parallel()
	got := checked(t, shop(t, map[string]string{"appsets/argocd.yaml": "", "appsets/kustomization.yaml": ""}))
	if len(got.Problems) > 0 || len(got.Notes) != 3 {
		t.Errorf("problems %v, notes %q", got.Problems, got.Notes)
	}
}

// Folders that add nothing are all alike: a thousand of them are built once.
func TestCheckBuildsWhatIsAlikeOnce(t *testing.T) {
	t.Parallel()
	got := checked(t, shop(t, map[string]string{
		"overlays/web-pr-8/environment.yaml":   "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: alice\npullRequest: acme/web#8\n",
		"overlays/web-pr-8/kustomization.yaml": "resources: [../preview]\n",
		"overlays/web-pr-9/environment.yaml":   "apiVersion: previewset.dev/v1alpha1\nkind: Environment\npullRequest: acme/web#9\n",
	}))
	if len(got.Problems) > 0 || got.Builds != 9 {
		t.Errorf("%d builds, want 9; problems: %v", got.Builds, got.Problems)
	}
}

func TestProjectPermits(t *testing.T) {
	t.Parallel()
	secret, role := object{kind: "Secret"}, object{kind: "ClusterRole", group: "rbac.authorization.k8s.io", clusterScoped: true}
	all := []groupKind{{"*", "*"}}
	tests := []struct {
		name    string
		project project
		object  object
		want    bool
	}{
		{"a namespaced kind without any list", project{allowsEveryNamespacedThing: true}, secret, true},
		{"a namespaced kind that isn't in the list", project{allow: []groupKind{{"", "Service"}}}, secret, false},
		{"a namespaced kind in the list", project{allow: []groupKind{{"", "Sec*"}}}, secret, true},
		{"a kind in both lists", project{allow: all, deny: []groupKind{{"", "Secret"}}}, secret, false},
		{"a cluster-scoped kind without any list", project{allowsEveryNamespacedThing: true}, role, false},
		{"a cluster-scoped kind in the list", project{clusterAllow: []groupKind{{"rbac*", "ClusterRole"}}}, role, true},
		{"a cluster-scoped kind in both lists", project{clusterAllow: all, clusterDeny: all}, role, false},
	}
	for _, tt := range tests {
		if got := tt.project.permits(tt.object); got != tt.want {
			t.Errorf("%s: permits is %v", tt.name, got)
		}
	}
}
