package api_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/testworld"
)

func TestWrongTokensAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, path, authorization, want string }{
		{"no token", "POST", testworld.ParamsPath, " ", "missing bearer token; send Argo CD's token"},
		{"only a scheme", "POST", testworld.ParamsPath, "Bearer", "missing bearer token; send Argo CD's token"},
		{"an empty token", "POST", testworld.ParamsPath, "Bearer ", "missing bearer token; send Argo CD's token"},
		{"a wrong token", "POST", testworld.ParamsPath, "Bearer wrong", "wrong token; send Argo CD's token"},
		{"a part of the token", "POST", testworld.ParamsPath, "Bearer " + testworld.ArgoToken[:5], "wrong token; send Argo CD's token"},
		{"another scheme", "POST", testworld.ParamsPath, "Basic " + testworld.ArgoToken, "wrong token; send Argo CD's token"},
		{"the API token for rows", "POST", testworld.ParamsPath, "Bearer " + testworld.APIToken, "wrong token; send Argo CD's token"},
		{"a key that Argo CD didn't find", "POST", testworld.ParamsPath, "Bearer $plugin-token:argocd", "the token starts with $"},
		{"no token for the API", "GET", "/api/v1/environments", " ", "missing bearer token; send the API token"},
		{"Argo CD's token for environments", "GET", "/api/v1/environments", "Bearer " + testworld.ArgoToken, "wrong token; send the API token"},
		{
			"Argo CD's token for one environment", "GET", "/api/v1/environments/shop-pr-7", "Bearer " + testworld.ArgoToken,
			"wrong token; send the API token",
		},
		{"Argo CD's token for decisions", "GET", "/api/v1/decisions", "Bearer " + testworld.ArgoToken, "wrong token; send the API token"},
	}
	s, unready := testworld.Ready(t, testworld.New()), testworld.NewService(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*testworld.Service{s, unready} {
				got := testworld.Do(t, s.Handler(), tt.method, tt.path, testworld.ParamsBody, map[string]string{"Authorization": tt.authorization})
				if got.Code != http.StatusUnauthorized || !strings.HasPrefix(got.Message(t), tt.want) ||
					got.Header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%d %v %s", got.Code, got.Header, got.Body)
				}
			}
		})
	}
}

func TestSchemeIsCaseInsensitive(t *testing.T) {
	t.Parallel()
	got := testworld.Do(
		t, testworld.Ready(t, testworld.New()).Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody,
		map[string]string{"Authorization": "bearer " + testworld.ArgoToken},
	)
	if len(got.Rows(t)) != 3 {
		t.Error(got.Body)
	}
}

func TestAPIIsOffWithoutToken(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.APIToken = nil })
	for _, authorization := range []string{" ", "Bearer ", "Bearer " + testworld.APIToken, "Bearer " + testworld.ArgoToken} {
		got := testworld.Do(t, s.Handler(), http.MethodGet, "/api/v1/environments", "", map[string]string{"Authorization": authorization})
		if got.Code != http.StatusUnauthorized || !strings.Contains(got.Message(t), "without the API token") {
			t.Errorf("%q: %d %s", authorization, got.Code, got.Body)
		}
	}
}

func TestRotatedTokenCountsAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, testworld.ArgoToken)
	token, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Token = token })
	ask := func(token string) int {
		return testworld.DoAs(t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, token).Code
	}
	if got := ask(testworld.ArgoToken); got != http.StatusOK {
		t.Errorf("before: %d", got)
	}
	writeFile(t, path, "the next token")
	if old, next := ask(testworld.ArgoToken), ask("the next token"); old != http.StatusUnauthorized || next != http.StatusOK {
		t.Errorf("after rotation: old token %d, new token %d", old, next)
	}
	writeFile(t, path, "")
	if next, none := ask("the next token"), ask(""); next != http.StatusOK || none != http.StatusUnauthorized {
		t.Errorf("with an empty file: last token %d, empty token %d", next, none)
	}
}

func TestTokensAreNeverLogged(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	s.GetParams(t, testworld.ParamsBody)
	testworld.Do(
		t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody,
		map[string]string{"Authorization": "Bearer almost-" + testworld.ArgoToken},
	)
	if logged := s.Log.String(); strings.Contains(logged, testworld.ArgoToken) || !strings.Contains(logged, "decision changed") {
		t.Error(logged)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
