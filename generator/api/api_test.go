package api_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
)

func TestLivezAndReadyz(t *testing.T) {
	t.Parallel()
	s := testworld.NewService(t, testworld.New())
	if got := s.Get(t, "/livez"); got.Code != http.StatusOK || got.Body != "ok\n" {
		t.Errorf("/livez: %d %s", got.Code, got.Body)
	}
	if got := s.Get(t, "/readyz"); got.Code != http.StatusServiceUnavailable || got.Body != "not ready: nothing has been read yet\n" {
		t.Errorf("/readyz: %d %s", got.Code, got.Body)
	}
	s.Refresh(t.Context())
	if got := testworld.Do(
		t, s.Handler(), http.MethodGet, "/readyz", "", map[string]string{"Authorization": " "},
	); got.Code != http.StatusOK ||
		got.Body != "ok\n" {
		t.Errorf("/readyz: %d %s", got.Code, got.Body)
	}
	want := "[+] snapshot: ok\n[+] config branch at 0000000000000000000000000000000000000001: ok\n" +
		"[+] cluster: none; names of other Applications are unknown\n" +
		"[+] activity: not measured; every environment counts as used\n" +
		"[+] acme/gateway: read 0s ago: ok\n[+] acme/shop: read 0s ago: ok\n"
	if diff := cmp.Diff(want, s.Get(t, "/readyz?verbose").Body); diff != "" {
		t.Error(diff)
	}
}
