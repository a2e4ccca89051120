package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

// keys are the keys in docs/reference/rows.md. Templates of ApplicationSets rely on them.
var keys = []string{
	"author", "branch", "branch_slug", "expires_at", "head_sha", "head_short_sha", "head_short_sha_7", "ignoreDifferences", "info",
	"issue_key", "kustomize", "labels", "links", "name", "namespace", "number", "owner", "owner_slug", "path", "profile",
	"pull_request_url", "purpose", "repository", "repository_slug", "revision", "services", "source", "state", "syncOptions",
	"target_branch", "target_branch_slug", "title", "url",
}

// Templates with missingkey=error can use every key of every row. Values are texts, or lists and objects of texts.
func TestTemplatesReachEveryKey(t *testing.T) {
	t.Parallel()
	g := ready(t, variousWorld(t))
	argo := newArgoCD(t, serve(t, g.Handler()))
	checkRows(t, argo, answered(t, g)...)
	argo.set.Spec.Template.Annotations, argo.set.Spec.TemplatePatch = map[string]string{}, nil
	for _, key := range keys {
		argo.set.Spec.Template.Annotations[key] = fmt.Sprintf("{{ toJson .%s }}", key)
	}
	apps := byName(t, argo.mustApplications(t))
	for _, row := range answered(t, g) {
		got := map[string]any{}
		for key, text := range apps[row.Namespace].Annotations {
			got[key] = decoded(t, []byte(text))
		}
		if diff := cmp.Diff(decoded(t, jsonOf(t, row)), any(got)); diff != "" {
			t.Errorf("%s: %s", row.Name, diff)
		}
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// checkRows checks that Argo CD's client gets exactly these rows with our keys. Numbers, booleans and null are refused,
// because templates print them in another form.
func checkRows(t *testing.T, argo *argoCD, want ...preview.Row) {
	t.Helper()
	got, err := argo.rows(t)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d rows, want %d, %v", len(got), len(want), err)
	}
	for i, row := range got {
		delete(row, "generator") // added by Argo CD
		if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(row))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(decoded(t, jsonOf(t, want[i])), any(row)); diff != "" {
			t.Error(diff)
		}
		checkTexts(t, want[i].Name, row)
	}
}

func checkTexts(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case string:
	case []any:
		for i, e := range v {
			checkTexts(t, fmt.Sprintf("%s[%d]", path, i), e)
		}
	case map[string]any:
		for key, e := range v {
			checkTexts(t, path+"."+key, e)
		}
	default:
		t.Errorf("%s is %v of type %T", path, v, v)
	}
}

// An unknown key is an error. Without the option missingkey=error, it would be printed as <no value>.
func TestUnknownKeyIsError(t *testing.T) {
	t.Parallel()
	argo := newArgoCD(t, serve(t, ready(t, worldOf(t, pullRequest(7))).Handler()))
	argo.set.Spec.Template.Annotations = map[string]string{"x": "{{ .not_there }}"}
	if apps, err := argo.applications(t); err == nil || len(apps) != 0 || !strings.Contains(err.Error(), `no entry for key "not_there"`) {
		t.Errorf("%d Applications, %v", len(apps), err)
	}
}

// A commit that looks like a number in YAML or JSON stays a text in every place of a template.
func TestCommitsThatLookLikeNumbersStayText(t *testing.T) {
	t.Parallel()
	for _, sha := range []string{
		strings.Repeat("12345678", 5), strings.Repeat("0", 39) + "7", "1234e567" + strings.Repeat("8", 32), "0e" + strings.Repeat("1", 38),
		"99999999" + strings.Repeat("a", 32),
	} {
		t.Run(sha, func(t *testing.T) {
			t.Parallel()
			s := strange(t, func(pr *preview.PullRequest) { pr.HeadSHA = sha })
			if diff := cmp.Diff(applicationOf(t, s.row), s.app, alike); diff != "" {
				t.Error(diff)
			}
			checkRows(t, s.argo, s.row)
			s.argo.set.Spec.Template.Labels = map[string]string{
				"sha": "{{ .head_short_sha }}", "sha7": "{{ .head_short_sha_7 }}", "head": "{{ .head_sha }}",
			}
			patch := `{"metadata": {"annotations": {"sha": {{ toJson .head_short_sha }}, "sha7": {{ toJson .head_short_sha_7 }}}}}`
			s.argo.set.Spec.TemplatePatch = &patch
			got := s.argo.onlyApplication(t)
			if diff := cmp.Diff(map[string]string{"sha": sha[:8], "sha7": sha[:7], "head": sha}, got.Labels); diff != "" {
				t.Error(diff)
			}
			if got.Annotations["sha"] != sha[:8] || got.Annotations["sha7"] != sha[:7] {
				t.Errorf("annotations %v", got.Annotations)
			}
			checkAccepted(t, got)
		})
	}
}

// Input parameters of the ApplicationSet select rows.
func TestParametersSelectRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		parameters string
		want       []string
	}{
		{`{}`, []string{"preview-gateway-pr-1", "preview-shop-pr-1", "preview-shop-pr-2", "preview-shop-pr-3", "preview-shop-pr-4"}},
		{`{"owner": "ALICE"}`, []string{"preview-gateway-pr-1", "preview-shop-pr-1", "preview-shop-pr-2", "preview-shop-pr-3"}},
		{`{"owner": ["jakub", "erin"]}`, []string{"preview-shop-pr-4"}},
		{`{"repository": "acme/gateway"}`, []string{"preview-gateway-pr-1"}},
		{`{"profile": "full"}`, []string{"preview-shop-pr-2"}},
		{`{"source": ["pull-request"], "profile": ["full", "checkout"], "owner": "alice"}`, []string{"preview-shop-pr-2"}},
		{`{"source": "slot"}`, nil},
	}
	url := serve(t, ready(t, variousWorld(t)).Handler())
	for _, tt := range tests {
		t.Run(tt.parameters, func(t *testing.T) {
			t.Parallel()
			argo := newArgoCD(t, url)
			argo.parameters(t, tt.parameters)
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(byName(t, argo.mustApplications(t))))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
