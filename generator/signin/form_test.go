package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/signin"
)

func formRequest(token, origin, site string) *http.Request {
	body := url.Values{signin.FormField: {token}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "https://previews.example.dev/signout", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	return r
}

// A form counts only from the person's own page, with the token of the person's own session.
func TestForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.finish(t, s.start(t, "/")); err != nil {
		t.Fatal(err)
	}
	alice, _ := s.person(t)
	if _, err := s.finish(t, s.start(t, "/")); err != nil {
		t.Fatal(err)
	}
	later, _ := s.person(t)
	token := s.FormToken(alice)
	if again := s.FormToken(alice); again == token {
		t.Error("two pages have the same token")
	}
	const own = "https://previews.example.dev"
	for name, tt := range map[string]struct {
		token, origin, site string
		person              signin.Person
		want                bool
	}{
		"own page":                   {token, own, "same-origin", alice, true},
		"an older browser":           {token, own, "", alice, true},
		"another site":               {token, "https://evil.example", "cross-site", alice, false},
		"another site lies":          {token, "https://evil.example", "same-origin", alice, false},
		"a preview's page":           {token, "https://shop-pr-7.example.dev", "same-site", alice, false},
		"a preview's page, own host": {token, own, "same-site", alice, false},
		"plain http":                 {token, "http://previews.example.dev", "", alice, false},
		"no origin":                  {token, "", "", alice, false},
		"an opaque origin":           {token, "null", "", alice, false},
		"no token":                   {"", own, "same-origin", alice, false},
		"another session's token":    {token, own, "same-origin", later, false},
		"half a token":               {token[:40], own, "same-origin", alice, false},
		"a token of zeros":           {strings.Repeat("A", len(token)), own, "same-origin", alice, false},
		"no base64":                  {"%%%", own, "same-origin", alice, false},
	} {
		if got := s.CheckForm(formRequest(tt.token, tt.origin, tt.site), tt.person); got != tt.want {
			t.Errorf("%s: accepted %v", name, got)
		}
	}
	s.now = s.now.Add(time.Hour)
	if !s.CheckForm(formRequest(token, own, ""), alice) {
		t.Error("a page that is open for an hour can't send its form")
	}
}
