package rest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNotFoundNamesTheCausesThatApply(t *testing.T) {
	t.Parallel()
	token := func() (string, error) { return "secret", nil }
	const missing, page = `{"message":"Not Found"}`, "<html>login</html>"
	json := func(more ...string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = []string{more[i+1]}
		}
		return h
	}
	for name, tt := range map[string]struct {
		path    string
		options Options
		header  http.Header
		status  int
		body    string
		want    string
		wantNot string
	}{
		"a token": {"/", Options{Token: token}, json(), 404, missing, "the token has no access", "App"},
		"a token that sees private repositories": {
			"/", Options{Token: token}, json("X-Oauth-Scopes", "read:org, repo"), 404, missing, "the token has no access", "scope",
		},
		"a token for public repositories": {
			"/", Options{Token: token}, json("X-Oauth-Scopes", "public_repo"), 404, missing, "lacks the scope repo", "no access",
		},
		"a token without single sign-on": {
			"/",
			Options{Token: token},
			json("X-Github-Sso", "required; url=https://github.com"), 404, missing,
			"single sign-on", "exist",
		},
		"no token":                   {"/", Options{}, json(), 404, missing, "need a token", "App"},
		"a page without /api/v3":     {"/", Options{Token: token}, http.Header{}, 404, page, "/api/v3/", "token"},
		"a login without /api/v3":    {"/", Options{Token: token}, http.Header{}, 200, page, "/api/v3/", "token"},
		"a page of a proxy's":        {"/api/v3", Options{Token: token}, http.Header{}, 404, page, "check --github-url", "exist"},
		"an object that isn't there": {"/api/v3", Options{Token: token}, json(), 404, missing, "doesn't exist", "--github-url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				maps.Copy(w.Header(), tt.header)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			tt.options.BaseURL = server.URL + tt.path
			c, err := New(tt.options)
			if err != nil {
				t.Fatal(err)
			}
			var v any
			_, err = c.Get(t.Context(), "repos/acme/shop", "", &v)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), tt.wantNot) {
				t.Errorf("error %v, want %q and not %q", err, tt.want, tt.wantNot)
			}
		})
	}
}

func TestNotFoundNamesTheApp(t *testing.T) {
	t.Parallel()
	c := &Client{options: Options{App: &App{}}}
	if got := c.notFoundCause(nil); !strings.Contains(got, "App isn't installed") {
		t.Error(got)
	}
}
