package rest

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	gh "github.com/google/go-github/v62/github"
)

// notFoundCause names the possible causes of status 404. GitHub answers it for a missing object, and for one that the
// credentials don't see.
func (c *Client) notFoundCause(err error) string {
	var response *gh.ErrorResponse
	header := http.Header{}
	if errors.As(err, &response) && response.Response != nil {
		header = response.Response.Header
	}
	switch {
	case isPage(header):
		return "the answer is a web page; " + c.addressRemedy()
	case c.options.App != nil:
		return "it doesn't exist, or the GitHub App isn't installed for it"
	case c.options.Token == nil:
		return "it doesn't exist or is private; private repositories need a token"
	case header.Get("X-GitHub-SSO") != "":
		return "the token isn't authorized for the organization's single sign-on; authorize it in GitHub's token settings"
	case lacksRepoScope(header):
		return "it doesn't exist, or it is private and the token lacks the scope repo"
	}
	return "it doesn't exist, or the token has no access to it"
}

// addressRemedy says how to correct the API's address, for an answer that isn't of GitHub's API.
func (c *Client) addressRemedy() string {
	root := c.base.Scheme + "://" + c.base.Host
	if c.base.Host == "github.com" || c.base.Host == "www.github.com" {
		return c.base.String() + " isn't GitHub's API; leave out --github-url"
	}
	if !strings.HasSuffix(c.base.Path, "/api/v3/") && !strings.HasPrefix(c.base.Host, "api.") {
		return c.base.String() + " isn't GitHub's API; for GitHub Enterprise Server use --github-url=" + root + "/api/v3/"
	}
	return "check --github-url and proxies: " + c.base.String() + " doesn't lead to GitHub's API"
}

// isPage reports whether an answer is a web page. All answers of GitHub's API are JSON.
func isPage(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

// lacksRepoScope reports whether a classic token can't read private repositories. Other tokens have no scopes.
func lacksRepoScope(h http.Header) bool {
	scopes, ok := h["X-Oauth-Scopes"]
	return ok && !slices.ContainsFunc(strings.Split(strings.Join(scopes, ","), ","), func(scope string) bool {
		return strings.TrimSpace(scope) == "repo"
	})
}
