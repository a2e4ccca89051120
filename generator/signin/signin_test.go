package signin_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/oidctest"
)

// site is a SignIn with its identity provider and the cookies of one browser.
type site struct {
	*signin.SignIn
	provider *oidctest.Provider
	now      time.Time
	cookies  map[string]string
	log      strings.Builder
}

func newSite(t *testing.T, change ...func(*signin.Options)) *site {
	t.Helper()
	s := &site{now: time.Now(), cookies: map[string]string{}}
	now := func() time.Time { return s.now }
	s.provider = oidctest.New(t, now)
	o := signin.Options{
		URL: &url.URL{Scheme: "https", Host: "previews.example.dev"}, Now: now,
		KnowsGroup: func(group string) bool { return strings.HasPrefix(group, "team-") },
		OIDC: &signin.OIDC{
			Issuer: s.provider.URL, ClientID: oidctest.ClientID, GroupsClaim: "groups", Scopes: []string{"email"},
		},
		Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	s.SignIn = signin.New(o)
	return s
}

// request is a request of the browser with its cookies.
func (s *site) request(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for name, value := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// keep keeps the cookies of a response, as a browser does.
func (s *site) keep(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" ||
			!strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("cookie %s isn't bound to this host and to http: %+v", c.Name, c)
		}
		if c.MaxAge < 0 {
			delete(s.cookies, c.Name)
		} else {
			s.cookies[c.Name] = c.Value
		}
	}
}

// start begins a sign-in and returns the address to which the identity provider sends the browser back.
func (s *site) start(t *testing.T, next string) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.Start(w, s.request("https://previews.example.dev/signin"), next); err != nil {
		t.Fatal(err)
	}
	s.keep(t, w)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.Header.Get("Location")
}

func (s *site) finish(t *testing.T, callback string) (next string, err error) {
	t.Helper()
	w := httptest.NewRecorder()
	next, err = s.Finish(w, s.request(callback))
	s.keep(t, w)
	return next, err
}

func (s *site) person(t *testing.T) (signin.Person, bool) {
	t.Helper()
	return s.Person(s.request("https://previews.example.dev/"))
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.provider.Claims = map[string]any{
		"email": "alice@example.dev", "email_verified": true, "name": "Alice", "groups": []string{"team-a", "other", "team-b"},
	}
	callback := s.start(t, "/previews/shop-pr-7?x=1")
	if _, ok := s.person(t); ok {
		t.Error("a person is signed in before the end of the sign-in")
	}
	next, err := s.finish(t, callback)
	if err != nil || next != "/previews/shop-pr-7?x=1" {
		t.Fatalf("next is %q, error %v", next, err)
	}
	got, ok := s.person(t)
	want := config.Person{Email: "alice@example.dev", Groups: []string{"team-a", "team-b"}}
	if diff := cmp.Diff(want, got.Person); !ok || diff != "" || got.Subject != "u1" || got.Name != "Alice" {
		t.Errorf("signed in %v: %+v\n%s", ok, got, diff)
	}
	s.now = s.now.Add(8*time.Hour - time.Second)
	if _, ok := s.person(t); !ok {
		t.Error("the session ended too early")
	}
	s.now = s.now.Add(time.Second)
	if _, ok := s.person(t); ok {
		t.Error("the session doesn't end after 8 hours")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.finish(t, s.start(t, "/")); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.End(w)
	s.keep(t, w)
	if _, ok := s.person(t); ok || len(s.cookies) > 0 {
		t.Errorf("cookies after signing out: %v", s.cookies)
	}
}

// A wrong answer of the identity provider signs nobody in.
func TestWrongTokensAreRefused(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, change := range map[string]func(*oidctest.Provider){
		"another audience": func(p *oidctest.Provider) { p.Claims = map[string]any{"aud": "grafana"} },
		"another issuer":   func(p *oidctest.Provider) { p.Claims = map[string]any{"iss": "https://evil.example"} },
		"expired":          func(p *oidctest.Provider) { p.Claims = map[string]any{"exp": now.Add(-time.Hour).Unix()} },
		"of another sign-in": func(p *oidctest.Provider) {
			p.Claims = map[string]any{"nonce": "0000"}
		},
		"without a nonce":      func(p *oidctest.Provider) { p.Claims = map[string]any{"nonce": nil} },
		"signed by a stranger": func(p *oidctest.Provider) { p.Foreign = true },
		"without a subject":    func(p *oidctest.Provider) { p.Claims = map[string]any{"sub": ""} },
		"userinfo about another person": func(p *oidctest.Provider) {
			p.UserInfo = map[string]any{"sub": "u2", "email": "admin@example.dev", "email_verified": true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			change(s.provider)
			_, err := s.finish(t, s.start(t, "/"))
			if _, ok := errors.AsType[*signin.Error](err); !ok {
				t.Errorf("the error is %v", err)
			}
			if _, ok := s.person(t); ok || len(s.cookies) > 0 {
				t.Errorf("a session was made: %v", s.cookies)
			}
		})
	}
}

// The callback counts only in the browser that started the sign-in, once, and for 10 minutes.
func TestForeignCallbacksAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(s *site)
		edit   func(callback string) string
		asked  int // requests to the token endpoint
	}{
		"without the browser's cookie": {change: func(s *site) { s.cookies = map[string]string{} }},
		"too late":                     {change: func(s *site) { s.now = s.now.Add(10 * time.Minute) }},
		"another state": {edit: func(c string) string {
			return strings.Replace(c, "state=", "state=x", 1)
		}},
		"no state": {edit: func(c string) string { return strings.Replace(c, "state=", "stat=", 1) }},
		"another code": {edit: func(c string) string {
			return strings.Replace(c, "code=", "code=x", 1)
		}, asked: 1},
		"an error of the provider": {edit: func(c string) string {
			return c + "&error=access_denied&error_description=%3Cscript%3E%E2%80%AE"
		}},
		"a forged cookie": {change: func(s *site) { s.cookies["__Host-previewset-signin"] += "A" }},
		"the session's cookie in its place": {change: func(s *site) {
			s.cookies["__Host-previewset-signin"] = s.cookies["__Host-previewset"]
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			callback := s.start(t, "/")
			if tt.change != nil {
				tt.change(s)
			}
			if tt.edit != nil {
				callback = tt.edit(callback)
			}
			_, err := s.finish(t, callback)
			e, ok := errors.AsType[*signin.Error](err)
			if !ok || strings.ContainsRune(e.Error(), '\u202e') {
				t.Errorf("the error is %q", err)
			}
			if _, ok := s.person(t); ok || s.provider.Count("token") != tt.asked {
				t.Errorf("signed in: %v; the code was sent %d times", ok, s.provider.Count("token"))
			}
		})
	}
}

func TestReplayedCallbackIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	callback := s.start(t, "/")
	stolen := s.cookies["__Host-previewset-signin"]
	if _, err := s.finish(t, callback); err != nil {
		t.Fatal(err)
	}
	s.cookies = map[string]string{}
	if _, err := s.finish(t, callback); err == nil {
		t.Error("the callback was accepted without its cookie")
	}
	s.cookies = map[string]string{"__Host-previewset-signin": stolen}
	if _, err := s.finish(t, callback); err == nil || len(s.cookies) > 0 {
		t.Errorf("the callback was accepted twice: %v", s.cookies)
	}
}

// A cookie counts only as it was sealed, and for its purpose.
func TestForgedSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	started := s.start(t, "/")
	startCookie := s.cookies["__Host-previewset-signin"]
	if _, err := s.finish(t, started); err != nil {
		t.Fatal(err)
	}
	good := s.cookies["__Host-previewset"]
	other := newSite(t)
	if _, err := other.finish(t, other.start(t, "/")); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"empty": "", "another service's": other.cookies["__Host-previewset"], "the start's": startCookie,
		"cut": good[:len(good)-4], "longer": good + "AAAA", "changed": "A" + good[1:], "no base64": "%%%",
		"large": strings.Repeat("A", 5000), "plain": `{"sub":"u1","ends":"2099-01-01T00:00:00Z"}`,
	} {
		s.cookies["__Host-previewset"] = value
		if _, ok := s.person(t); ok && value != good {
			t.Errorf("%s counts as a session", name)
		}
	}
	s.cookies = map[string]string{"previewset": good}
	if _, ok := s.person(t); ok {
		t.Error("a cookie without the prefix counts: another host of the domain could set it")
	}
}

// Sessions outlive a restart only with the same key.
func TestSessionKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("a", 32))
	key, err := secret.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	withKey := func(o *signin.Options) { o.Key = key }
	s, restarted := newSite(t, withKey), newSite(t, withKey)
	if _, err := s.finish(t, s.start(t, "/")); err != nil {
		t.Fatal(err)
	}
	restarted.cookies = s.cookies
	if _, ok := restarted.person(t); !ok {
		t.Error("the session ended with the process")
	}
	write(strings.Repeat("b", 33))
	if _, ok := restarted.person(t); ok {
		t.Error("the session outlives its key")
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	manyGroups := make([]string, 0, 200)
	for i := range 200 {
		manyGroups = append(manyGroups, "team-"+strings.Repeat("x", i%40)+string(rune('a'+i%26)))
	}
	for name, tt := range map[string]struct {
		claims, info map[string]any
		login        string
		want         config.Person
	}{
		"an address that isn't verified": {claims: map[string]any{"email": "a@example.dev", "email_verified": false}},
		"an address without a statement": {claims: map[string]any{"email": "a@example.dev"}},
		"verified as a text": {
			claims: map[string]any{"email": "a@example.dev", "email_verified": "true"},
			want:   config.Person{Email: "a@example.dev"},
		},
		"only in userinfo": {
			info: map[string]any{"sub": "u1", "email": "a@example.dev", "email_verified": true, "groups": "team-a"},
			want: config.Person{Email: "a@example.dev", Groups: []string{"team-a"}},
		},
		"userinfo verifies another address": {
			claims: map[string]any{"email": "a@example.dev"},
			info:   map[string]any{"sub": "u1", "email": "b@example.dev", "email_verified": true},
		},
		"a login": {
			claims: map[string]any{"github": "alice"}, login: "github", want: config.Person{Login: "alice"},
		},
		"a login in another claim":    {claims: map[string]any{"preferred_username": "alice"}},
		"a login with odd characters": {claims: map[string]any{"github": "ali\u202ece"}, login: "github"},
		"groups of other kinds": {
			claims: map[string]any{"groups": []any{1, nil, "team-a", "team-a", map[string]any{}}},
			want:   config.Person{Groups: []string{"team-a"}},
		},
		"groups are an object": {claims: map[string]any{"groups": map[string]any{"team-a": true}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(o *signin.Options) { o.OIDC.LoginClaim = tt.login })
			s.provider.Claims, s.provider.UserInfo = tt.claims, tt.info
			if _, err := s.finish(t, s.start(t, "/")); err != nil {
				t.Fatal(err)
			}
			got, ok := s.person(t)
			if diff := cmp.Diff(tt.want, got.Person); !ok || diff != "" {
				t.Errorf("signed in %v (-want +got):\n%s", ok, diff)
			}
		})
	}
	s := newSite(t)
	s.provider.Claims = map[string]any{"groups": manyGroups, "name": strings.Repeat("é", 5000)}
	if _, err := s.finish(t, s.start(t, strings.Repeat("/x", 249))); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.person(t); !ok || len(got.Groups) == 0 || len(got.Groups) > 50 {
		t.Errorf("signed in %v with %d groups", ok, len(got.Groups))
	}
	if len(s.cookies["__Host-previewset"]) > 3900 {
		t.Error("the cookie is too large for a browser")
	}
}

// A provider that can't be reached at first is asked again.
func TestProviderComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.provider.Config.Handler
	var asked atomic.Int32
	s.provider.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	})
	for range 3 {
		w := httptest.NewRecorder()
		err := s.Start(w, s.request("https://previews.example.dev/signin"), "/")
		if _, ok := errors.AsType[*signin.Error](err); !ok || w.Header().Get("Location") != "" {
			t.Errorf("the error is %v", err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("it was asked %d times within 2 seconds", n)
	}
	s.provider.Config.Handler = good
	s.now = s.now.Add(2 * time.Second)
	if _, err := s.finish(t, s.start(t, "/")); err != nil {
		t.Error(err)
	}
	if _, err := s.finish(t, s.start(t, "/")); err != nil || s.provider.Count("discovery") != 1 {
		t.Errorf("the provider was read %d times, error %v", s.provider.Count("discovery"), err)
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "/previews/a?x=/y": "/previews/a?x=/y", "": "/", "previews": "/", "//evil.example": "/",
		"https://evil.example/": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "/\t/evil.example": "/",
		"javascript:alert(1)": "/", "/a\r\nSet-Cookie: x=y": "/", "///evil.example": "/", "/" + strings.Repeat("a", 600): "/",
		"http:evil.example": "/", "/%": "/",
	} {
		if got := signin.LocalPath(path); got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
	}
}
