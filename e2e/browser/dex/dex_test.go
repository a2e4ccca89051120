// Package dex tests the sign-in of the previews page at a real dex (https://dexidp.io), without a browser.
//
// It is dex 2.13, the newest version that can be a dependency: later ones have tags that don't fit their module's path. It
// ignores PKCE, which internal/oidctest and the browser's tests check.
package dex

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// With the test connector of dex, each sign-in is one of this person. The person has one group.
const (
	email = "kilgore@kilgore.trout"
	group = "authors"
)

// site is a service with its previews page, and the dex that signs people in there.
type site struct {
	world   *testworld.World
	url     string
	dex     *httptest.Server
	cookies map[string]string // of the browser
}

// newSite starts both. The roles of access.yaml are for a group. Tokens of dex are valid for a time; 0 is a day.
func newSite(t *testing.T, viewers string, valid time.Duration) *site {
	t.Helper()
	own := httptest.NewUnstartedServer(nil)
	u := &url.URL{Scheme: "http", Host: own.Listener.Addr().String()}
	dex := newDex(t, u.JoinPath(signin.CallbackPath).String(), valid)
	w := testworld.New()
	w.Now = time.Now()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(
		"apiVersion: previewset.dev/v1alpha1\nkind: Access\nviewer: {groups: [" + viewers + "]}\n")}
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Pages = &generator.Pages{URL: u, OIDC: &signin.OIDC{
			Issuer: dex.URL, ClientID: "previewset", ClientSecret: testworld.NewSecret(t, "secret of previewset"),
			Scopes: []string{"profile", "email", "groups"}, GroupsClaim: "groups",
		}}
		o.Logger = slog.New(slog.DiscardHandler)
	})
	own.Config.Handler = s.PublicHandler()
	own.Start()
	t.Cleanup(own.Close)
	return &site{world: w, url: u.String(), dex: dex, cookies: map[string]string{}}
}

// newDex starts dex with two clients: previewset, and another application of the company.
func newDex(t *testing.T, callback string, valid time.Duration) *httptest.Server {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/dexidp/dex").Output()
	if err != nil {
		t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	store := storage.WithStaticConnectors(memory.New(log), []storage.Connector{{ID: "mock", Type: "mockCallback", Name: "Example"}})
	store = storage.WithStaticClients(store, []storage.Client{
		{ID: "previewset", Secret: "secret of previewset", Name: "PreviewSet", RedirectURIs: []string{callback}},
		{ID: "grafana", Secret: "secret of grafana", Name: "Grafana", RedirectURIs: []string{callback, "http://grafana.example/login"}},
	})
	listening := httptest.NewUnstartedServer(nil)
	provider, err := server.NewServer(t.Context(), server.Config{
		Issuer: "http://" + listening.Listener.Addr().String(), Storage: store, SkipApprovalScreen: true,
		IDTokensValidFor: valid, Logger: log, PrometheusRegistry: prometheus.NewRegistry(),
		Web: server.WebConfig{Dir: filepath.Join(strings.TrimSpace(string(folder)), "web")},
	})
	if err != nil {
		t.Fatal(err)
	}
	listening.Config.Handler = provider
	listening.Start()
	t.Cleanup(listening.Close)
	return listening
}

// send sends a request with the browser's cookies to the generator, and keeps the new ones. It follows no redirect.
func (s *site) send(t *testing.T, method, address, form, origin string) (code int, location, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
	}
	if strings.HasPrefix(address, s.url) {
		for name, value := range s.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, c := range response.Cookies() {
		if c.MaxAge < 0 {
			delete(s.cookies, c.Name)
		} else {
			s.cookies[c.Name] = c.Value
		}
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := response.Location(); err == nil {
		location = to.String()
	}
	return response.StatusCode, location, string(content)
}

// start begins a sign-in, and returns the address of dex to which the generator sends the browser.
func (s *site) start(t *testing.T) (authorize string) {
	t.Helper()
	_, authorize, _ = s.send(t, http.MethodGet, s.url+signin.StartPath, "", "")
	if !strings.HasPrefix(authorize, s.dex.URL) {
		t.Fatalf("the generator leads to %q", authorize)
	}
	return authorize
}

// atDex follows dex's redirects until it sends the browser back to the generator.
func (s *site) atDex(t *testing.T, address string) (callback string) {
	t.Helper()
	for range 10 {
		code, next, body := s.send(t, http.MethodGet, address, "", "")
		if strings.HasPrefix(next, s.url) {
			return next
		}
		if next == "" {
			t.Fatalf("dex answers %d: %s", code, body)
		}
		address = next
	}
	t.Fatal("dex redirects without end")
	return ""
}

// list asks for the list of previews.
func (s *site) list(t *testing.T) (code int, body string) {
	t.Helper()
	code, _, body = s.send(t, http.MethodGet, s.url+"/", "", "")
	return code, body
}

// wantRefused checks that no session begins after a callback.
func (s *site) wantRefused(t *testing.T, callback string) {
	t.Helper()
	if code, _, body := s.send(t, http.MethodGet, callback, "", ""); code != http.StatusForbidden {
		t.Errorf("the callback is answered with %d: %s", code, body)
	}
	if code, body := s.list(t); code == http.StatusOK || strings.Contains(body, "shop-pr-7") {
		t.Errorf("a session began: %d", code)
	}
}

// change returns an address with other parameters.
func change(t *testing.T, address string, parameters map[string]string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, value := range parameters {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func TestSignInAtDex(t *testing.T) {
	t.Parallel()
	s := newSite(t, group, 0)
	if code, _ := s.list(t); code != http.StatusSeeOther {
		t.Errorf("without a sign-in: %d", code)
	}
	if code, next, body := s.send(t, http.MethodGet, s.atDex(t, s.start(t)), "", ""); code != http.StatusSeeOther || next != s.url+"/" {
		t.Fatalf("%d, next %q: %s", code, next, body)
	}
	code, body := s.list(t)
	if code != http.StatusOK || !strings.Contains(body, "shop-pr-7") || !strings.Contains(body, email) {
		t.Errorf("%d %s", code, body)
	}
}

// The group of the person has no role.
func TestPersonWithoutARoleAtDex(t *testing.T) {
	t.Parallel()
	s := newSite(t, "platform", 0)
	s.send(t, http.MethodGet, s.atDex(t, s.start(t)), "", "")
	if code, body := s.list(t); code != http.StatusForbidden || strings.Contains(body, "shop-pr-7") || !strings.Contains(body, email) {
		t.Errorf("%d %s", code, body)
	}
}

func TestAttacksAtDex(t *testing.T) {
	t.Parallel()
	t.Run("a code for another audience", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 0)
		s.wantRefused(t, s.atDex(t, change(t, s.start(t), map[string]string{"client_id": "grafana"})))
	})
	t.Run("an expired token", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 30*time.Second)
		callback := s.atDex(t, s.start(t))
		s.world.AdvanceClock(time.Minute)
		s.wantRefused(t, callback)
	})
	t.Run("a replayed callback", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 0)
		callback := s.atDex(t, s.start(t))
		stolen := maps.Clone(s.cookies)
		s.send(t, http.MethodGet, callback, "", "")
		s.cookies = stolen
		s.wantRefused(t, callback)
	})
	t.Run("the callback of another person's sign-in", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 0)
		foreign := s.atDex(t, s.start(t))
		s.cookies = map[string]string{}
		s.start(t)
		s.wantRefused(t, foreign)
	})
	t.Run("the token of another sign-in", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 0)
		s.wantRefused(t, s.atDex(t, change(t, s.start(t), map[string]string{"nonce": "0000"})))
	})
	t.Run("a code of another dex", func(t *testing.T) {
		t.Parallel()
		s, other := newSite(t, group, 0), newSite(t, group, 0)
		foreign, err := url.Parse(other.atDex(t, other.start(t)))
		if err != nil {
			t.Fatal(err)
		}
		s.wantRefused(t, change(t, s.atDex(t, s.start(t)), map[string]string{"code": foreign.Query().Get("code")}))
	})
	t.Run("a form of a foreign origin", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, group, 0)
		s.send(t, http.MethodGet, s.atDex(t, s.start(t)), "", "")
		code, _, _ := s.send(t, http.MethodPost, s.url+signin.EndPath, "token=x", "https://evil.example")
		if code != http.StatusForbidden {
			t.Errorf("the form is answered with %d", code)
		}
		if code, _ := s.list(t); code != http.StatusOK {
			t.Errorf("the foreign form has signed the person out: %d", code)
		}
	})
}
