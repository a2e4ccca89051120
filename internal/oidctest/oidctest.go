// Package oidctest is an identity provider for tests and the demo (OpenID Connect, authorisation code with PKCE). It signs everybody
// in as its User at once. A test can let it send wrong tokens.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ClientID is the only client of the provider.
const ClientID = "previewset"

// Provider is the identity provider.
type Provider struct {
	*httptest.Server
	// Claims are the claims of the user in the ID token. Sub, iss, aud, exp, iat and nonce have correct values unless they
	// are here.
	Claims map[string]any
	// People may sign in: a page asks for one of them. Without them everybody signs in with Claims, without a question.
	People []Person
	// UserInfo are the claims that the userinfo endpoint answers; nil if the provider has no such endpoint.
	UserInfo map[string]any
	// Foreign signs ID tokens with a key that the provider doesn't publish.
	Foreign bool

	mu     sync.Mutex
	codes  map[string]url.Values // the requests of codes that weren't used yet
	key    *ecdsa.PrivateKey
	now    func() time.Time
	counts map[string]int
}

// Person is a person who may sign in.
type Person struct {
	// Text describes the person on the page of the provider.
	Text string
	// Claims are the claims in the person's ID token.
	Claims map[string]any
}

// choice is the page on which the user chooses a person. Its links repeat the client's request.
var choice = template.Must(template.New("choice").Parse(`<!doctype html>
<html lang="en"><title>Choose a person</title><meta name="viewport" content="width=device-width, initial-scale=1">
<body style="font: 1.1rem/2 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem">
<h1>Sign in as</h1><ul>{{range .}}<li><a href="{{.Address}}">{{.Text}}</a></li>{{end}}</ul></body></html>
`))

// New starts a provider, which ends with the test.
func New(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	p, err := Start(now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Start starts a provider, which ends with Close.
func Start(now func() time.Time) (*Provider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &Provider{key: key, now: now, codes: map[string]url.Values{}, counts: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	p.Server = httptest.NewServer(mux)
	return p, nil
}

// Count returns how often an endpoint, such as "token", was asked.
func (p *Provider) Count(endpoint string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[endpoint]
}

func (p *Provider) count(endpoint string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[endpoint]++
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.count("discovery")
	d := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "response_types_supported": []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	}
	if p.UserInfo != nil {
		d["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	answer(w, http.StatusOK, d)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{
		Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}},
	})
}

// choose asks for a person.
func (p *Provider) choose(w http.ResponseWriter, q url.Values) {
	type link struct{ Address, Text string }
	var links []link
	for i, person := range p.People {
		q.Set("person", strconv.Itoa(i))
		links = append(links, link{"/authorize?" + q.Encode(), person.Text})
	}
	_ = choice.Execute(w, links)
}

// claimsOf returns the claims of the person that a request has chosen.
func (p *Provider) claimsOf(q url.Values) map[string]any {
	if i, err := strconv.Atoi(q.Get("person")); err == nil && i >= 0 && i < len(p.People) {
		return p.People[i].Claims
	}
	return p.Claims
}

// authorize signs the user in, after the choice of a person if there are several.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "invalid request", http.StatusBadRequest)
		return
	}
	if len(p.People) > 0 && !q.Has("person") {
		p.choose(w, q)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "invalid redirect_uri", http.StatusBadRequest)
		return
	}
	to.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther) //nolint:gosec // G710: a test's provider knows no clients
}

// token exchanges a code once, for the client that has the verifier.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.count("token")
	code := r.PostFormValue("code")
	p.mu.Lock()
	q, known := p.codes[code]
	delete(p.codes, code)
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	isSame := base64.RawURLEncoding.EncodeToString(sum[:]) == q.Get("code_challenge") &&
		r.PostFormValue("redirect_uri") == q.Get("redirect_uri")
	if !known || !isSame {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": p.URL, "aud": ClientID, "sub": "u1", "nonce": q.Get("nonce"), "iat": p.now().Unix(),
		"exp": p.now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, p.claimsOf(q))
	token, err := p.Sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": token})
}

// Sign returns a token with these claims.
func (p *Provider) Sign(claims map[string]any) (string, error) {
	key := p.key
	if p.Foreign {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return "", err
		}
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil,
	)
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(content)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer access" {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	answer(w, http.StatusOK, p.UserInfo)
}
