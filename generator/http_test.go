package generator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func cancelled(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

func TestTokensAreAskedFor(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, path, authorization, want string }{
		{"no token", "POST", testworld.ParamsPath, " ", "missing bearer token; send Argo CD's token"},
		{"only a scheme", "POST", testworld.ParamsPath, "Bearer", "missing bearer token; send Argo CD's token"},
		{"an empty token", "POST", testworld.ParamsPath, "Bearer ", "missing bearer token; send Argo CD's token"},
		{"a wrong token", "POST", testworld.ParamsPath, "Bearer wrong", "wrong token; send Argo CD's token"},
		{"a part of the token", "POST", testworld.ParamsPath, "Bearer " + testworld.ArgoToken[:5], "wrong token; send Argo CD's token"},
		{"another scheme", "POST", testworld.ParamsPath, "Basic " + testworld.ArgoToken, "wrong token; send Argo CD's token"},
		{"the API token for rows", "POST", testworld.ParamsPath, "Bearer " + APIToken, "wrong token; send Argo CD's token"},
		{"a key that Argo CD didn't find", "POST", testworld.ParamsPath, "Bearer $plugin-token:argocd", "the token starts with $"},
		{"no token for the API", "GET", "/api/v1/environments", " ", "missing bearer token; send the API token"},
		{"Argo CD's token for environments", "GET", "/api/v1/environments", "Bearer " + testworld.ArgoToken, "wrong token; send the API token"},
		{"Argo CD's token for one environment", "GET", "/api/v1/environments/shop-pr-7", "Bearer " + testworld.ArgoToken, "wrong token; send the API token"},
		{"Argo CD's token for decisions", "GET", "/api/v1/decisions", "Bearer " + testworld.ArgoToken, "wrong token; send the API token"},
	}
	s, unready := testworld.Ready(t, testworld.New()), testworld.NewService(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*testworld.Service{s, unready} {
				got := testworld.Do(t, s.Handler(), tt.method, tt.path, testworld.ParamsBody, map[string]string{"Authorization": tt.authorization})
				if got.Code != http.StatusUnauthorized || !strings.HasPrefix(got.Message(t), tt.want) || got.Header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%d %v %s", got.Code, got.Header, got.Body)
				}
			}
		})
	}
}

func TestTheSchemeIsComparedWithoutCase(t *testing.T) {
	t.Parallel()
	got := testworld.Do(t, testworld.Ready(t, testworld.New()).Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Authorization": "bearer " + testworld.ArgoToken})
	if len(got.Rows(t)) != 3 {
		t.Error(got.Body)
	}
}

func TestTheAPIIsOffWithoutItsToken(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.APIToken = nil })
	for _, authorization := range []string{" ", "Bearer ", "Bearer " + APIToken, "Bearer " + testworld.ArgoToken} {
		got := testworld.Do(t, s.Handler(), http.MethodGet, "/api/v1/environments", "", map[string]string{"Authorization": authorization})
		if got.Code != http.StatusUnauthorized || !strings.Contains(got.Message(t), "without the API token") {
			t.Errorf("%q: %d %s", authorization, got.Code, got.Body)
		}
	}
}

func TestBodiesThatAreNotOrdinaryAreRefused(t *testing.T) {
	t.Parallel()
	const notTexts = `input parameter "owner": expected a string or a list of strings`
	const sends = "the body isn't a request of Argo CD's plugin generator"
	tests := []struct{ name, body, want string }{
		{"empty", ``, sends},
		{"malformed", `{"input":`, sends},
		{"null", `null`, sends},
		{"null between blanks", " \n null ", sends},
		{"an array", `[]`, sends},
		{"a text", `"input"`, sends},
		{"two objects", `{}{}`, sends},
		{"an input that is a list", `{"input":[]}`, sends},
		{"parameters that are a list", `{"input":{"parameters":["owner"]}}`, sends},
		{"a name that is a number", `{"applicationSetName":7}`, sends},
		{"oversized", `{"applicationSetName":"` + strings.Repeat("x", 64<<10) + `"}`, "the body is larger than 64 KiB"},
		{"an unknown parameter", `{"input":{"parameters":{"team":"a"}}}`, `unknown input parameter "team"; use owner, profile, repository or source`},
		{"a parameter in another case", `{"input":{"parameters":{"Owner":"alice"}}}`, `unknown input parameter "Owner"`},
		{"a parameter that is a number", `{"input":{"parameters":{"owner":7}}}`, notTexts},
		{"a parameter that is null", `{"input":{"parameters":{"owner":null}}}`, notTexts},
		{"a parameter that is an object", `{"input":{"parameters":{"owner":{}}}}`, notTexts},
		{"a list with a number", `{"input":{"parameters":{"owner":["alice",7]}}}`, notTexts},
		{"a list with a null", `{"input":{"parameters":{"owner":["alice",null]}}}`, notTexts},
		{"an empty list", `{"input":{"parameters":{"owner":[]}}}`, notTexts},
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

func TestBodiesThatAreOrdinary(t *testing.T) {
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

func TestOtherPathsAndMethodsGetAMessageAndNoRedirect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		want         int
	}{
		{"GET", testworld.ParamsPath, 405},
		{"PUT", testworld.ParamsPath, 405},
		{"HEAD", "/livez", 405},
		{"DELETE", "/readyz", 405},
		{"POST", "/api/v1/environments", 405},
		{"POST", testworld.ParamsPath + "/", 404},
		{"GET", testworld.ParamsPath + "/", 404},
		{"POST", "/api/v1/getparams.execute/x", 404},
		{"POST", "/API/V1/GETPARAMS.EXECUTE", 404},
		{"POST", "/" + testworld.ParamsPath, 404},
		{"POST", "/api//v1/getparams.execute", 404},
		{"POST", "/x/../api/v1/getparams.execute", 404},
		{"POST", "/./api/v1/getparams.execute", 404},
		{"POST", "/api/v1/getparams%2Eexecute/", 404},
		{"POST", "/api/v1", 404},
		{"POST", "/", 404},
		{"GET", "/", 404},
		{"GET", "/livez/", 404},
		{"GET", "/api/v1/environments/", 404},
		{"GET", "/api/v1/nothing", 404},
		{"GET", "/favicon.ico", 404},
		{"POST", "/webhooks/github", 404}, // that is for the public listener
	}
	s := testworld.Ready(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			got := testworld.Do(t, s.Handler(), tt.method, tt.path, testworld.ParamsBody, map[string]string{"Accept-Encoding": "gzip"})
			if got.Code != tt.want || got.Header.Get("Location") != "" {
				t.Errorf("%d %v, want %d", got.Code, got.Header, tt.want)
			}
			if message := got.Message(t); tt.want == 405 && !strings.HasSuffix(message, tt.method) {
				t.Error(message)
			}
		})
	}
}

func TestThePublicListenerServesNothingOfThePrivateOne(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for _, path := range []string{testworld.ParamsPath, "/api/v1/environments", "/livez", "/readyz", "/readyz?verbose", "/metrics", "/", "/api/v1/decisions/"} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{testworld.ArgoToken, testworld.APIToken} {
				got := testworld.Do(t, s.PublicHandler(), method, path, testworld.ParamsBody, map[string]string{"Authorization": "Bearer " + token})
				if got.Code != http.StatusNotFound || got.Message(t) != nothingHere {
					t.Errorf("%s %s: %d %s", method, path, got.Code, got.Body)
				}
			}
		}
	}
}

func TestTheAPIShowsEnvironments(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	var all struct {
		Environments []map[string]any `json:"environments"`
	}
	got := s.Get(t, "/api/v1/environments")
	if err := json.Unmarshal([]byte(got.Body), &all); err != nil || got.Code != http.StatusOK || len(all.Environments) != 3 {
		t.Fatalf("%d %v %s", got.Code, err, got.Body)
	}
	for _, e := range all.Environments {
		if d, _ := e["decision"].(map[string]any); d["environment"] != e["name"] || d["outcome"] != "live" {
			t.Errorf("the decision about %v is %v", e["name"], d)
		}
	}
	var one map[string]any
	got = s.Get(t, "/api/v1/environments/shop-pr-7")
	if err := json.Unmarshal([]byte(got.Body), &one); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%d %v %s", got.Code, err, got.Body)
	}
	for key, value := range all.Environments[2] {
		if diff := cmp.Diff(value, one[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	for _, e := range all.Environments {
		delete(e, "decision")
	}
	if diff := cmp.Diff(s.GetParams(t, testworld.ParamsBody).Rows(t), all.Environments); diff != "" {
		t.Error(diff)
	}
	if got := s.Get(t, "/api/v1/environments/shop-pr-8"); got.Code != http.StatusNotFound || !strings.Contains(got.Message(t), "previewctl why") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestTheAPIShowsDecisions(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree.Files["overlays/alice/environment.yaml"] = w.Tree.Files["previewset.yaml"] // of the wrong kind
	s := testworld.Ready(t, w)
	tests := []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{"held file", "live labelled", "live labelled", "live labelled", "held unlabelled"}},
		{"of a repository in any case", "?repository=ACME/shop", []string{"live labelled", "held unlabelled"}},
		{"of one pull request", "?repository=acme/shop&number=8", []string{"held unlabelled"}},
		{"of a number", "?number=1", []string{"live labelled"}},
		{"of nothing", "?repository=acme/none", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got struct {
				Decisions []struct{ Outcome, Rule, Reason, Remedy, Since string } `json:"decisions"`
				Problems  []string                                                `json:"problems"`
			}
			response := s.Get(t, "/api/v1/decisions"+tt.query)
			if err := json.Unmarshal([]byte(response.Body), &got); err != nil || response.Code != http.StatusOK || got.Decisions == nil {
				t.Fatalf("%d %v %s", response.Code, err, response.Body)
			}
			short := []string{}
			for _, d := range got.Decisions {
				short = append(short, d.Outcome+" "+d.Rule)
				if d.Reason == "" || d.Since == "" || (d.Outcome == "held" && d.Remedy == "") {
					t.Errorf("a decision says not why, since when or what to do: %+v", d)
				}
			}
			if diff := cmp.Diff(tt.want, short); diff != "" {
				t.Error(diff)
			}
			if len(got.Problems) == 0 || !strings.HasPrefix(got.Problems[0], "overlays/alice/environment.yaml:") {
				t.Errorf("problems are %q", got.Problems)
			}
		})
	}
	if got := s.Get(t, "/api/v1/decisions?number=seven"); got.Code != http.StatusBadRequest || got.Message(t) == "" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	s := testworld.NewService(t, testworld.New())
	if got := s.Get(t, "/livez"); got.Code != http.StatusOK || got.Body != "ok\n" {
		t.Errorf("/livez: %d %s", got.Code, got.Body)
	}
	if got := s.Get(t, "/readyz"); got.Code != http.StatusServiceUnavailable || got.Body != "not ready: nothing has been read yet\n" {
		t.Errorf("/readyz: %d %s", got.Code, got.Body)
	}
	s.Refresh(t.Context())
	if got := testworld.Do(t, s.Handler(), http.MethodGet, "/readyz", "", map[string]string{"Authorization": " "}); got.Code != http.StatusOK || got.Body != "ok\n" {
		t.Errorf("/readyz: %d %s", got.Code, got.Body)
	}
	want := "[+] snapshot: ok\n[+] config branch at 0000000000000000000000000000000000000001: ok\n" +
		"[+] cluster: none; names of other Applications are unknown\n" +
		"[+] activity: not measured; every environment counts as used\n" +
		"[+] acme/gateway: read 0s ago: ok\n[+] acme/shop: read 0s ago: ok\n"
	if diff := cmp.Diff(want, s.Get(t, "/readyz?verbose").Body); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicDisclosesNothing(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	panics := false
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if panics {
				panic("the s3cret reason")
			}
			return w.Clock()
		}
	})
	panics = true
	got := s.Get(t, "/readyz?verbose")
	if got.Code != http.StatusInternalServerError || got.Message(t) != "internal error; see the service's log" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if logged := s.Log.String(); !strings.Contains(logged, "the s3cret reason") || !strings.Contains(logged, "api.(*API).getReady") {
		t.Errorf("the log doesn't say what panicked where: %s", logged)
	}
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.Code, got.Body)
	}
}

func TestAnErrorThatTheCallerIsNotToldIsLogged(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	var broken error
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if broken != nil {
				panic(broken)
			}
			return w.Clock()
		}
	})
	broken = fmt.Errorf("the s3cret reason: %w", syscall.EPIPE) // gin makes an error of a broken connection's panic
	if got := s.Get(t, "/readyz?verbose"); got.Code != http.StatusInternalServerError || got.Message(t) != "internal error; see the service's log" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if logged := s.Log.String(); !strings.Contains(logged, "the s3cret reason") {
		t.Errorf("the log says nothing: %s", logged)
	}
}

func TestHostileTextIsOnlyText(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	pr := testworld.PullRequest(1, "alice", "preview", "</script>\u202e{{ .name }}")
	pr.Title = "\x1b[31m\"}]}}\u202e evil \x00\n{{ fail \"x\" }}"
	pr.Branch = "a/../../\"};drop"
	w.Repositories["acme/gateway"] = testworld.Repository("acme/Gateway", pr)
	s := testworld.Ready(t, w)
	row := s.GetParams(t, testworld.ParamsBody).Rows(t)[0]
	got := map[string]any{"title": row["title"], "branch": row["branch"], "branch_slug": row["branch_slug"], "name": row["name"], "path": row["path"]}
	want := map[string]any{
		"title": `[31m"}]}} evil  {{ fail "x" }}`, "branch": `a/../../"};drop`, "branch_slug": "a-drop",
		"name": "gateway-pr-1", "path": "overlays/preview",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all := s.Get(t, "/api/v1/decisions").Body + s.Log.String(); strings.ContainsAny(all, "\x1b\x00\u202e") {
		t.Errorf("control characters go on to people: %q", all)
	}
}
