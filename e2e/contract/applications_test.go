package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const gitOpsRepository = "https://github.com/acme/previews.git"

// alike compares serialized fields only.
var alike = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(v1alpha1.ApplicationDestination{})}

// The expected Application is written in full, without our code.
func TestEnvironmentIsOneApplication(t *testing.T) {
	t.Parallel()
	pr := pullRequest(7, func(pr *preview.PullRequest) {
		pr.Author, pr.Title, pr.Branch = "dependabot[bot]", "SHOP-42: faster", "bob/faster"
	})
	got := newArgoCD(t, serve(t, ready(t, worldOf(t, pr)).Handler())).onlyApplication(t)
	kustomize := got.Spec.Source.Kustomize
	got.Spec.Source.Kustomize = nil
	if diff := cmp.Diff(shopPR7(pr.HeadSHA), got, alike); diff != "" {
		t.Error(diff)
	}
	wantComponents := []string{
		"services/web/run", "services/gateway/run", "services/orders/run", "services/products/link",
		"data/redis", "data/redis/datasets/empty", "data/postgres", "data/postgres/datasets/empty", "data/rabbitmq",
		"data/rabbitmq/datasets/empty", "components/guardrails",
	}
	for i := range wantComponents {
		wantComponents[i] = "../../kustomize-base/" + wantComponents[i]
	}
	if diff := cmp.Diff(wantComponents, kustomize.Components); diff != "" || kustomize.Namespace != "preview-shop-pr-7" {
		t.Error(kustomize.Namespace, diff)
	}
	if want := v1alpha1.KustomizeImage("docker.io/stefanprodan/podinfo:" + pr.HeadSHA); !slices.Contains(kustomize.Images, want) {
		t.Errorf("image %s isn't in %v", want, kustomize.Images)
	}
}

// shopPR7 returns the expected Application of acme/shop#7 without its Kustomize options.
func shopPR7(sha string) v1alpha1.Application {
	return v1alpha1.Application{
		ObjectMeta: metav1.ObjectMeta{
			Name: "preview-shop-pr-7", Namespace: "argocd",
			Labels: map[string]string{
				"previewset.dev/environment": "shop-pr-7", "previewset.dev/source": "pull-request", "previewset.dev/owner": "dependabot-bot",
				"previewset.dev/repository": "acme-shop", "previewset.dev/profile": "changed", "previewset.dev/state": "awake",
			},
			Annotations: map[string]string{
				"previewset.dev/owner": "dependabot[bot]", "previewset.dev/author": "dependabot[bot]", "previewset.dev/repository": "acme/shop",
				"previewset.dev/pull-request": "7", "previewset.dev/labels": `["preview"]`, "previewset.dev/target-branch": "main",
				"previewset.dev/head-sha": sha, "previewset.dev/url": "https://shop-pr-7.preview.example.dev", "previewset.dev/expires-at": "",
				"link.argocd.argoproj.io/preview":      "Preview|https://shop-pr-7.preview.example.dev",
				"link.argocd.argoproj.io/pull-request": "Pull request|https://github.com/acme/shop/pull/7",
			},
			Finalizers: []string{"resources-finalizer.argocd.argoproj.io"},
		},
		Spec: v1alpha1.ApplicationSpec{
			Project:     "previews",
			Source:      &v1alpha1.ApplicationSource{RepoURL: gitOpsRepository, TargetRevision: strings.Repeat("c", 40), Path: "overlays/preview"},
			Destination: v1alpha1.ApplicationDestination{Server: "https://kubernetes.default.svc", Namespace: "preview-shop-pr-7"},
			SyncPolicy:  syncPolicy(),
			Info: []v1alpha1.Info{
				{Name: "Preview", Value: "https://shop-pr-7.preview.example.dev"},
				{Name: "Pull request", Value: "https://github.com/acme/shop/pull/7"},
				{Name: "Title", Value: "SHOP-42: faster"},
				{Name: "Owner", Value: "dependabot[bot]"},
				{Name: "Repository", Value: "acme/shop"},
				{Name: "Repository ID", Value: "1"},
				{Name: "Branch", Value: "bob/faster"},
				{Name: "Commit", Value: sha},
				{Name: "Profile", Value: "changed"},
				{Name: "Issue", Value: "SHOP-42"},
			},
		},
	}
}

func syncPolicy() *v1alpha1.SyncPolicy {
	factor := int64(2)
	return &v1alpha1.SyncPolicy{
		Automated: &v1alpha1.SyncPolicyAutomated{Prune: true, SelfHeal: true},
		Retry:     &v1alpha1.RetryStrategy{Limit: 3, Backoff: &v1alpha1.Backoff{Duration: "5s", Factor: &factor, MaxDuration: "20s"}},
	}
}

// The Application of every kind of environment equals its row, and its AppProject permits it.
func TestApplicationsEqualTheirRows(t *testing.T) {
	t.Parallel()
	g := ready(t, variousWorld(t))
	rows := answered(t, g)
	want := map[string]v1alpha1.Application{}
	for _, r := range rows {
		want[r.Namespace] = applicationOf(t, r)
	}
	if got := slices.Sorted(maps.Keys(want)); !slices.Equal(got, []string{
		"preview-gateway-pr-1", "preview-shop-pr-1", "preview-shop-pr-2", "preview-shop-pr-3", "preview-shop-pr-4",
	}) {
		t.Fatalf("live environments: %v", got)
	}
	apps := newArgoCD(t, serve(t, g.Handler())).mustApplications(t)
	if diff := cmp.Diff(want, byName(t, apps), alike); diff != "" {
		t.Error(diff)
	}
	for _, app := range apps {
		checkAccepted(t, app)
	}
}

// After a loss of the saved state, Applications give back their rows.
func TestRowsAreRecoveredFromApplications(t *testing.T) {
	t.Parallel()
	g := ready(t, variousWorld(t))
	apps := byName(t, newArgoCD(t, serve(t, g.Handler())).mustApplications(t))
	for _, r := range answered(t, g) {
		checkRecovered(t, apps[r.Namespace], r)
	}
}

// checkRecovered checks that an Application gives back its row.
func checkRecovered(t *testing.T, app v1alpha1.Application, want preview.Row) {
	t.Helper()
	var r preview.Recovered
	r.Add(preview.Application{Name: app.Name, Labels: app.Labels, Annotations: app.Annotations, Spec: jsonOf(t, app.Spec)})
	got := r.Environments[want.Name].Row
	// No Application has the slugs of a branch. They are computed from its printed branch.
	got.BranchSlug, got.TargetBranchSlug = want.BranchSlug, want.TargetBranchSlug
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: unclear %v (-answered +recovered):\n%s", app.Name, r.Unclear, diff)
	}
}

// variousWorld has every kind of pull request with a row, and some without one.
func variousWorld(t *testing.T) world {
	t.Helper()
	labelled := func(labels ...string) func(*preview.PullRequest) {
		return func(pr *preview.PullRequest) { pr.Labels = labels }
	}
	changing := func(paths ...string) func(*preview.PullRequest) {
		return func(pr *preview.PullRequest) { pr.Changes = &preview.Changes{Paths: paths} }
	}
	w := worldOf(t,
		pullRequest(1),
		pullRequest(2, labelled("bug", "Preview:full")),
		pullRequest(3, changing("web/index.html")),
		pullRequest(4, changing("lib/price.go"), func(pr *preview.PullRequest) { pr.Author = "" }),
		pullRequest(5, labelled("bug")),
		pullRequest(6, changing("README.md")),
		pullRequest(7, labelled("preview:huge")),
	)
	w.repositories["acme/gateway"] = preview.Repository{FullName: "Acme/Gateway", PullRequests: []preview.PullRequest{pullRequest(1)}}
	// An environment with its own folder has another path, another purpose and more components.
	w.tree.Files["overlays/shop-pr-4/environment.yaml"] = config.File{Content: []byte(strings.Join([]string{
		"apiVersion: previewset.dev/v1alpha1", "kind: Environment", "pullRequest: acme/shop#4", "owner: jakub",
		"purpose: 'say: \"{{ .name }}\"'", "components: [verbose]", "dataset: truncated", "",
	}, "\n"))}
	w.tree.Kustomizations["overlays/shop-pr-4"], w.tree.Hashes["overlays/shop-pr-4"] = true, digest("folder")
	return w
}

// applicationOf converts a row to Argo CD's types.
func applicationOf(t *testing.T, r preview.Row) v1alpha1.Application {
	t.Helper()
	labels, err := json.Marshal(r.Labels) // as toJson does
	if err != nil {
		t.Fatal(err)
	}
	app := shopPR7(r.HeadSHA)
	app.Name = r.Namespace
	app.Labels = map[string]string{
		"previewset.dev/environment": r.Name, "previewset.dev/source": string(r.Source), "previewset.dev/owner": r.OwnerSlug,
		"previewset.dev/repository": r.RepositorySlug, "previewset.dev/profile": r.Profile, "previewset.dev/state": string(r.State),
	}
	maps.Copy(app.Annotations, map[string]string{
		"previewset.dev/owner": r.Owner, "previewset.dev/author": r.Author, "previewset.dev/repository": r.Repository,
		"previewset.dev/pull-request": r.Number,
		"previewset.dev/labels":       string(labels), "previewset.dev/target-branch": r.TargetBranch,
		"previewset.dev/url": r.URL, "previewset.dev/expires-at": r.ExpiresAt,
		"link.argocd.argoproj.io/preview":      titled("Preview", r.URL),
		"link.argocd.argoproj.io/pull-request": titled("Pull request", r.PullRequestURL),
	})
	app.Spec.Destination.Namespace = r.Namespace
	app.Spec.Source.TargetRevision, app.Spec.Source.Path = r.Revision, r.Path
	app.Spec.Source.Kustomize = &v1alpha1.ApplicationSourceKustomize{}
	same(t, r.Kustomize, app.Spec.Source.Kustomize)
	app.Spec.Info = nil
	same(t, r.Info, &app.Spec.Info)
	same(t, r.IgnoreDifferences, &app.Spec.IgnoreDifferences)
	app.Spec.SyncPolicy.SyncOptions = r.SyncOptions
	return app
}

func titled(title, url string) string {
	if url == "" {
		return ""
	}
	return title + "|" + url
}

// same converts a part of a row to Argo CD's type. Both must have the same fields.
func same(t *testing.T, row, into any) {
	t.Helper()
	text := jsonOf(t, row)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%T isn't a %T: %v", row, into, err)
	}
	back := reflect.New(reflect.TypeOf(row))
	if err := json.Unmarshal(jsonOf(t, into), back.Interface()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(row, back.Elem().Interface(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T loses fields: %s", into, diff)
	}
}

func byName(t *testing.T, apps []v1alpha1.Application) map[string]v1alpha1.Application {
	t.Helper()
	m := make(map[string]v1alpha1.Application, len(apps))
	for _, a := range apps {
		if _, twice := m[a.Name]; twice {
			t.Errorf("two Applications are named %s", a.Name)
		}
		m[a.Name] = a
	}
	return m
}

// checkAccepted checks that the API server and the AppProject accept the Application.
func checkAccepted(t *testing.T, app v1alpha1.Application) {
	t.Helper()
	for _, problem := range validation.ValidateObjectMeta(&app.ObjectMeta, true, validation.NameIsDNSLabel, field.NewPath("metadata")) {
		t.Errorf("%s: %v", app.Name, problem)
	}
	var project v1alpha1.AppProject
	decode(t, read(t, "appsets/appproject.yaml"), &project)
	if !project.IsSourcePermitted(app.Spec.GetSource()) {
		t.Errorf("%s: its project doesn't permit source %+v", app.Name, app.Spec.GetSource())
	}
	if ok, err := project.IsDestinationPermitted(app.Spec.Destination, nil); !ok || err != nil {
		t.Errorf("%s: its project doesn't permit destination %+v, %v", app.Name, app.Spec.Destination, err)
	}
	if project.Name != app.Spec.Project || project.Namespace != app.Namespace {
		t.Errorf("%s is in project %s", app.Name, app.Spec.Project)
	}
}

// Optional values, which current rows don't have, reach the Application beside the template's values.
func TestOptionalValuesReachApplication(t *testing.T) {
	t.Parallel()
	row := onlyRow(t, ready(t, worldOf(t, pullRequest(7))))
	row.State, row.ExpiresAt, row.URL, row.PullRequestURL = "asleep", "2026-12-24T18:00:00Z", "", ""
	row.SyncOptions = []string{"RespectIgnoreDifferences=true"}
	row.IgnoreDifferences = []preview.IgnoreDifference{
		{Group: "apps", Kind: "Deployment", Name: "gateway", JSONPointers: []string{"/spec/replicas", "/spec/template/spec/containers~10"}},
	}
	row.Kustomize.Patches = append(row.Kustomize.Patches,
		preview.Patch{Patch: `[{"op":"add","path":"/spec/replicas","value":0}]`, Target: preview.Target{Kind: "StatefulSet"}})
	got := newArgoCD(t, serve(t, replay(t, row))).onlyApplication(t)
	if diff := cmp.Diff(applicationOf(t, row), got, alike); diff != "" {
		t.Error(diff)
	}
	checkAccepted(t, got)
}

// replay answers with given rows.
func replay(t *testing.T, rows ...preview.Row) http.HandlerFunc {
	t.Helper()
	body := fmt.Sprintf(`{"output":{"parameters":%s}}`, jsonOf(t, rows))
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestNoPullRequestsGiveNoApplications(t *testing.T) {
	t.Parallel()
	argo := newArgoCD(t, serve(t, ready(t, worldOf(t)).Handler()))
	rows, err := argo.rows(t)
	if err != nil || len(rows) != 0 {
		t.Errorf("rows %v, %v", rows, err)
	}
	if apps := argo.mustApplications(t); len(apps) != 0 {
		t.Errorf("%d Applications", len(apps))
	}
}

// Argo CD's client limits the time of a response, but not its size. Rendering takes 3 ms per row.
func TestTenThousandRowsRender(t *testing.T) {
	t.Parallel()
	const many = 10_000
	if testing.Short() {
		t.Skip("Argo CD takes half a minute for that")
	}
	prs := make([]preview.PullRequest, many)
	for i := range prs {
		prs[i] = pullRequest(i + 1)
	}
	argo := newArgoCD(t, serve(t, ready(t, worldOf(t, prs...)).Handler()))
	start := time.Now()
	rows, err := argo.rows(t)
	if err != nil || len(rows) != many {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	asked := time.Now()
	apps := byName(t, argo.mustApplications(t))
	t.Logf("Argo CD asked for %d rows in %s, and rendered them in %s", many, asked.Sub(start), time.Since(asked))
	if len(apps) != many {
		t.Fatalf("%d Applications", len(apps))
	}
	for i, pr := range prs {
		app := apps[fmt.Sprintf("preview-shop-pr-%d", i+1)]
		if app.Annotations["previewset.dev/head-sha"] != pr.HeadSHA || app.Spec.Destination.Namespace != app.Name || app.Name == "" {
			t.Fatalf("pull request %d: %+v", i+1, app.ObjectMeta)
		}
	}
}
