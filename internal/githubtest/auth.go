package githubtest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// token is what an accepted token may do.
type token struct {
	repositories []string  // private ones that it may read, lower case; nil: all
	bucket       string    // whose quota it uses
	expires      time.Time // zero: never
}

// app is an installation of a GitHub App.
type app struct {
	issuer       string
	key          *rsa.PublicKey
	repositories []string
}

// AllowToken accepts a token, and from now on no unknown one. It reads the private repositories named, or all if none is.
func (s *Server) AllowToken(value string, repositories ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restricted = true
	s.tokens[value] = token{repositories: lower(repositories), bucket: "token " + value}
}

// RevokeToken accepts the token no longer.
func (s *Server) RevokeToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, value)
}

// AllowApp accepts JWTs of the App for one of its installations, signed by the key; with a nil key any signature. The
// installation's tokens read the private repositories named, or all if none is.
func (s *Server) AllowApp(id, installation int64, key *rsa.PublicKey, repositories ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restricted = true
	s.apps[installation] = app{issuer: strconv.FormatInt(id, 10), key: key, repositories: lower(repositories)}
}

func lower(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, strings.ToLower(n))
	}
	return out
}

func bearer(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token") {
		return strings.TrimSpace(value)
	}
	return ""
}

// authenticate says who calls; an answer means that they may not.
func (s *Server) authenticate(c *call) *answer {
	if strings.HasPrefix(c.r.URL.Path, "/app/") {
		c.token = token{bucket: "app"}
		return nil // the handler checks the JWT
	}
	c.token = token{bucket: "anonymous"}
	if !s.restricted {
		if c.key != "" {
			c.token.bucket = "token " + c.key
		}
		return nil
	}
	if c.key == "" {
		return s.anonymous(c)
	}
	t, known := s.tokens[c.key]
	if !known || (!t.expires.IsZero() && s.now().After(t.expires)) {
		return problem(http.StatusUnauthorized, "Bad credentials")
	}
	c.token = t
	return nil
}

// anonymous callers may read what is public.
func (s *Server) anonymous(c *call) *answer {
	c.token.repositories = []string{}
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return problem(http.StatusUnauthorized, "Requires authentication")
	}
	return nil
}

func (t token) reads(repo *repository) bool {
	return !repo.private || t.repositories == nil || slices.Contains(t.repositories, strings.ToLower(repo.fullName()))
}

// createInstallationToken is POST /app/installations/ID/access_tokens.
func (s *Server) createInstallationToken(c *call) *answer {
	installation := int64(c.number("installation"))
	a, known := s.apps[installation]
	if !known && len(s.apps) > 0 {
		return notFound()
	}
	if err := s.checkJWT(c.key, a); err != nil {
		return problem(http.StatusUnauthorized, err.Error())
	}
	value := "ghs_" + digest("installation", c.value("installation"), strconv.FormatInt(s.newID(), 10))[:36]
	expires := s.now().Add(time.Hour)
	s.tokens[value] = token{repositories: a.repositories, bucket: fmt.Sprintf("installation %d", installation), expires: expires}
	return reply(http.StatusCreated, object{
		"token": value, "expires_at": stamp(expires), "repository_selection": "selected",
		"permissions": object{"metadata": "read", "pull_requests": "read", "contents": "read", "checks": "read", "statuses": "read"},
	})
}

func (s *Server) checkJWT(text string, a app) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return fmt.Errorf("A JSON web token could not be decoded") //nolint:staticcheck // GitHub's words
	}
	var header struct{ Alg string }
	var claims struct {
		Iss any
		Exp int64
	}
	if decodePart(parts[0], &header) != nil || decodePart(parts[1], &claims) != nil || header.Alg != "RS256" {
		return fmt.Errorf("A JSON web token could not be decoded") //nolint:staticcheck // GitHub's words
	}
	issuer := fmt.Sprint(claims.Iss)
	if f, ok := claims.Iss.(float64); ok {
		issuer = strconv.FormatInt(int64(f), 10)
	}
	if claims.Iss == nil || (a.issuer != "" && issuer != a.issuer) {
		return fmt.Errorf("'Issuer' claim ('iss') must be an Integer")
	}
	if now := s.now().Unix(); claims.Exp <= now || claims.Exp > now+600 {
		return fmt.Errorf("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	}
	return verify(a.key, parts)
}

func decodePart(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func verify(key *rsa.PublicKey, parts []string) error {
	if key == nil {
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return fmt.Errorf("A JSON web token could not be decoded") //nolint:staticcheck // GitHub's words
	}
	return nil
}
