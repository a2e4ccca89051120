package generator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestNothingIsAnsweredBeforeAWholeSnapshot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(w *testworld.World)
		refresh bool
		want    []string // in the message
	}{
		{"nothing was read", func(*testworld.World) {}, false, []string{"no whole snapshot has been computed yet", "nothing has been read yet"}},
		{"the config branch is unreachable", func(w *testworld.World) { w.ConfigErr = errors.New("read config branch main: no route") }, true, []string{"read config branch main: no route"}},
		{"the configuration is missing", func(w *testworld.World) { delete(w.Tree.Files, "previewset.yaml") }, true, []string{"previewset.yaml: is missing", "run previewctl init"}},
		{"the configuration is invalid", func(w *testworld.World) {
			w.Tree = testworld.Tree(1, testworld.Policy+"colour: red\nlimits: {awake: many}\n")
		}, true, []string{"config branch at 000000000000 is invalid", "previewset.yaml:12: colour", "previewset.yaml:13: limits.awake"}},
		{"a repository was never read", func(w *testworld.World) { w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500") }, true, []string{"acme/shop was never read: GitHub answers 500"}},
		{"no repository was ever read", func(w *testworld.World) {
			w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = errors.New("one"), errors.New("two")
		}, true, []string{"acme/gateway was never read: two", "acme/shop was never read: one"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			whole, repos := w.Tree, w.RepositoryErrs
			tt.change(w)
			s := testworld.NewService(t, w)
			if tt.refresh {
				s.Refresh(t.Context())
			}
			got := s.GetParams(t, testworld.ParamsBody)
			message := got.Message(t)
			for _, want := range tt.want {
				if !strings.Contains(message, want) {
					t.Errorf("the message %q has no %q", message, want)
				}
			}
			if got.Code != http.StatusServiceUnavailable {
				t.Errorf("code is %d", got.Code)
			}
			for _, path := range []string{"/readyz", "/readyz?verbose", "/api/v1/environments", "/api/v1/environments/shop-pr-7", "/api/v1/decisions"} {
				if got := s.Get(t, path); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body, tt.want[0]) && strings.HasPrefix(path, "/api") {
					t.Errorf("%s: %d %s", path, got.Code, got.Body)
				}
			}
			clear(repos)
			w.Tree, w.ConfigErr = whole, nil
			w.Tree.Commit, w.Tree.Files = strings.Repeat("9", 40), testworld.Tree(9, testworld.Policy).Files
			s.Refresh(t.Context())
			if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
				t.Errorf("once it is mended: %s", diff)
			}
			if got := s.Get(t, "/readyz"); got.Code != http.StatusOK || got.Body != "ok\n" {
				t.Errorf("once it is mended, /readyz: %d %s", got.Code, got.Body)
			}
		})
	}
}

func TestLaterFailuresKeepTheLastFacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(w *testworld.World)
		verbose []string
	}{
		{"the config branch is unreachable", func(w *testworld.World) { w.ConfigErr = errors.New("no route") }, []string{"[-] config branch at 0000000000000000000000000000000000000001: no route\n"}},
		{"the head is invalid", func(w *testworld.World) { w.Tree = testworld.Tree(2, "kind: Nonsense\n") }, []string{"[-] config branch at 0000000000000000000000000000000000000001: config branch at 000000000000 is invalid", "previewset.yaml:1: kind"}},
		{"the head has no configuration", func(w *testworld.World) { w.Tree = testworld.Tree(2, testworld.Policy); clear(w.Tree.Files) }, []string{"is invalid: previewset.yaml: is missing"}},
		{"a repository can't be read", func(w *testworld.World) {
			w.RepositoryErrs["acme/shop"], w.Repositories["acme/shop"] = errors.New("GitHub answers 500"), preview.Repository{}
		}, []string{"[-] acme/shop: read 1m30s ago: GitHub answers 500\n", "[+] acme/gateway: read 0s ago: ok\n"}},
		{"nothing can be read", func(w *testworld.World) {
			w.ConfigErr, w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = errors.New("no route"), errors.New("one"), errors.New("two")
		}, []string{"[-] acme/shop: read 1m30s ago: one\n", "[-] acme/gateway: read 1m30s ago: two\n", ": no route\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			s := testworld.Ready(t, w)
			before := s.GetParams(t, testworld.ParamsBody)
			tt.change(w)
			w.Now = w.Now.Add(90 * time.Second)
			s.Refresh(t.Context())
			after := s.GetParams(t, testworld.ParamsBody)
			if diff := cmp.Diff(before.Body, after.Body); diff != "" || len(before.Rows(t)) != 3 {
				t.Error(diff)
			}
			got := s.Get(t, "/readyz?verbose")
			if got.Code != http.StatusOK || !strings.HasPrefix(got.Body, "[+] snapshot: ok\n") {
				t.Errorf("%d %s", got.Code, got.Body)
			}
			for _, want := range tt.verbose {
				if !strings.Contains(got.Body, want) {
					t.Errorf("no %q in:\n%s", want, got.Body)
				}
			}
		})
	}
}

func TestAnInvalidHeadIsForgottenOnceItIsMended(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	for i, head := range []string{"kind: Nonsense\n", testworld.Policy + "# mended\n"} {
		w.Tree = testworld.Tree(2+i, head)
		s.Refresh(t.Context())
	}
	got := s.Get(t, "/readyz?verbose").Body
	if want := "[+] config branch at 0000000000000000000000000000000000000003: ok\n"; !strings.Contains(got, want) {
		t.Errorf("no %q in:\n%s", want, got)
	}
}

func TestAnInvalidHeadStaysInvalidWhileNothingIsPushed(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, "kind: Nonsense\n")
	s := testworld.Ready(t, w)
	s.Refresh(t.Context())
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), "is invalid") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestANewRepositoryThatCannotBeReadDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	grown := strings.Replace(testworld.Policy, "profiles:", `  extra: {repository: acme/extra, image: ghcr.io/acme/extra, tag: "{{ .SHA }}"}`+"\nprofiles:", 1)
	w.Tree = testworld.Tree(2, grown)
	w.Tree.Kustomizations["kustomize-base/services/extra/run"] = true
	w.Tree.Kustomizations["kustomize-base/services/extra/link"] = true
	w.RepositoryErrs["acme/extra"] = errors.New("no such repository")
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice"), testworld.PullRequest(3, "dave"))
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.Get(t, "/readyz?verbose").Body; !strings.Contains(got, "[-] acme/extra: never read: no such repository\n") {
		t.Errorf("/readyz says:\n%s", got)
	}
	clear(w.RepositoryErrs)
	w.Repositories["acme/extra"] = testworld.Repository("acme/extra", testworld.PullRequest(5, "erin"))
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"extra-pr-5", "gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
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
				t.Errorf("answered %d, though nothing says that what is forbidden had no environment", got.Code)
			}
			verbose := s.Get(t, "/readyz?verbose").Body
			for _, repo := range []string{"acme/shop", "acme/gateway"} {
				forbidden := slices.Contains(tt.forbidden, repo)
				told := strings.Contains(verbose, repo+": never read: --repositories doesn't allow this repository")
				if (w.RepositoryReads[repo] == 0) != forbidden || told != forbidden {
					t.Errorf("%s: forbidden %v, read %d times, and /readyz says:\n%s", repo, forbidden, w.RepositoryReads[repo], verbose)
				}
			}
		})
	}
}

func TestARepositoryThatIsForbiddenLaterKeepsWhatItHad(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	_, keep := testworld.NewStore(t)
	testworld.Ready(t, w, keep)
	w.Change(func() { clear(w.RepositoryReads) })
	s := testworld.Ready(t, w, keep, func(o *generator.Options) { o.Repositories = []string{"acme/shop"} })
	if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" || w.RepositoryReads["acme/gateway"] != 0 {
		t.Errorf("read %d times: %s", w.RepositoryReads["acme/gateway"], diff)
	}
}

func TestProtectedNamespacesAreNobodys(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Protected = []string{"preview-gateway-pr-2"} })
	if diff := cmp.Diff([]string{"gateway-pr-1", "shop-pr-7"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatOthersHaveInTheClusterAreHeld(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Taken = map[string]string{"preview-shop-pr-7": "made by hand"}
	w.ClusterErr = errors.New("the API server is away")
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Cluster = testworld.Cluster{w} })
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Message(t), "the cluster was never read: the API server is away") {
		t.Errorf("before the cluster was read: %d %s", got.Code, got.Body)
	}
	w.ClusterErr = nil
	s.Refresh(t.Context())
	w.ClusterErr, w.Taken = errors.New("away again"), nil
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.GetParams(t, testworld.ParamsBody).Names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.Get(t, "/readyz?verbose").Body; !strings.Contains(got, "[-] cluster: away again\n") {
		t.Errorf("/readyz says:\n%s", got)
	}
	if got := s.Get(t, "/api/v1/decisions?repository=acme/shop&number=7").Body; !strings.Contains(got, "made by hand") {
		t.Errorf("the decision doesn't say whose it is: %s", got)
	}
}

func TestACancelledRefreshChangesNothing(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	want, verbose := s.GetParams(t, testworld.ParamsBody).Body, s.Get(t, "/readyz?verbose").Body
	ctx, cancel := cancelled(t)
	defer cancel()
	w.ConfigErr = ctx.Err()
	w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = ctx.Err(), ctx.Err()
	s.Refresh(ctx)
	if diff := cmp.Diff(want, s.GetParams(t, testworld.ParamsBody).Body); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(verbose, s.Get(t, "/readyz?verbose").Body); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyGitHubGivesAnEmptyList(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Repositories = map[string]preview.Repository{"acme/gateway": testworld.Repository("acme/gateway"), "acme/shop": testworld.Repository("acme/shop")}
	got := testworld.Ready(t, w).GetParams(t, testworld.ParamsBody)
	if got.Code != http.StatusOK || got.Body != `{"output":{"parameters":[]}}` {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestBodiesAreIdenticalWhileNothingChanged(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	first, filtered := s.GetParams(t, testworld.ParamsBody), s.GetParams(t, `{"input":{"parameters":{"owner":"alice"}}}`)
	packed := testworld.Do(t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Accept-Encoding": "gzip"})
	for i := range 5 {
		w.Now = w.Now.Add(time.Hour)
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
		t.Errorf("%d rows, %d filtered, packed the same: %v", len(first.Rows(t)), len(filtered.Rows(t)), packed.Body == first.Body)
	}
}

func TestGzipAndPlainBodiesAreEqual(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	plain := s.GetParams(t, testworld.ParamsBody)
	for header, packed := range map[string]bool{
		"gzip": true, "deflate, gzip;q=1.0": true, "GZIP": true, "gzip; q=0.5": true,
		"identity": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "notgzip": false,
	} {
		got := testworld.Do(t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Accept-Encoding": header})
		if got.Code != http.StatusOK || got.Compressed != packed || got.Body != plain.Body {
			t.Errorf("%q: %d, packed %v, equal %v", header, got.Code, got.Compressed, got.Body == plain.Body)
		}
		if got.Header.Get("Vary") != "Accept-Encoding" || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%q: %v", header, got.Header)
		}
	}
	if plain.Compressed || len(plain.Rows(t)) != 3 {
		t.Errorf("the plain body is packed, or not whole: %s", plain.Body)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameters string
		want             []string
	}{
		{"none asks for all", `{}`, testworld.AllNames},
		{"null asks for all", `null`, testworld.AllNames},
		{"an owner", `{"owner":"alice"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"an owner in another case", `{"owner":"ALICE"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"a list of owners", `{"owner":["bob","Alice"]}`, testworld.AllNames},
		{"a list of one", `{"owner":["bob"]}`, []string{"gateway-pr-2"}},
		{"a repository in another case", `{"repository":"ACME/gateway"}`, []string{"gateway-pr-1", "gateway-pr-2"}},
		{"a profile", `{"profile":"full"}`, []string{"gateway-pr-2"}},
		{"a source", `{"source":["pull-request","slot"]}`, testworld.AllNames},
		{"a source that nothing has", `{"source":"slot"}`, []string{}},
		{"two parameters both hold", `{"owner":["alice","bob"],"repository":"acme/gateway","profile":"changed"}`, []string{"gateway-pr-1"}},
		{"a part of a name is not the name", `{"owner":"ali"}`, []string{}},
	}
	s := testworld.Ready(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.GetParams(t, `{"applicationSetName":"previews","input":{"parameters":`+tt.parameters+`}}`)
			if diff := cmp.Diff(tt.want, got.Names(t)); diff != "" {
				t.Error(diff)
			}
			if len(tt.want) == 0 && got.Body != `{"output":{"parameters":[]}}` {
				t.Errorf("none is answered as %s", got.Body)
			}
		})
	}
}

func TestManyFiltersStayRight(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for i := range 600 { // more than are kept
		got := s.GetParams(t, `{"input":{"parameters":{"owner":["`+strings.Repeat("x", i+1)+`","bob"]}}}`)
		if diff := cmp.Diff([]string{"gateway-pr-2"}, got.Names(t)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestARowHasEveryKeyAndItsScalarsAreStrings(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	ghost := preview.PullRequest{Number: 9, HeadSHA: strings.Repeat("0", 39) + "9", Labels: []string{"preview"}, HeadRepositoryID: 7, BaseRepositoryID: 7}
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice", "preview", "1234567"), ghost)
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
		"number", "title", "branch", "branch_slug", "target_branch", "target_branch_slug", "head_sha", "head_short_sha", "head_short_sha_7", "author",
		"repository", "repository_slug", "pull_request_url", "issue_key",
	} {
		keys[key] = "string"
	}
	for _, key := range []string{"labels", "info", "ignoreDifferences", "syncOptions"} {
		keys[key] = "[]interface {}"
	}
	return keys
}

func TestARowSaysWhatIsInTheEnvironment(t *testing.T) {
	t.Parallel()
	rows := testworld.Ready(t, testworld.New()).GetParams(t, `{"input":{"parameters":{"repository":"acme/shop"}}}`).Rows(t)
	want := map[string]any{
		"name": "shop-pr-7", "namespace": "preview-shop-pr-7", "path": "overlays/preview", "revision": strings.Repeat("0", 39) + "1",
		"source": "pull-request", "owner": "alice", "owner_slug": "alice", "purpose": "", "profile": "changed", "state": "awake",
		"url": "https://shop-pr-7.preview.example.dev", "expires_at": "",
		"number": "7", "title": "Change 7", "branch": "feature/ABC-7", "branch_slug": "feature-abc-7", "target_branch": "main", "target_branch_slug": "main",
		"head_sha": strings.Repeat("0", 37) + "3ef", "head_short_sha": "00000000", "head_short_sha_7": "0000000", "author": "alice", "labels": []any{"Preview"},
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
