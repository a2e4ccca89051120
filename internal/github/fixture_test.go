package github

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

var (
	wantChanges   = preview.Wants{Changes: always}
	wantChecks    = preview.Wants{Checks: always}
	wantApprovals = preview.Wants{Approvals: always}
)

func always(preview.PullRequest) bool { return true }

// startGitHub starts a simulated GitHub with the repository acme/shop and returns its URL.
func startGitHub(t *testing.T) (*githubtest.Server, *githubtest.Repo, string) {
	t.Helper()
	s := githubtest.New()
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return s, s.AddRepository("acme/shop"), ts.URL
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

// newInProcessClient returns a client that uses no network, for tests with simulated time.
func newInProcessClient(t *testing.T, s *githubtest.Server) *Client {
	t.Helper()
	return newClient(t, "http://github.test", Options{Transport: githubtest.Transport{Server: s}})
}

func readShop(t *testing.T, c *Client, wants preview.Wants) preview.Repository {
	t.Helper()
	r, err := c.Repository(t.Context(), "acme/shop", wants)
	if err != nil {
		t.Fatalf("Repository: %v", err)
	}
	return r
}

// readShopError fails the test unless a read fails with the text in its error.
func readShopError(t *testing.T, c *Client, text string) error {
	t.Helper()
	_, err := c.Repository(t.Context(), "acme/shop", preview.Wants{Branches: []string{"main"}})
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Fatalf("error %v, want one with %q", err, text)
	}
	return err
}

func numbersOf(r preview.Repository) []int {
	out := []int{}
	for _, p := range r.PullRequests {
		out = append(out, p.Number)
	}
	return out
}

// numbersUpTo returns 1 to n without the excluded numbers.
func numbersUpTo(n int, excluded ...int) []int {
	out := []int{}
	for i := 1; i <= n; i++ {
		if !slices.Contains(excluded, i) {
			out = append(out, i)
		}
	}
	return out
}

func assertEqual(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func openMany(r *githubtest.Repo, n int) {
	for range n {
		r.Open(githubtest.PullRequest{})
	}
}

// countRequests returns the number of requests with the text in their path.
func countRequests(s *githubtest.Server, text string) (n int) {
	for r, times := range s.Requests() {
		if strings.Contains(r.Path, text) {
			n += times
		}
	}
	return n
}

// newAppKey returns a GitHub App's key in PEM.
func newAppKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}
