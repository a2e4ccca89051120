package githubtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTokensLimitReading(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddRepository("acme/open")
	g.AddRepository("acme/closed").SetPrivate(true)
	g.AllowToken("all")
	g.AllowToken("some", "acme/other")
	g.expect(200, g.get("/repos/acme/open"))
	g.expect(404, g.get("/repos/acme/closed"))
	g.expect(200, g.get("/repos/acme/closed", as("all")...))
	g.expect(404, g.get("/repos/acme/closed/pulls", as("some")...))
	diff(t, true, strings.Contains(g.expect(401, g.get("/repos/acme/open", as("wrong")...)).body, "Bad credentials"))
	g.expect(401, g.do("POST", "/repos/acme/open/statuses/x", "{}"))
	g.RevokeToken("all")
	g.expect(401, g.get("/repos/acme/open", as("all")...))
}

func TestAppTokens(t *testing.T) {
	t.Parallel()
	g := start(t)
	now := time.Now()
	var mu sync.Mutex
	g.SetClock(func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	key, other := newKey(t), newKey(t)
	g.AddRepository("acme/shop").SetPrivate(true)
	g.AllowApp(7, 8, &key.PublicKey)
	good := map[string]any{"iss": "7", "exp": now.Unix() + 300}
	for name, tc := range map[string]struct {
		jwt    string
		status int
	}{
		"the App's key":     {signed(t, key, "RS256", good), 201},
		"another key":       {signed(t, other, "RS256", good), 401},
		"another App":       {signed(t, key, "RS256", map[string]any{"iss": 9, "exp": now.Unix() + 300}), 401},
		"no issuer":         {signed(t, key, "RS256", map[string]any{"exp": now.Unix() + 300}), 401},
		"expired":           {signed(t, key, "RS256", map[string]any{"iss": 7, "exp": now.Unix() - 1}), 401},
		"valid too long":    {signed(t, key, "RS256", map[string]any{"iss": 7, "exp": now.Unix() + 3600}), 401},
		"another algorithm": {signed(t, key, "none", good), 401},
		"no JWT":            {"x", 401},
	} {
		if got := g.do("POST", "/app/installations/8/access_tokens", "", as(tc.jwt)...); got.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.status, tc.status, got.body)
		}
	}
	created := g.do("POST", "/app/installations/8/access_tokens", "", as(signed(t, key, "RS256", good))...)
	token := parse[struct{ Token string }](t, created).Token
	g.expect(200, g.get("/repos/acme/shop", as(token)...))
	g.expect(404, g.do("POST", "/app/installations/9/access_tokens", "", as(signed(t, key, "RS256", good))...))
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	g.expect(401, g.get("/repos/acme/shop", as(token)...))
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, key *rsa.PrivateKey, alg string, claims map[string]any) string {
	t.Helper()
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(encode(v)) }
	text := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}
