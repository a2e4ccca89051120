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
	"github.com/previewset/previewset/internal/preview"
)

var allNames = []string{"gateway-pr-1", "gateway-pr-2", "shop-pr-7"}

func TestNothingIsAnsweredBeforeAWholeSnapshot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(w *world)
		refresh bool
		want    []string // in the message
	}{
		{"nothing was read", func(*world) {}, false, []string{"no whole snapshot has been computed yet", "nothing has been read yet"}},
		{"the config branch is unreachable", func(w *world) { w.treeErr = errors.New("read config branch main: no route") }, true, []string{"read config branch main: no route"}},
		{"the configuration is missing", func(w *world) { delete(w.tree.Files, "previewset.yaml") }, true, []string{"previewset.yaml: is missing", "run previewctl init"}},
		{"the configuration is invalid", func(w *world) { w.tree = treeOf(1, policy+"colour: red\nlimits: {awake: many}\n") }, true, []string{"config branch at 000000000000 is invalid", "previewset.yaml:12: colour", "previewset.yaml:13: limits.awake"}},
		{"a repository was never read", func(w *world) { w.errs["acme/shop"] = errors.New("GitHub answers 500") }, true, []string{"acme/shop was never read: GitHub answers 500"}},
		{"no repository was ever read", func(w *world) {
			w.errs["acme/shop"], w.errs["acme/gateway"] = errors.New("one"), errors.New("two")
		}, true, []string{"acme/gateway was never read: two", "acme/shop was never read: one"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			whole, repos := w.tree, w.errs
			tt.change(w)
			s := newService(t, w)
			if tt.refresh {
				s.Refresh(t.Context())
			}
			got := s.ask(t, ordinary)
			message := got.message(t)
			for _, want := range tt.want {
				if !strings.Contains(message, want) {
					t.Errorf("the message %q has no %q", message, want)
				}
			}
			if got.code != http.StatusServiceUnavailable {
				t.Errorf("code is %d", got.code)
			}
			for _, path := range []string{"/readyz", "/readyz?verbose", "/api/v1/environments", "/api/v1/environments/shop-pr-7", "/api/v1/decisions"} {
				if got := s.get(t, path); got.code != http.StatusServiceUnavailable || !strings.Contains(got.body, tt.want[0]) && strings.HasPrefix(path, "/api") {
					t.Errorf("%s: %d %s", path, got.code, got.body)
				}
			}
			clear(repos)
			w.tree, w.treeErr = whole, nil
			w.tree.Commit, w.tree.Files = strings.Repeat("9", 40), treeOf(9, policy).Files
			s.Refresh(t.Context())
			if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" {
				t.Errorf("once it is mended: %s", diff)
			}
			if got := s.get(t, "/readyz"); got.code != http.StatusOK || got.body != "ok\n" {
				t.Errorf("once it is mended, /readyz: %d %s", got.code, got.body)
			}
		})
	}
}

func TestLaterFailuresKeepTheLastFacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(w *world)
		verbose []string
	}{
		{"the config branch is unreachable", func(w *world) { w.treeErr = errors.New("no route") }, []string{"[-] config branch at 0000000000000000000000000000000000000001: no route\n"}},
		{"the head is invalid", func(w *world) { w.tree = treeOf(2, "kind: Nonsense\n") }, []string{"[-] config branch at 0000000000000000000000000000000000000001: config branch at 000000000000 is invalid", "previewset.yaml:1: kind"}},
		{"the head has no configuration", func(w *world) { w.tree = treeOf(2, policy); clear(w.tree.Files) }, []string{"is invalid: previewset.yaml: is missing"}},
		{"a repository can't be read", func(w *world) {
			w.errs["acme/shop"], w.repos["acme/shop"] = errors.New("GitHub answers 500"), preview.Repository{}
		}, []string{"[-] acme/shop: read 1m30s ago: GitHub answers 500\n", "[+] acme/gateway: read 0s ago: ok\n"}},
		{"nothing can be read", func(w *world) {
			w.treeErr, w.errs["acme/shop"], w.errs["acme/gateway"] = errors.New("no route"), errors.New("one"), errors.New("two")
		}, []string{"[-] acme/shop: read 1m30s ago: one\n", "[-] acme/gateway: read 1m30s ago: two\n", ": no route\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := ready(t, w)
			before := s.ask(t, ordinary)
			tt.change(w)
			w.now = w.now.Add(90 * time.Second)
			s.Refresh(t.Context())
			after := s.ask(t, ordinary)
			if diff := cmp.Diff(before.body, after.body); diff != "" || len(before.rows(t)) != 3 {
				t.Error(diff)
			}
			got := s.get(t, "/readyz?verbose")
			if got.code != http.StatusOK || !strings.HasPrefix(got.body, "[+] snapshot: ok\n") {
				t.Errorf("%d %s", got.code, got.body)
			}
			for _, want := range tt.verbose {
				if !strings.Contains(got.body, want) {
					t.Errorf("no %q in:\n%s", want, got.body)
				}
			}
		})
	}
}

func TestAnInvalidHeadIsForgottenOnceItIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := ready(t, w)
	for i, head := range []string{"kind: Nonsense\n", policy + "# mended\n"} {
		w.tree = treeOf(2+i, head)
		s.Refresh(t.Context())
	}
	got := s.get(t, "/readyz?verbose").body
	if want := "[+] config branch at 0000000000000000000000000000000000000003: ok\n"; !strings.Contains(got, want) {
		t.Errorf("no %q in:\n%s", want, got)
	}
}

func TestAnInvalidHeadStaysInvalidWhileNothingIsPushed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.tree = treeOf(1, "kind: Nonsense\n")
	s := ready(t, w)
	s.Refresh(t.Context())
	if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "is invalid") {
		t.Errorf("%d %s", got.code, got.body)
	}
}

func TestANewRepositoryThatCannotBeReadDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := ready(t, w)
	grown := strings.Replace(policy, "profiles:", `  extra: {repository: acme/extra, image: ghcr.io/acme/extra, tag: "{{ .SHA }}"}`+"\nprofiles:", 1)
	w.tree = treeOf(2, grown)
	w.tree.Kustomizations["kustomize-base/services/extra/run"] = true
	w.tree.Kustomizations["kustomize-base/services/extra/link"] = true
	w.errs["acme/extra"] = errors.New("no such repository")
	w.repos["acme/gateway"] = repository("acme/Gateway", pullRequest(1, "alice"), pullRequest(3, "dave"))
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.ask(t, ordinary).names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.get(t, "/readyz?verbose").body; !strings.Contains(got, "[-] acme/extra: never read: no such repository\n") {
		t.Errorf("/readyz says:\n%s", got)
	}
	clear(w.errs)
	w.repos["acme/extra"] = repository("acme/extra", pullRequest(5, "erin"))
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"extra-pr-5", "gateway-pr-1", "gateway-pr-3", "shop-pr-7"}, s.ask(t, ordinary).names(t)); diff != "" {
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
			w := newWorld()
			s := ready(t, w, func(o *generator.Options) { o.Repositories = tt.patterns })
			got := s.ask(t, ordinary)
			if len(tt.forbidden) == 0 {
				if diff := cmp.Diff(allNames, got.names(t)); diff != "" {
					t.Error(diff)
				}
			} else if got.code != http.StatusServiceUnavailable {
				t.Errorf("answered %d, though nothing says that what is forbidden had no environment", got.code)
			}
			verbose := s.get(t, "/readyz?verbose").body
			for _, repo := range []string{"acme/shop", "acme/gateway"} {
				forbidden := slices.Contains(tt.forbidden, repo)
				told := strings.Contains(verbose, repo+": never read: --repositories doesn't allow this repository")
				if (w.read[repo] == 0) != forbidden || told != forbidden {
					t.Errorf("%s: forbidden %v, read %d times, and /readyz says:\n%s", repo, forbidden, w.read[repo], verbose)
				}
			}
		})
	}
}

func TestARepositoryThatIsForbiddenLaterKeepsWhatItHad(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, keep := remembering(t)
	ready(t, w, keep)
	w.set(func() { clear(w.read) })
	s := ready(t, w, keep, func(o *generator.Options) { o.Repositories = []string{"acme/shop"} })
	if diff := cmp.Diff(allNames, s.ask(t, ordinary).names(t)); diff != "" || w.read["acme/gateway"] != 0 {
		t.Errorf("read %d times: %s", w.read["acme/gateway"], diff)
	}
}

func TestProtectedNamespacesAreNobodys(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld(), func(o *generator.Options) { o.Protected = []string{"preview-gateway-pr-2"} })
	if diff := cmp.Diff([]string{"gateway-pr-1", "shop-pr-7"}, s.ask(t, ordinary).names(t)); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatOthersHaveInTheClusterAreHeld(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.taken = map[string]string{"preview-shop-pr-7": "made by hand"}
	w.takenErr = errors.New("the API server is away")
	s := ready(t, w, func(o *generator.Options) { o.Cluster = cluster{w} })
	if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable || !strings.Contains(got.message(t), "the cluster was never read: the API server is away") {
		t.Errorf("before the cluster was read: %d %s", got.code, got.body)
	}
	w.takenErr = nil
	s.Refresh(t.Context())
	w.takenErr, w.taken = errors.New("away again"), nil
	s.Refresh(t.Context())
	if diff := cmp.Diff([]string{"gateway-pr-1", "gateway-pr-2"}, s.ask(t, ordinary).names(t)); diff != "" {
		t.Error(diff)
	}
	if got := s.get(t, "/readyz?verbose").body; !strings.Contains(got, "[-] cluster: away again\n") {
		t.Errorf("/readyz says:\n%s", got)
	}
	if got := s.get(t, "/api/v1/decisions?repository=acme/shop&number=7").body; !strings.Contains(got, "made by hand") {
		t.Errorf("the decision doesn't say whose it is: %s", got)
	}
}

func TestACancelledRefreshChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := ready(t, w)
	want, verbose := s.ask(t, ordinary).body, s.get(t, "/readyz?verbose").body
	ctx, cancel := cancelled(t)
	defer cancel()
	w.treeErr = ctx.Err()
	w.errs["acme/shop"], w.errs["acme/gateway"] = ctx.Err(), ctx.Err()
	s.Refresh(ctx)
	if diff := cmp.Diff(want, s.ask(t, ordinary).body); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(verbose, s.get(t, "/readyz?verbose").body); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyGitHubGivesAnEmptyList(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.repos = map[string]preview.Repository{"acme/gateway": repository("acme/gateway"), "acme/shop": repository("acme/shop")}
	got := ready(t, w).ask(t, ordinary)
	if got.code != http.StatusOK || got.body != `{"output":{"parameters":[]}}` {
		t.Errorf("%d %s", got.code, got.body)
	}
}

func TestBodiesAreIdenticalWhileNothingChanged(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := ready(t, w)
	first, filtered := s.ask(t, ordinary), s.ask(t, `{"input":{"parameters":{"owner":"alice"}}}`)
	packed := do(t, s.Handler(), http.MethodPost, execute, ordinary, map[string]string{"Accept-Encoding": "gzip"})
	for i := range 5 {
		w.now = w.now.Add(time.Hour)
		w.tree.Commit = strings.Repeat("a", 39) + string(rune('0'+i)) // an unrelated commit
		for _, r := range w.repos {
			slices.Reverse(r.PullRequests)
		}
		s.Refresh(t.Context())
		if diff := cmp.Diff(first.body, s.ask(t, ordinary).body); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(filtered.body, s.ask(t, `{"input":{"parameters":{"owner":"alice"}}}`).body); diff != "" {
			t.Fatal(diff)
		}
	}
	if len(first.rows(t)) != 3 || len(filtered.rows(t)) != 2 || packed.body != first.body {
		t.Errorf("%d rows, %d filtered, packed the same: %v", len(first.rows(t)), len(filtered.rows(t)), packed.body == first.body)
	}
}

func TestGzipAndPlainBodiesAreEqual(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	plain := s.ask(t, ordinary)
	for header, packed := range map[string]bool{
		"gzip": true, "deflate, gzip;q=1.0": true, "GZIP": true, "gzip; q=0.5": true,
		"identity": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "notgzip": false,
	} {
		got := do(t, s.Handler(), http.MethodPost, execute, ordinary, map[string]string{"Accept-Encoding": header})
		if got.code != http.StatusOK || got.packed != packed || got.body != plain.body {
			t.Errorf("%q: %d, packed %v, equal %v", header, got.code, got.packed, got.body == plain.body)
		}
		if got.header.Get("Vary") != "Accept-Encoding" || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%q: %v", header, got.header)
		}
	}
	if plain.packed || len(plain.rows(t)) != 3 {
		t.Errorf("the plain body is packed, or not whole: %s", plain.body)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameters string
		want             []string
	}{
		{"none asks for all", `{}`, allNames},
		{"null asks for all", `null`, allNames},
		{"an owner", `{"owner":"alice"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"an owner in another case", `{"owner":"ALICE"}`, []string{"gateway-pr-1", "shop-pr-7"}},
		{"a list of owners", `{"owner":["bob","Alice"]}`, allNames},
		{"a list of one", `{"owner":["bob"]}`, []string{"gateway-pr-2"}},
		{"a repository in another case", `{"repository":"ACME/gateway"}`, []string{"gateway-pr-1", "gateway-pr-2"}},
		{"a profile", `{"profile":"full"}`, []string{"gateway-pr-2"}},
		{"a source", `{"source":["pull-request","slot"]}`, allNames},
		{"a source that nothing has", `{"source":"slot"}`, []string{}},
		{"two parameters both hold", `{"owner":["alice","bob"],"repository":"acme/gateway","profile":"changed"}`, []string{"gateway-pr-1"}},
		{"a part of a name is not the name", `{"owner":"ali"}`, []string{}},
	}
	s := ready(t, newWorld())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.ask(t, `{"applicationSetName":"previews","input":{"parameters":`+tt.parameters+`}}`)
			if diff := cmp.Diff(tt.want, got.names(t)); diff != "" {
				t.Error(diff)
			}
			if len(tt.want) == 0 && got.body != `{"output":{"parameters":[]}}` {
				t.Errorf("none is answered as %s", got.body)
			}
		})
	}
}

func TestManyFiltersStayRight(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	for i := range 600 { // more than are kept
		got := s.ask(t, `{"input":{"parameters":{"owner":["`+strings.Repeat("x", i+1)+`","bob"]}}}`)
		if diff := cmp.Diff([]string{"gateway-pr-2"}, got.names(t)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestARowHasEveryKeyAndItsScalarsAreStrings(t *testing.T) {
	t.Parallel()
	w := newWorld()
	ghost := preview.PullRequest{Number: 9, HeadSHA: strings.Repeat("0", 39) + "9", Labels: []string{"preview"}, HeadRepositoryID: 7, BaseRepositoryID: 7}
	w.repos["acme/gateway"] = repository("acme/Gateway", pullRequest(1, "alice", "preview", "1234567"), ghost)
	body := ready(t, w).ask(t, ordinary).body
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
	rows := ready(t, newWorld()).ask(t, `{"input":{"parameters":{"repository":"acme/shop"}}}`).rows(t)
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
