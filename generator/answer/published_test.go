package answer_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestEmptyAnswerIsEmptyList(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories = map[string]preview.Repository{
		"acme/gateway": testworld.Repository("acme/gateway"), "acme/shop": testworld.Repository("acme/shop"),
	}
	got := testworld.Ready(t, w).GetParams(t, testworld.ParamsBody)
	if got.Code != http.StatusOK || got.Body != `{"output":{"parameters":[]}}` {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestBodiesStayIdentical(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	first, filtered := s.GetParams(t, testworld.ParamsBody), s.GetParams(t, `{"input":{"parameters":{"owner":"alice"}}}`)
	packed := testworld.Do(
		t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody,
		map[string]string{"Accept-Encoding": "gzip"},
	)
	for i := range 5 {
		w.AdvanceClock(time.Hour)
		w.Tree.Commit = strings.Repeat("a", 39) + string(rune('0'+i)) // an unrelated commit
		for _, r := range w.Repositories {
			slices.Reverse(r.PullRequests)
		}
		s.Refresh(t.Context())
		if diff := cmp.Diff(first.Body, s.GetParams(t, testworld.ParamsBody).Body); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(filtered.Body, s.GetParams(t, `{"input":{"parameters":{"owner":"alice"}}}`).Body); diff != "" {
			t.Fatal(diff)
		}
	}
	if len(first.Rows(t)) != 3 || len(filtered.Rows(t)) != 2 || packed.Body != first.Body {
		t.Errorf("%d rows, %d filtered, gzip equal: %v", len(first.Rows(t)), len(filtered.Rows(t)), packed.Body == first.Body)
	}
}

func TestRowKeysAndTypes(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	bare := preview.PullRequest{
		Number: 9, HeadSHA: strings.Repeat("0", 39) + "9", Labels: []string{"preview"}, HeadRepositoryID: 7,
		BaseRepositoryID: 7,
	}
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice", "preview", "1234567"), bare)
	body := testworld.Ready(t, w).GetParams(t, testworld.ParamsBody).Body
	if bytes.Contains([]byte(body), []byte(":null")) {
		t.Errorf("there is a null in %s", body)
	}
	var got struct {
		Output struct {
			Parameters []map[string]json.RawMessage `json:"parameters"`
		} `json:"output"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Output.Parameters) != 3 {
		t.Fatalf("%v in %s", err, body)
	}
	for _, row := range got.Output.Parameters {
		kinds := map[string]string{}
		for key, raw := range row {
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				t.Fatal(err)
			}
			kinds[key] = reflect.TypeOf(v).String()
		}
		if diff := cmp.Diff(rowKeys(), kinds); diff != "" {
			t.Errorf("%s: %s", row["name"], diff)
		}
	}
}

// rowKeys are those of docs/reference/rows.md.
func rowKeys() map[string]string {
	keys := map[string]string{"kustomize": "map[string]interface {}"}
	for _, key := range []string{
		"name", "namespace", "path", "revision",
		"source", "owner", "owner_slug", "purpose", "profile", "state",
		"url", "expires_at",
		"number", "title", "branch", "branch_slug", "target_branch", "target_branch_slug", "head_sha", "head_short_sha",
		"head_short_sha_7", "author",
		"repository", "repository_slug", "pull_request_url", "issue_key",
	} {
		keys[key] = "string"
	}
	for _, key := range []string{"labels", "services", "links", "info", "ignoreDifferences", "syncOptions"} {
		keys[key] = "[]interface {}"
	}
	return keys
}

func TestRowListsContent(t *testing.T) {
	t.Parallel()
	rows := testworld.Ready(t, testworld.New()).GetParams(t, `{"input":{"parameters":{"repository":"acme/shop"}}}`).Rows(t)
	want := map[string]any{
		"name": "shop-pr-7", "namespace": "preview-shop-pr-7", "path": "overlays/preview", "revision": strings.Repeat("0", 39) + "1",
		"source": "pull-request", "owner": "alice", "owner_slug": "alice", "purpose": "", "profile": "changed", "state": "awake",
		"url": "https://shop-pr-7.preview.example.dev", "expires_at": "",
		"number": "7", "title": "Change 7", "branch": "feature/ABC-7", "branch_slug": "feature-abc-7", "target_branch": "main",
		"target_branch_slug": "main",
		"head_sha":           strings.Repeat("0", 37) + "3ef", "head_short_sha": "00000000",
		"head_short_sha_7": "0000000", "author": "alice", "labels": []any{"Preview"},
		"repository": "acme/shop", "repository_slug": "acme-shop", "pull_request_url": "https://github.example/pull/7", "issue_key": "ABC-7",
	}
	got := map[string]any{}
	for key := range want {
		got[key] = rows[0][key]
	}
	if diff := cmp.Diff(want, got); diff != "" || len(rows) != 1 {
		t.Errorf("%d rows: %s", len(rows), diff)
	}
	kustomize := rows[0]["kustomize"].(map[string]any)
	if diff := cmp.Diff([]string{"components", "images", "namespace", "patches"}, slices.Sorted(maps.Keys(kustomize))); diff != "" {
		t.Error(diff)
	}
}
