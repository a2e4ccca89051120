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
		{"no token", "POST", execute, " ", "missing bearer token; send Argo CD's token"},
		{"only a scheme", "POST", execute, "Bearer", "missing bearer token; send Argo CD's token"},
		{"an empty token", "POST", execute, "Bearer ", "missing bearer token; send Argo CD's token"},
		{"a wrong token", "POST", execute, "Bearer wrong", "wrong token; send Argo CD's token"},
		{"a part of the token", "POST", execute, "Bearer " + argoToken[:5], "wrong token; send Argo CD's token"},
		{"another scheme", "POST", execute, "Basic " + argoToken, "wrong token; send Argo CD's token"},
		{"the API token for rows", "POST", execute, "Bearer " + apiToken, "wrong token; send Argo CD's token"},
		{"a key that Argo CD didn't find", "POST", execute, "Bearer $plugin-token:argocd", "the token starts with $"},
		{"no token for the API", "GET", "/api/v1/environments", " ", "missing bearer token; send the API token"},
		{"Argo CD's token for environments", "GET", "/api/v1/environments", "Bearer " + argoToken, "wrong token; send the API token"},
		{"Argo CD's token for one environment", "GET", "/api/v1/environments/shop-pr-7", "Bearer " + argoToken, "wrong token; send the API token"},
		{"Argo CD's token for decisions", "GET", "/api/v1/decisions", "Bearer " + argoToken, "wrong token; send the API token"},
	}
	s, unready := ready(t, newWorld()), newService(t, newWorld())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*service{s, unready} {
				got := do(t, s.Handler(), tt.method, tt.path, ordinary, map[string]string{"Authorization": tt.authorization})
				if got.code != http.StatusUnauthorized || !strings.HasPrefix(got.message(t), tt.want) || got.header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%d %v %s", got.code, got.header, got.body)
				}
			}
		})
	}
}

func TestTheSchemeIsComparedWithoutCase(t *testing.T) {
	t.Parallel()
	got := do(t, ready(t, newWorld()).Handler(), http.MethodPost, execute, ordinary, map[string]string{"Authorization": "bearer " + argoToken})
	if len(got.rows(t)) != 3 {
		t.Error(got.body)
	}
}

func TestTheAPIIsOffWithoutItsToken(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld(), func(o *generator.Options) { o.APIToken = nil })
	for _, authorization := range []string{" ", "Bearer ", "Bearer " + apiToken, "Bearer " + argoToken} {
		got := do(t, s.Handler(), http.MethodGet, "/api/v1/environments", "", map[string]string{"Authorization": authorization})
		if got.code != http.StatusUnauthorized || !strings.Contains(got.message(t), "without the API token") {
			t.Errorf("%q: %d %s", authorization, got.code, got.body)
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
	s, unready := ready(t, newWorld()), newService(t, newWorld())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*service{s, unready} {
				got := s.ask(t, tt.body)
				if got.code != http.StatusBadRequest || !strings.HasPrefix(got.message(t), tt.want) {
					t.Errorf("%d %s", got.code, got.body)
				}
			}
		})
	}
}

func TestBodiesThatAreOrdinary(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	for _, body := range []string{
		ordinary, `{}`, `{"applicationSetName":"previews"}`, `{"applicationSetName":"previews","input":{}}`, `{"input":null}`,
		`{"input":{"parameters":null}}`, `{"applicationSetName":"previews","input":{"parameters":{}},"new":"field"}`,
		"\n\t {} \r\n", `{"applicationSetName":"` + strings.Repeat("x", 64<<10-len(`{"applicationSetName":""}`)) + `"}`,
	} {
		if diff := cmp.Diff(allNames, s.ask(t, body).names(t)); diff != "" {
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
		{"GET", execute, 405},
		{"PUT", execute, 405},
		{"HEAD", "/livez", 405},
		{"DELETE", "/readyz", 405},
		{"POST", "/api/v1/environments", 405},
		{"POST", execute + "/", 404},
		{"GET", execute + "/", 404},
		{"POST", "/api/v1/getparams.execute/x", 404},
		{"POST", "/API/V1/GETPARAMS.EXECUTE", 404},
		{"POST", "/" + execute, 404},
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
	s := ready(t, newWorld())
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			got := do(t, s.Handler(), tt.method, tt.path, ordinary, map[string]string{"Accept-Encoding": "gzip"})
			if got.code != tt.want || got.header.Get("Location") != "" {
				t.Errorf("%d %v, want %d", got.code, got.header, tt.want)
			}
			if message := got.message(t); tt.want == 405 && !strings.HasSuffix(message, tt.method) {
				t.Error(message)
			}
		})
	}
}

func TestThePublicListenerServesNothingOfThePrivateOne(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	for _, path := range []string{execute, "/api/v1/environments", "/livez", "/readyz", "/readyz?verbose", "/metrics", "/", "/api/v1/decisions/"} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{argoToken, apiToken} {
				got := do(t, s.PublicHandler(), method, path, ordinary, map[string]string{"Authorization": "Bearer " + token})
				if got.code != http.StatusNotFound || got.message(t) != nothingHere {
					t.Errorf("%s %s: %d %s", method, path, got.code, got.body)
				}
			}
		}
	}
}

func TestTheAPIShowsEnvironments(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	var all struct {
		Environments []map[string]any `json:"environments"`
	}
	got := s.get(t, "/api/v1/environments")
	if err := json.Unmarshal([]byte(got.body), &all); err != nil || got.code != http.StatusOK || len(all.Environments) != 3 {
		t.Fatalf("%d %v %s", got.code, err, got.body)
	}
	for _, e := range all.Environments {
		if d, _ := e["decision"].(map[string]any); d["environment"] != e["name"] || d["outcome"] != "live" {
			t.Errorf("the decision about %v is %v", e["name"], d)
		}
	}
	var one map[string]any
	got = s.get(t, "/api/v1/environments/shop-pr-7")
	if err := json.Unmarshal([]byte(got.body), &one); err != nil || got.code != http.StatusOK {
		t.Fatalf("%d %v %s", got.code, err, got.body)
	}
	for key, value := range all.Environments[2] {
		if diff := cmp.Diff(value, one[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	for _, e := range all.Environments {
		delete(e, "decision")
	}
	if diff := cmp.Diff(s.ask(t, ordinary).rows(t), all.Environments); diff != "" {
		t.Error(diff)
	}
	if got := s.get(t, "/api/v1/environments/shop-pr-8"); got.code != http.StatusNotFound || !strings.Contains(got.message(t), "previewctl why") {
		t.Errorf("%d %s", got.code, got.body)
	}
}

func TestTheAPIShowsDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.tree.Files["overlays/alice/environment.yaml"] = w.tree.Files["previewset.yaml"] // of the wrong kind
	s := ready(t, w)
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
			response := s.get(t, "/api/v1/decisions"+tt.query)
			if err := json.Unmarshal([]byte(response.body), &got); err != nil || response.code != http.StatusOK || got.Decisions == nil {
				t.Fatalf("%d %v %s", response.code, err, response.body)
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
	if got := s.get(t, "/api/v1/decisions?number=seven"); got.code != http.StatusBadRequest || got.message(t) == "" {
		t.Errorf("%d %s", got.code, got.body)
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	s := newService(t, newWorld())
	if got := s.get(t, "/livez"); got.code != http.StatusOK || got.body != "ok\n" {
		t.Errorf("/livez: %d %s", got.code, got.body)
	}
	if got := s.get(t, "/readyz"); got.code != http.StatusServiceUnavailable || got.body != "not ready: nothing has been read yet\n" {
		t.Errorf("/readyz: %d %s", got.code, got.body)
	}
	s.Refresh(t.Context())
	if got := do(t, s.Handler(), http.MethodGet, "/readyz", "", map[string]string{"Authorization": " "}); got.code != http.StatusOK || got.body != "ok\n" {
		t.Errorf("/readyz: %d %s", got.code, got.body)
	}
	want := "[+] snapshot: ok\n[+] config branch at 0000000000000000000000000000000000000001: ok\n" +
		"[+] cluster: none; names of other Applications are unknown\n" +
		"[+] activity: not measured; every environment counts as used\n" +
		"[+] acme/gateway: read 0s ago: ok\n[+] acme/shop: read 0s ago: ok\n"
	if diff := cmp.Diff(want, s.get(t, "/readyz?verbose").body); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicDisclosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	panics := false
	s := ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if panics {
				panic("the s3cret reason")
			}
			return w.clock()
		}
	})
	panics = true
	got := s.get(t, "/readyz?verbose")
	if got.code != http.StatusInternalServerError || got.message(t) != "internal error; see the service's log" {
		t.Errorf("%d %s", got.code, got.body)
	}
	if logged := s.log.String(); !strings.Contains(logged, "the s3cret reason") || !strings.Contains(logged, "api.(*API).getReady") {
		t.Errorf("the log doesn't say what panicked where: %s", logged)
	}
	if got := s.ask(t, ordinary); got.code != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.code, got.body)
	}
}

func TestAnErrorThatTheCallerIsNotToldIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var broken error
	s := ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if broken != nil {
				panic(broken)
			}
			return w.clock()
		}
	})
	broken = fmt.Errorf("the s3cret reason: %w", syscall.EPIPE) // gin makes an error of a broken connection's panic
	if got := s.get(t, "/readyz?verbose"); got.code != http.StatusInternalServerError || got.message(t) != "internal error; see the service's log" {
		t.Errorf("%d %s", got.code, got.body)
	}
	if logged := s.log.String(); !strings.Contains(logged, "the s3cret reason") {
		t.Errorf("the log says nothing: %s", logged)
	}
}

func TestHostileTextIsOnlyText(t *testing.T) {
	t.Parallel()
	w := newWorld()
	pr := pullRequest(1, "alice", "preview", "</script>\u202e{{ .name }}")
	pr.Title = "\x1b[31m\"}]}}\u202e evil \x00\n{{ fail \"x\" }}"
	pr.Branch = "a/../../\"};drop"
	w.repos["acme/gateway"] = repository("acme/Gateway", pr)
	s := ready(t, w)
	row := s.ask(t, ordinary).rows(t)[0]
	got := map[string]any{"title": row["title"], "branch": row["branch"], "branch_slug": row["branch_slug"], "name": row["name"], "path": row["path"]}
	want := map[string]any{
		"title": `[31m"}]}} evil  {{ fail "x" }}`, "branch": `a/../../"};drop`, "branch_slug": "a-drop",
		"name": "gateway-pr-1", "path": "overlays/preview",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all := s.get(t, "/api/v1/decisions").body + s.log.String(); strings.ContainsAny(all, "\x1b\x00\u202e") {
		t.Errorf("control characters go on to people: %q", all)
	}
}
