package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

func TestInvalidBodiesAreRefused(t *testing.T) {
	t.Parallel()
	const notStrings = `input parameter "owner": expected a string or a list of strings`
	const notPluginRequest = "the body isn't a request of Argo CD's plugin generator"
	tests := []struct{ name, body, want string }{
		{"empty", ``, notPluginRequest},
		{"malformed", `{"input":`, notPluginRequest},
		{"null", `null`, notPluginRequest},
		{"null between blanks", " \n null ", notPluginRequest},
		{"an array", `[]`, notPluginRequest},
		{"a text", `"input"`, notPluginRequest},
		{"two objects", `{}{}`, notPluginRequest},
		{"an input that is a list", `{"input":[]}`, notPluginRequest},
		{"parameters that are a list", `{"input":{"parameters":["owner"]}}`, notPluginRequest},
		{"a name that is a number", `{"applicationSetName":7}`, notPluginRequest},
		{"oversized", `{"applicationSetName":"` + strings.Repeat("x", 64<<10) + `"}`, "the body is larger than 64 KiB"},
		{
			"an unknown parameter", `{"input":{"parameters":{"team":"a"}}}`,
			`unknown input parameter "team"; use owner, profile, repository or source`,
		},
		{"a parameter in another case", `{"input":{"parameters":{"Owner":"alice"}}}`, `unknown input parameter "Owner"`},
		{"a parameter that is a number", `{"input":{"parameters":{"owner":7}}}`, notStrings},
		{"a parameter that is null", `{"input":{"parameters":{"owner":null}}}`, notStrings},
		{"a parameter that is an object", `{"input":{"parameters":{"owner":{}}}}`, notStrings},
		{"a list with a number", `{"input":{"parameters":{"owner":["alice",7]}}}`, notStrings},
		{"a list with a null", `{"input":{"parameters":{"owner":["alice",null]}}}`, notStrings},
		{"an empty list", `{"input":{"parameters":{"owner":[]}}}`, notStrings},
	}
	s, unready := testworld.Ready(t, testworld.New()), testworld.NewService(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*testworld.Service{s, unready} {
				got := s.GetParams(t, tt.body)
				if got.Code != http.StatusBadRequest || !strings.HasPrefix(got.Message(t), tt.want) {
					t.Errorf("%d %s", got.Code, got.Body)
				}
			}
		})
	}
}

func TestValidBodiesAreAnswered(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for _, body := range []string{
		testworld.ParamsBody, `{}`, `{"applicationSetName":"previews"}`, `{"applicationSetName":"previews","input":{}}`, `{"input":null}`,
		`{"input":{"parameters":null}}`, `{"applicationSetName":"previews","input":{"parameters":{}},"new":"field"}`,
		"\n\t {} \r\n", `{"applicationSetName":"` + strings.Repeat("x", 64<<10-len(`{"applicationSetName":""}`)) + `"}`,
	} {
		if diff := cmp.Diff(testworld.AllNames, s.GetParams(t, body).Names(t)); diff != "" {
			t.Errorf("%.80s: %s", body, diff)
		}
	}
}

func TestHostileTextIsHarmless(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	pr := testworld.PullRequest(1, "alice", "preview", "</script>\u202e{{ .name }}")
	pr.Title = "\x1b[31m\"}]}}\u202e evil \x00\n{{ fail \"x\" }}"
	pr.Branch = "a/../../\"};drop"
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", pr)
	s := testworld.Ready(t, w)
	row := s.GetParams(t, testworld.ParamsBody).Rows(t)[0]
	got := map[string]any{
		"title": row["title"], "branch": row["branch"], "branch_slug": row["branch_slug"],
		"name": row["name"], "path": row["path"],
	}
	want := map[string]any{
		"title": `[31m"}]}} evil  {{ fail "x" }}`, "branch": `a/../../"};drop`, "branch_slug": "a-drop",
		"name": "gateway-pr-1", "path": "overlays/preview",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all := s.Get(t, "/api/v1/decisions").Body + s.Log.String(); strings.ContainsAny(all, "\x1b\x00\u202e") {
		t.Errorf("control characters in decisions or log: %q", all)
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
		got := testworld.Do(
			t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody,
			map[string]string{"Accept-Encoding": header},
		)
		if got.Code != http.StatusOK || got.Compressed != packed || got.Body != plain.Body {
			t.Errorf("%q: %d, compressed %v, equal %v", header, got.Code, got.Compressed, got.Body == plain.Body)
		}
		if got.Header.Get("Vary") != "Accept-Encoding" || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%q: %v", header, got.Header)
		}
	}
	if plain.Compressed || len(plain.Rows(t)) != 3 {
		t.Errorf("the plain body is compressed or incomplete: %s", plain.Body)
	}
}

func TestKeptAnswersAndCallersAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, testworld.Ready(t, testworld.New()))
	ask := func(body string) {
		testworld.Do(t, s.private, http.MethodPost, testworld.ParamsPath, body, nil)
	}
	long := strings.Repeat("x", 60<<10)
	for i := range 200 {
		ask(fmt.Sprintf(`{"applicationSetName":"set-%d","input":{"parameters":{"owner":"%d%s"}}}`, i, i, long))
	}
	for i := range 1100 {
		ask(fmt.Sprintf(`{"applicationSetName":"more-%d"}`, i))
	}
	if size := s.Published().FilteredSize(); size == 0 || size > 8<<20 {
		t.Errorf("%d bytes of filtered answers are kept", size)
	}
	if n := s.callers.Count(); n != 1000 {
		t.Errorf("%d callers are remembered", n)
	}
}
