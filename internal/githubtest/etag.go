package githubtest

import (
	"net/http"
	"strings"
)

// addETag adds the ETag to an answer, and turns the answer into a 304 if the client already has it. As on GitHub, the
// ETag depends on the token, on the address and on everything in the body.
func addETag(c *call, a *answer) {
	if c.request.Method != http.MethodGet || a.status != http.StatusOK {
		return
	}
	if a.version == "" {
		a.version = string(a.body)
	}
	etag := `W/"` + digest(c.key, c.request.URL.RequestURI(), a.header.Get("Link"), a.version) + `"`
	a.header.Set("ETag", etag)
	a.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	a.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With")
	for have := range strings.SplitSeq(c.request.Header.Get("If-None-Match"), ",") {
		have = strings.TrimSpace(have)
		if have == "*" || strings.TrimPrefix(have, "W/") == strings.TrimPrefix(etag, "W/") {
			a.status, a.body, a.render = http.StatusNotModified, nil, nil
			a.header.Del("Content-Type")
			return
		}
	}
}
