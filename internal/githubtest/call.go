package githubtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// call is one request on its way to a handler. The handler holds the lock of the state.
type call struct {
	change  change // the state, and the changes that the handler makes to it
	request *http.Request
	prefix  string // "/api/v3" if the client used it
	key     string // the token that the client sent, or ""
	token   token
}

// decode reads a request's JSON body into v. An empty body leaves v unchanged.
func (c *call) decode(v any) *answer {
	d := json.NewDecoder(http.MaxBytesReader(nil, c.request.Body, 1<<20))
	if err := d.Decode(v); err != nil && c.request.ContentLength != 0 {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// value returns a part of the path, by its name in routes.go.
func (c *call) value(name string) string { return c.request.PathValue(name) }

func (c *call) number(name string) int {
	n, _ := strconv.Atoi(c.value(name))
	return n
}

func (c *call) query(name, otherwise string) string {
	if v := c.request.URL.Query().Get(name); v != "" {
		return v
	}
	return otherwise
}

// withPath returns a copy of the request with another path, which is given escaped.
func withPath(r *http.Request, escaped string) *http.Request {
	r2 := r.Clone(r.Context())
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return r
	}
	r2.URL.Path, r2.URL.RawPath = path, escaped
	return r2
}
