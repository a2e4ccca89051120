package generator_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestUnreadableNewRepositoryDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	grown := strings.Replace(
		testworld.Policy, "profiles:",
		`  extra: {repository: acme/extra, image: ghcr.io/acme/extra, tag: "{{ .SHA }}"}`+"\nprofiles:", 1,
	)
	w.Tree = testworld.Tree(2, grown)
	w.Tree.Kustomizations["kustomize-base/services/extra/run"] = true
	w.Tree.Kustomizations["kustomize-base/services/extra/link"] = true
	w.RepositoryErrs["acme/extra"] = errors.New("no such repository")
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice"), testworld.PullRequest(3, "dave"))
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.Source(t, "acme/extra"); !got.Fails("no such repository") {
		t.Errorf("/readyz: %+v", got)
	}
	clear(w.RepositoryErrs)
	w.Repositories["acme/extra"] = testworld.Repository("acme/extra", testworld.PullRequest(5, "erin"))
	s.Refresh(t.Context())
	if diff := cmp.Diff(
		[]string{"extra-pr-5", "gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t),
	); diff != "" {
		t.Error(diff)
	}
}

// A repository that was never read can't have an environment if the cluster has none. It holds only its own pull
// requests, also after a restart.
func TestUnreadableRepositoryDoesNotBlockFirstStart(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cause    error
		patterns []string
	}{
		"it can't be read":  {testworld.ErrOutage, nil},
		"it is not allowed": {nil, []string{"acme/gateway"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			if tt.cause != nil {
				w.RepositoryErrs["acme/shop"] = tt.cause
			}
			_, keep := testworld.NewStore(t)
			start := func() *testworld.Service {
				return testworld.Ready(t, w, keep, func(o *generator.Options) {
					o.Cluster, o.Repositories = testworld.Cluster{World: w}, tt.patterns
				})
			}
			for _, as := range []string{"first start", "restart"} {
				got := start().GetParams(t, testworld.ParamsBody)
				if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, got.Names(t)); got.Code != http.StatusOK || diff != "" {
					t.Errorf("%s: %d %s", as, got.Code, diff)
				}
			}
			clear(w.RepositoryErrs)
			tt.patterns = nil
			if diff := cmp.Diff(testworld.AllNames, start().GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
				t.Errorf("after it was read: %s", diff)
			}
		})
	}
}

// Without saved state, an environment in the cluster shows that others may be unknown.
func TestUnreadableRepositoryBlocksAfterLostState(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.RepositoryErrs["acme/shop"] = testworld.ErrOutage
	live := preview.Row{Name: "gateway-pr-9", Namespace: "preview-gateway-pr-9", Source: preview.FromPullRequest}
	w.Recovered.Environments = map[string]preview.Remembered{
		live.Name: {Row: live, Members: []preview.Member{{Repository: "acme/gateway", Number: 9}}},
	}
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: w} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), "acme/shop was never read") {
		t.Errorf("answered %d %s", got.Code, got.Body)
	}
}

func TestOnlyAllowedRepositoriesAreRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		patterns  []string
		forbidden []string
	}{
		{"none given allows all", nil, nil},
		{"an owner's", []string{"acme/*"}, nil},
		{"one by name, in any case", []string{"ACME/Shop"}, []string{"acme/gateway"}},
		{"several patterns", []string{"other/*", "*/gate*"}, []string{"acme/shop"}},
		{"a star doesn't cross the slash", []string{"*"}, []string{"acme/gateway", "acme/shop"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			s := testworld.Ready(t, w, func(o *generator.Options) { o.Repositories = tt.patterns })
			got := s.GetParams(t, testworld.ParamsBody)
			if len(tt.forbidden) == 0 {
				if diff := cmp.Diff(testworld.AllNames, got.Names(t)); diff != "" {
					t.Error(diff)
				}
			} else if got.Code != http.StatusServiceUnavailable {
				t.Errorf("answered %d, but a forbidden repository may have environments", got.Code)
			}
			for _, repo := range []string{"acme/shop", "acme/gateway"} {
				forbidden := slices.Contains(tt.forbidden, repo)
				status := s.Source(t, repo)
				if (w.RepositoryReads[repo] == 0) != forbidden || status.Fails("--repositories") != forbidden {
					t.Errorf("%s: forbidden %v, %d reads, /readyz: %+v", repo, forbidden, w.RepositoryReads[repo], status)
				}
			}
		})
	}
}

func TestForbiddenRepositoryKeepsItsEnvironments(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	_, keep := testworld.NewStore(t)
	testworld.Ready(t, w, keep)
	w.Change(func() { clear(w.RepositoryReads) })
	s := testworld.Ready(t, w, keep, func(o *generator.Options) { o.Repositories = []string{"acme/shop"} })
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" ||
		w.RepositoryReads["acme/gateway"] != 0 {
		t.Errorf("%d reads: %s", w.RepositoryReads["acme/gateway"], diff)
	}
}

func TestProtectedNamespacesAreNotUsed(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Protected = []string{"preview-gateway-pr-2"} })
	if diff := cmp.Diff([]string{"gateway-pr-1", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOfOtherApplicationsAreHeld(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Taken = map[string]string{"preview-shop-pr-7": "made by hand"}
	w.ClusterErr = errors.New("the API server is away")
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{World: w} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable ||
		!strings.Contains(got.Message(t), "the cluster was never read: the API server is away") {
		t.Errorf("before the cluster was read: %d %s", got.Code, got.Body)
	}
	w.ClusterErr = nil
	s.Refresh(t.Context())
	w.ClusterErr, w.Taken = errors.New("away again"), nil
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.Source(t, "cluster"); !got.Fails("away again") {
		t.Errorf("/readyz: %+v", got)
	}
	if got := s.Get(t, "/api/v1/decisions?repository=acme/shop&number=7").Body; !strings.Contains(got, "made by hand") {
		t.Errorf("the decision doesn't name the other Application's owner: %s", got)
	}
}
