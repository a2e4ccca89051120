package githubtest

import (
	"crypto/rsa"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// credentials are the tokens and GitHub Apps that the server accepts.
type credentials struct {
	clock *clock

	mu         sync.Mutex
	restricted bool // unknown tokens are refused
	tokens     map[string]token
	apps       map[int64]app // by installation
	tokenCount int           // number of created installation tokens
}

// app is an installation of a GitHub App.
type app struct {
	issuer       string         // the App's ID
	key          *rsa.PublicKey // nil accepts any signature
	repositories []string
}

func newCredentials(c *clock) *credentials {
	return &credentials{clock: c, tokens: map[string]token{}, apps: map[int64]app{}}
}

// AllowToken accepts the token, and from now on refuses unknown tokens. The token reads the named private
// repositories, or all if none is named.
func (k *credentials) AllowToken(value string, repositories ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.restricted = true
	k.tokens[value] = token{repositories: lowerCase(repositories), bucket: "token " + value}
}

// RevokeToken makes the token invalid.
func (k *credentials) RevokeToken(value string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.tokens, value)
}

// AllowApp accepts JWTs of the GitHub App for one of its installations, signed with the key; a nil key accepts any
// signature. The installation's tokens read the named private repositories, or all if none is named.
func (k *credentials) AllowApp(id, installation int64, key *rsa.PublicKey, repositories ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.restricted = true
	k.apps[installation] = app{issuer: strconv.FormatInt(id, 10), key: key, repositories: lowerCase(repositories)}
}

func lowerCase(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, strings.ToLower(n))
	}
	return out
}

// authenticate returns the token with the value. If the server refuses the request, it returns an answer.
func (k *credentials) authenticate(r *http.Request, value string) (token, *answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch t, known := k.tokens[value]; {
	case strings.HasPrefix(r.URL.Path, "/app/"):
		return token{bucket: "app"}, nil // the handler checks the JWT
	case !k.restricted && value == "":
		return token{bucket: "anonymous"}, nil
	case !k.restricted:
		return token{bucket: "token " + value}, nil
	case value == "":
		return anonymousToken(r)
	case !known, !t.expires.IsZero() && k.clock.now().After(t.expires):
		return token{}, problem(http.StatusUnauthorized, "Bad credentials")
	default:
		return t, nil
	}
}

// anonymousToken lets callers without a token read public repositories only.
func anonymousToken(r *http.Request) (token, *answer) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return token{}, problem(http.StatusUnauthorized, "Requires authentication")
	}
	return token{repositories: []string{}, bucket: "anonymous"}, nil
}

// createInstallationToken answers POST /app/installations/ID/access_tokens.
func (k *credentials) createInstallationToken(c *call) *answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	installation, now := int64(c.number("installation")), k.clock.now()
	a, known := k.apps[installation]
	if !known && len(k.apps) > 0 {
		return notFound()
	}
	if err := checkJWT(c.key, a.issuer, a.key, now); err != nil {
		return problem(http.StatusUnauthorized, err.Error())
	}
	k.tokenCount++
	value := "ghs_" + digest("installation", c.value("installation"), strconv.Itoa(k.tokenCount))[:36]
	expires := now.Add(time.Hour)
	appID, _ := strconv.ParseInt(a.issuer, 10, 64)
	bucket := fmt.Sprintf("installation %d", installation)
	k.tokens[value] = token{repositories: a.repositories, bucket: bucket, expires: expires, app: appID}
	return reply(http.StatusCreated, object{
		"token": value, "expires_at": stamp(expires), "repository_selection": "selected",
		"permissions": object{
			"metadata": "read", "pull_requests": "write", "contents": "read", "checks": "write", "statuses": "write",
			"deployments": "write",
		},
	})
}
