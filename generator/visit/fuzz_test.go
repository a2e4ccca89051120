package visit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// FuzzVisit checks that every visit gets a complete page, JSON or a message, without any text of the request. Visits
// wake only sleeping environments.
func FuzzVisit(f *testing.F) {
	for _, host := range []string{
		"", ":", "[", "[::1]:80", "shop-pr-7.preview.example.dev", "SHOP-PR-7.preview.example.dev.:443",
		"shop-pr-8.preview.example.dev", "x.preview.example.dev",
		"preview.example.dev", "m4rk.preview.example.dev", "m4rk.example:m4rk", "a:b:c", "\x00\xff",
		"\u212aelvin.preview.example.dev", strings.Repeat("a.", 1000) + "preview.example.dev",
	} {
		f.Add("GET", host, "/", acceptsHTML, firefox, "document", "", "198.51.100.7", "10.0.0.1:1")
		f.Add("POST", host, "/webhooks/github/", "*/*", "", "", "prefetch", ",,::1,[", "@")
		f.Add("HEAD", host, "//x/../y", "text/html;q=0", "curl", "empty", "\r\n", strings.Repeat("10.0.0.1,", 500), "[fe80::1%x]:1")
	}
	s := newSiteIn(f, preview.Asleep, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, method, host, path, accept, agent, dest, purpose, forwarded, remote string) {
		const mark = "m4rk"
		s.AdvanceClock(time.Second)
		r := http.Request{
			Method: method, URL: &url.URL{Path: path + mark, RawQuery: mark}, Host: host, RemoteAddr: remote,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
			Header: http.Header{
				"Accept": {accept}, "User-Agent": {agent}, "Sec-Fetch-Dest": {dest}, "Purpose": {purpose},
				"X-Forwarded-For": {forwarded}, "X-Forwarded-User": {mark}, "Cookie": {mark},
			},
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r.WithContext(t.Context()))
		got := testworld.ReadResponse(t, w.Result())
		if strings.Contains(got.Body+fmt.Sprint(got.Header), mark) {
			t.Error("the answer contains text of the request")
		}
		switch body := got.Body; {
		case got.Code != http.StatusServiceUnavailable && got.Code != http.StatusNotFound:
			t.Errorf("answered %d", got.Code)
		case method == http.MethodHead && got.Header.Get("Previewset-State") != "":
			if body != "" {
				t.Errorf("HEAD has a body: %q", body)
			}
		case strings.HasPrefix(body, "<!doctype html>"):
			if !strings.HasSuffix(body, "</html>\n") || len(body) > 20<<10 {
				t.Errorf("a page of %d bytes", len(body))
			}
		case !json.Valid([]byte(body)):
			t.Errorf("%q", body)
		}
		for _, a := range s.takeRequests() {
			if a.Environment != "shop-pr-7" && a.Environment != "gateway-pr-1" && a.Environment != "gateway-pr-2" {
				t.Errorf("unexpected request %+v", a)
			}
		}
	})
}
