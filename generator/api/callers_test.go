package api_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/oidctest"
)

// access has the tokens "viewing", "secret" and "other".
const access = `apiVersion: previewset.dev/v1alpha1
kind: Access
tokens:
  dashboard: {role: viewer, sha256: 094cc176f5f18334d1da293fdca2569385c158fed3705d2ceb62ff822d5335bc}
  ci: {role: developer, sha256: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b}
  root: {role: admin, sha256: d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa}
`

func newWorldWithTokens() *testworld.World {
	w := testworld.New()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	return w
}

// request is a request to the API and the status code if it is allowed.
type request struct {
	method, path, body string
	allowed            int
}

func requests() map[string]request {
	return map[string]request{
		"list":      {http.MethodGet, "/api/v1/environments", "", http.StatusOK},
		"one":       {http.MethodGet, "/api/v1/environments/shop-pr-7", "", http.StatusOK},
		"decisions": {http.MethodGet, "/api/v1/decisions", "", http.StatusOK},
		"facts":     {http.MethodGet, "/api/v1/facts", "", http.StatusOK},
		"sleep":     {http.MethodPost, "/api/v1/environments/shop-pr-7/sleep", "", http.StatusAccepted},
		"other":     {http.MethodPost, "/api/v1/environments/gateway-pr-1/sleep", "", http.StatusAccepted},
		"confirm":   {http.MethodPost, "/api/v1/confirm", `{"environments": ["shop-pr-7"]}`, http.StatusNotFound},
		"rows":      {http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, http.StatusOK},
	}
}

// Tokens of access.yaml allow what their role allows, and never rows.
func TestTokensOfAccess(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, newWorldWithTokens())
	for token, may := range map[string]string{
		"viewing": "list one decisions facts", "secret": "list one decisions facts sleep other",
		"other": "list one decisions facts sleep other confirm",
	} {
		for name, r := range requests() {
			got := testworld.DoAs(t, s.Handler(), r.method, r.path, r.body, token)
			isAllowed := got.Code == r.allowed
			if want := strings.Contains(" "+may+" ", " "+name+" "); isAllowed != want {
				t.Errorf("%s as %s: %d %s", name, token, got.Code, got.Body)
			}
		}
	}
	if log := s.Log.String(); !strings.Contains(log, `"caller":"ci"`) || strings.Contains(log, `"secret"`) {
		t.Error("the log doesn't name the token ci, or has the token itself")
	}
}

// A token that the file doesn't list any more is refused at once.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	w := newWorldWithTokens()
	s := testworld.Ready(t, w)
	w.Change(func() { w.Tree = testworld.Tree(2, testworld.Policy) })
	s.Refresh(t.Context())
	if got := testworld.DoAs(t, s.Handler(), http.MethodGet, "/api/v1/environments", "", "other"); got.Code != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", got.Code)
	}
}

// workflow returns the claims of a workflow's token, with changes.
func workflow(changes map[string]any) map[string]any {
	c := map[string]any{
		"aud": "previewset", "repository": "Acme/Shop", "repository_id": "11", "actor": "alice", "sub": "repo:acme/shop:ref",
		"exp": testworld.Start.Add(time.Hour).Unix(), "iat": testworld.Start.Unix(),
	}
	maps.Copy(c, changes)
	return c
}

// Workflows of configured repositories may change the previews of their own pull requests.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	shop := w.Repositories["acme/shop"]
	shop.ID = 11
	w.Repositories["acme/shop"] = shop
	issuer := oidctest.New(t, w.Clock)
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Workflows = signin.NewWorkflows(issuer.URL, "previewset", w.Clock)
	})
	for name, tt := range map[string]struct {
		claims map[string]any
		want   map[string]int // by request
	}{
		"own repository":                   {nil, map[string]int{"list": 200, "sleep": 202, "other": 403, "confirm": 403, "rows": 401}},
		"another audience":                 {map[string]any{"aud": "other"}, map[string]int{"list": 401}},
		"another issuer":                   {map[string]any{"iss": "https://token.actions.githubusercontent.com"}, map[string]int{"list": 401}},
		"expired":                          {map[string]any{"exp": testworld.Start.Add(-time.Minute).Unix()}, map[string]int{"list": 401}},
		"a repository of a stranger":       {map[string]any{"repository": "evil/shop"}, map[string]int{"list": 403}},
		"another repository with the name": {map[string]any{"repository_id": "12"}, map[string]int{"list": 403}},
		"no repository":                    {map[string]any{"repository": nil}, map[string]int{"list": 401}},
		"no identity":                      {map[string]any{"repository_id": nil}, map[string]int{"list": 401}},
		"zero as identity":                 {map[string]any{"repository_id": "0"}, map[string]int{"list": 401}},
	} {
		claims := workflow(map[string]any{"iss": issuer.URL})
		maps.Copy(claims, tt.claims)
		token, err := issuer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		for request, want := range tt.want {
			r := requests()[request]
			if got := testworld.DoAs(t, s.Handler(), r.method, r.path, r.body, token); got.Code != want {
				t.Errorf("%s, %s: %d %s", name, request, got.Code, got.Body)
			}
		}
	}
	issuer.Foreign = true
	token, _ := issuer.Sign(workflow(map[string]any{"iss": issuer.URL}))
	for _, bad := range []string{token, "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."} {
		if got := testworld.DoAs(t, s.Handler(), http.MethodGet, "/api/v1/environments", "", bad); got.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", bad, got.Code)
		}
	}
	if !strings.Contains(s.Log.String(), "a workflow of Acme/Shop, started by alice") {
		t.Error("the log doesn't say which workflow")
	}
}
