package rest

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestTokenRotation(t *testing.T) {
	t.Parallel()
	s, url := startGitHub(t)
	s.AllowToken("one")
	s.AllowToken("two")
	s.Repository("acme/shop").SetPrivate(true)
	var token atomic.Value
	token.Store("one")
	c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string) + "\n", nil }})
	if err := getPulls(t, c); err != nil {
		t.Error(err)
	}
	s.RevokeToken("one")
	getPullsError(t, c, "check the token")
	token.Store("two")
	if err := getPulls(t, c); err != nil {
		t.Error(err)
	}
	token.Store(" ")
	getPullsError(t, c, "the GitHub token is empty")
}

func TestGitHubApp(t *testing.T) {
	t.Parallel()
	key, text := newAppKey(t)
	s, url := startGitHub(t)
	s.AllowApp(7, 8, &key.PublicKey, "acme/shop")
	s.Repository("acme/shop").SetPrivate(true)
	c := newClient(t, url+"/api/v3", Options{App: newApp(text)})
	for range 2 {
		if err := getPulls(t, c); err != nil {
			t.Error(err)
		}
	}
	assertEqual(t, 1, s.Requests()[tokenRequest])
	s.Inject(githubtest.Fault{Match: `pulls`, Times: 1, Status: http.StatusUnauthorized}) // the token was revoked
	getPullsError(t, c, "GitHub rejects the credentials")
	if err := getPulls(t, c); err != nil {
		t.Error(err)
	}
	assertEqual(t, 2, s.Requests()[tokenRequest])
}

func TestWrongAppIsAnError(t *testing.T) {
	t.Parallel()
	key, text := newAppKey(t)
	s, url := startGitHub(t)
	s.AllowApp(7, 8, &key.PublicKey, "acme/shop")
	for name, tc := range map[string]struct {
		change func(*App)
		want   string
	}{
		"ID":           {func(a *App) { a.ID = 9 }, "check the App's ID"},
		"installation": {func(a *App) { a.Installation = 9 }, "check the App's ID"},
		"key":          {func(a *App) { *a = *newApp([]byte("no key")); a.ID = 7 }, "isn't an RSA private key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApp(text)
			tc.change(app)
			getPullsError(t, newClient(t, url, Options{App: app}), tc.want)
		})
	}
}

func TestRedirectToAnotherHostIsRefused(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(other.Close)
	ts := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusMovedPermanently))
	t.Cleanup(ts.Close)
	getPullsError(t, newClient(t, ts.URL, Options{}), "it isn't the configured GitHub")
	assertEqual(t, int32(0), requests.Load())
}
