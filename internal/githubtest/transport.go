package githubtest

import (
	"net/http"
	"net/http/httptest"
)

// Transport sends requests to a server without a network, so that time can be simulated too.
type Transport struct{ Server *Server }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	t.Server.ServeHTTP(rec, req.Clone(req.Context()))
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}
