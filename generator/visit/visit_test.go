package visit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

// An answer contains no text of the request.
func TestRequestIsNotReflected(t *testing.T) {
	t.Parallel()
	const mark = "m4rk"
	for _, host := range []string{
		"shop-pr-7.preview.example.dev", "m4rk.preview.example.dev", "m4rk.example", "SHOP-PR-7.preview.example.dev:1",
	} {
		for _, accept := range []string{acceptsHTML, "application/json"} {
			s := newSiteIn(t, preview.Asleep, "192.0.2.1/32")
			got := s.visit(t, http.MethodGet, "/m4rk?m4rk=m4rk", map[string]string{
				"Host": host, "Accept": accept, "User-Agent": firefox + mark, "Cookie": mark, "Referer": "https://m4rk.example/",
				"Origin":           "https://m4rk.example",
				"X-Forwarded-Host": "m4rk.preview.example.dev", "X-Forwarded-User": mark, "X-Forwarded-For": mark,
				"X-Forwarded-Proto": mark, "Forwarded": "host=m4rk",
				"X-Original-URL": "/m4rk", "Accept-Language": mark,
			})
			all := got.Body
			for name, values := range got.Header {
				all += name + strings.Join(values, "")
			}
			if strings.Contains(strings.ToLower(all), mark) || strings.Contains(all, "SHOP") {
				t.Errorf("%s: %s", host, all)
			}
		}
	}
}
