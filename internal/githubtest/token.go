package githubtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// token is an accepted token.
type token struct {
	repositories []string  // private repositories that it may read, in lower case; nil means all
	bucket       string    // the quota that it uses
	expires      time.Time // zero means never
	app          int64     // the GitHub App that has the token; 0 for a user's token
}

func (t token) canRead(repo *repository) bool {
	return !repo.private || t.repositories == nil || slices.Contains(t.repositories, strings.ToLower(repo.fullName()))
}

// bearerToken returns the token of a request, which Git sends as the password.
func bearerToken(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token") {
		return strings.TrimSpace(value)
	}
	return ""
}
