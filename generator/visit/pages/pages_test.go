package pages_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/visit/pages"
)

func answer(t *testing.T, method, accept string, v pages.View) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	if err := pages.Answer(w, r, v); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAnswerOfEachKind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		view    pages.View
		code    int
		retry   string
		reloads bool
	}{
		{pages.View{Kind: pages.Unready}, 503, "5", true},
		{pages.View{Kind: pages.Unknown}, 404, "", false},
		{pages.View{Name: "shop", Kind: pages.Asleep}, 503, "30", false},
		{pages.View{Name: "shop", Kind: pages.Asleep, Wait: 7}, 503, "7", false},
		{pages.View{Name: "shop", Kind: pages.Queued}, 503, "30", true},
		{pages.View{Name: "shop", Kind: pages.Waking}, 503, "10", true},
		{pages.View{Name: "shop", Kind: pages.Starting}, 503, "10", true},
		{pages.View{Name: "shop", Kind: pages.Building}, 503, "30", true},
		{pages.View{Name: "shop", Kind: pages.Held}, 503, "300", false},
		{pages.View{Name: "shop", Kind: pages.Gone}, 404, "", false},
	} {
		t.Run(string(tt.view.Kind), func(t *testing.T) {
			t.Parallel()
			for _, accept := range []string{"text/html", "application/json"} {
				w := answer(t, http.MethodGet, accept, tt.view)
				if h := w.Header(); w.Code != tt.code || h.Get("Retry-After") != tt.retry || h.Get("Previewset-State") != string(tt.view.Kind) {
					t.Errorf("%d %v", w.Code, h)
				}
			}
			page := answer(t, http.MethodGet, "text/html", tt.view).Body.String()
			if reloads := strings.Contains(page, `<noscript><meta http-equiv="refresh" content="3"></noscript>`); reloads != tt.reloads ||
				strings.Contains(page, "<script>") != reloads {
				t.Errorf("the page reloads: %v", reloads)
			}
			if strings.Count(page, "<h1>") != 1 || strings.Count(page, "<main") != 1 || !strings.Contains(page, `<html lang="en">`) ||
				!strings.Contains(page, `role="status"`) {
				t.Error(page)
			}
			var body map[string]string
			if err := json.Unmarshal(answer(t, http.MethodGet, "", tt.view).Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			name := tt.view.Name
			if name == "" {
				name = "preview"
			}
			if diff := cmp.Diff(map[string]string{"message": name + ": " + tt.view.Says(), "state": string(tt.view.Kind)}, body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPageNamesCommandForEnvironment(t *testing.T) {
	t.Parallel()
	for kind, want := range map[pages.Kind]string{
		pages.Held: "run: previewctl why shop-pr-7", pages.Starting: "previewctl show says why.",
		pages.Unknown: "run: previewctl why owner/repo#12",
	} {
		if says := (pages.View{Name: "shop-pr-7", Kind: kind}).Says(); !strings.HasSuffix(says, want) {
			t.Errorf("%s ends %q, want %q", kind, says, want)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := answer(t, http.MethodGet, "text/html", pages.View{Name: "shop", Kind: pages.Waking})
	within := func(tag string) string {
		_, rest, _ := strings.Cut(w.Body.String(), "<"+tag+">")
		inside, _, _ := strings.Cut(rest, "</"+tag+">")
		if inside == "" {
			t.Errorf("the page lacks %s", tag)
		}
		sum := sha256.Sum256([]byte(inside))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	got := map[string]string{}
	for name, values := range w.Header() {
		got[name] = strings.Join(values, ",")
	}
	want := map[string]string{
		"Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src " + within("style") + "; script-src " + within("script") +
			"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"Content-Type": "text/html; charset=utf-8", "Cross-Origin-Resource-Policy": "same-origin", "Previewset-State": "waking",
		"Referrer-Policy": "no-referrer", "Retry-After": "10", "Vary": "Accept", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"X-Robots-Tag": "noindex, nofollow",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPageOrJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, accept, want string
	}{
		{"a browser", "GET", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "page"},
		{"an unusual Accept header", "GET", "application/json, TEXT/HTML ; Level=1; Q=0.5", "page"},
		{"no HTML", "GET", "text/html;q=0.0, */*", "JSON"},
		{"anything", "GET", "*/*", "JSON"},
		{"no Accept header", "GET", "", "JSON"},
		{"a type with the same prefix", "GET", "text/html5", "JSON"},
		{"a form", "POST", "text/html", "JSON"},
		{"OPTIONS", "OPTIONS", "text/html", "JSON"},
		{"an unknown method", "BREW", "text/html", "JSON"},
		{"HEAD", "HEAD", "text/html", ""},
		{"HEAD for JSON", "HEAD", "*/*", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := answer(t, tt.method, tt.accept, pages.View{Name: "shop", Kind: pages.Asleep})
			got := ""
			switch body := w.Body.String(); {
			case strings.HasPrefix(body, "<!doctype html>"):
				got = "page"
			case json.Valid([]byte(body)):
				got = "JSON"
			case body != "":
				got = body
			}
			if got != tt.want || w.Code != http.StatusServiceUnavailable {
				t.Errorf("%d %q", w.Code, got)
			}
		})
	}
}

func TestTextsAreEscaped(t *testing.T) {
	t.Parallel()
	const evil = `"><script>evil()</script><style>*{}</style>{{ .Name }}`
	v := pages.View{Name: evil, Kind: pages.Waking, Details: &pages.Details{
		Progress: evil, Workloads: []pages.Workload{{Name: evil, Ready: -1, Replicas: 1}},
		Lines: []pages.Line{{Name: evil, Value: evil, URL: "javascript:evil()"}, {Name: "a", Value: "b", URL: evil}},
	}}
	page := answer(t, http.MethodGet, "text/html", v).Body.String()
	if strings.Contains(page, "<script>evil") || strings.Contains(page, `">`+"<s") || strings.Contains(page, `"javascript:`) ||
		strings.Count(page, "<style>") != 1 {
		t.Error(page)
	}
	if !strings.Contains(page, "&lt;script&gt;evil()") {
		t.Error("the texts are missing")
	}
}
