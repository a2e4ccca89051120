package replica

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/secret"
)

const (
	realClient = "198.51.100.7:4711"
	peer       = "10.0.0.9:1234" // the address of the connection
)

func newProver(t *testing.T, token string, now time.Time) prover {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return prover{token: file, now: func() time.Time { return now }}
}

func post(t *testing.T, url string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	r.RemoteAddr = peer
	return r
}

// A request has the address of its real client only if a replica has forwarded exactly this request, just now.
func TestForwardedRequestNeedsProof(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	own := newProver(t, "argo-t0ken", now)
	const url = "http://shop.preview.example.dev/webhooks/github?a=b"
	proofOf := func(p prover, listener, url, client string) string {
		r := post(t, url)
		p.sign(r, listener, client)
		return r.Header.Get(proofHeader)
	}
	for _, tt := range []struct {
		name, proof, want string
	}{
		{"a replica", proofOf(own, publicListener, url, realClient), realClient},
		{"no proof", "", peer},
		{"an address alone", realClient, peer},
		{"a made-up proof", "1795996800000 " + realClient + " 00ff", peer},
		{"another token", proofOf(newProver(t, "other", now), publicListener, url, realClient), peer},
		{"another listener", proofOf(own, privateListener, url, realClient), peer},
		{"another path", proofOf(own, publicListener, "http://shop.preview.example.dev/", realClient), peer},
		{"another query", proofOf(own, publicListener, "http://shop.preview.example.dev/webhooks/github", realClient), peer},
		{"another host", proofOf(own, publicListener, "http://x.preview.example.dev/webhooks/github?a=b", realClient), peer},
		{"too old", proofOf(newProver(t, "argo-t0ken", now.Add(-2*time.Minute)), publicListener, url, realClient), peer},
		{"of the future", proofOf(newProver(t, "argo-t0ken", now.Add(2*time.Minute)), publicListener, url, realClient), peer},
		{"no address", proofOf(own, publicListener, url, "localhost"), peer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			request := post(t, url)
			request.Header.Set(proofHeader, tt.proof)
			request.Header.Add(proofHeader, tt.proof)
			var got *http.Request
			r := &Replica{prover: own}
			r.proven(publicListener, http.HandlerFunc(func(_ http.ResponseWriter, passed *http.Request) { got = passed })).
				ServeHTTP(httptest.NewRecorder(), request)
			if got.RemoteAddr != tt.want || isForwarded(got) != (tt.want == realClient) {
				t.Errorf("client %s, forwarded %t, want %s", got.RemoteAddr, isForwarded(got), tt.want)
			}
			if values := got.Header.Values(proofHeader); len(values) > 0 {
				t.Errorf("the handler sees the proof %q", values)
			}
		})
	}
}

// The holder of a Lease is text from outside. Requests go only to an IP address.
func TestAddressInLease(t *testing.T) {
	t.Parallel()
	want := Address{Name: "preview-generator-x", Private: "10.0.0.5:4355", Public: "[fd00::5]:4356"}
	if got, ok := parseAddress(want.String()); !ok || got != want {
		t.Errorf("%+v, %t", got, ok)
	}
	for _, text := range []string{
		"", "x", "x/10.0.0.5:4355", "x/evil.test:80/evil.test:80", "x/10.0.0.5/10.0.0.5", "x/10.0.0.5:0/10.0.0.5:1",
		"x/10.0.0.5:1/10.0.0.5:1/more", "x/user@10.0.0.5:1/10.0.0.5:1",
	} {
		if a, ok := parseAddress(text); ok {
			t.Errorf("%q is the address %+v", text, a)
		}
	}
}
