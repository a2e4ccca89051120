package rest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/githubtest"
)

// startGitHub starts a simulated GitHub with one pull request in acme/shop and returns its URL.
func startGitHub(t *testing.T) (*githubtest.Server, string) {
	t.Helper()
	s := newGitHub()
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return s, ts.URL
}

func newGitHub() *githubtest.Server {
	s := githubtest.New()
	s.AddRepository("acme/shop").Open(githubtest.PullRequest{})
	return s
}

// newClient returns a client with the token "secret", unless the options have credentials.
func newClient(t *testing.T, url string, o Options) *Client {
	t.Helper()
	o.BaseURL = url
	if o.App == nil && o.Token == nil {
		o.Token = func() (string, error) { return "secret", nil }
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// getPulls reads the list of pull requests.
func getPulls(t *testing.T, c *Client) error {
	t.Helper()
	var pulls []struct{ Number int }
	_, err := c.Get(t.Context(), "repos/acme/shop/pulls?state=open", "", &pulls)
	if err == nil && len(pulls) != 1 {
		t.Errorf("%d pull requests, want 1", len(pulls))
	}
	return err
}

// getPullsError fails the test unless a read fails with the text in its error.
func getPullsError(t *testing.T, c *Client, text string) error {
	t.Helper()
	err := getPulls(t, c)
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Fatalf("error %v, want one with %q", err, text)
	}
	return err
}

// newAppKey returns a GitHub App's key and its PEM text.
func newAppKey(t *testing.T) (key *rsa.PrivateKey, text []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return key, pem.EncodeToMemory(block)
}

// newApp returns the installation 8 of the App 7.
func newApp(key []byte) *App {
	return &App{ID: 7, Installation: 8, Key: func() ([]byte, error) { return key, nil }}
}

func assertEqual(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// tokenRequest is the request for an App's token.
var tokenRequest = githubtest.Request{
	Method: http.MethodPost, Path: "/app/installations/8/access_tokens", Status: http.StatusCreated,
}
