package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator"
)

// Each wrong combination of flags is named.
func TestPageSettings(t *testing.T) {
	t.Parallel()
	const (
		page   = "--pages-url=https://previews.example.dev"
		issuer = "--oidc-issuer=https://id.example.dev"
		client = "--oidc-client-id=previewset"
		proxy  = "--sign-in-secret-file=/p"
	)
	for name, tt := range map[string]struct {
		args  []string
		names string // the flag that the error names; empty if there is none
	}{
		"OpenID Connect":            {[]string{page, issuer, client}, ""},
		"a proxy":                   {[]string{page, proxy}, ""},
		"a proxy for wake pages":    {[]string{proxy}, ""},
		"loopback without TLS":      {[]string{"--pages-url=http://127.0.0.1:8080/", proxy}, ""},
		"no way to sign in":         {[]string{page}, "--oidc-issuer"},
		"no page":                   {[]string{issuer, client}, "--pages-url"},
		"no client":                 {[]string{page, issuer}, "--oidc-client-id"},
		"no issuer":                 {[]string{page, client}, "--oidc-issuer"},
		"plain http":                {[]string{"--pages-url=http://previews.example.dev", proxy}, "--pages-url"},
		"a path":                    {[]string{"--pages-url=https://example.dev/previews", proxy}, "--pages-url"},
		"a user":                    {[]string{"--pages-url=https://a@example.dev", proxy}, "--pages-url"},
		"no address":                {[]string{"--pages-url=previews.example.dev", proxy}, "--pages-url"},
		"a login without its proxy": {[]string{"--sign-in-login-header=X-Login"}, "--sign-in-login-header"},
		"a secret without issuer":   {[]string{page, proxy, "--oidc-client-secret-file=/s"}, "--oidc-client-secret-file"},
	} {
		_, err := parse(append(tt.args, "--config-repo=https://git.example/x", "--token-file=/t"), none)
		if (err == nil) != (tt.names == "") || err != nil && !strings.Contains(err.Error(), tt.names) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPagesOptions(t *testing.T) {
	t.Parallel()
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	s := pageSettings{
		url: "https://Previews.example.dev:443/", issuer: "https://id.example.dev", clientID: "c", clientSecret: write("secret"),
		sessionKeyFile: write(strings.Repeat("k", 32)), scopes: list{"email"}, groupsClaim: "g", loginClaim: "l",
	}
	var o generator.Options
	if err := s.apply(&o); err != nil {
		t.Fatal(err)
	}
	got := o.Pages.OIDC
	if o.Pages.URL.String() != "https://previews.example.dev" || got.Issuer != s.issuer || got.ClientSecret.Value() != "secret" ||
		got.GroupsClaim != "g" || got.LoginClaim != "l" || len(got.Scopes) != 1 || o.Pages.Key == nil {
		t.Errorf("pages %+v, provider %+v", o.Pages, got)
	}
	s.sessionKeyFile = write("short")
	if err := s.apply(&o); err == nil || !strings.Contains(err.Error(), "--session-key-file") {
		t.Errorf("a short key: %v", err)
	}
}
