package programs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

// httpAttack is a request to one of the generator's listeners. Environment shop-pr-1 is live and asleep meanwhile.
type httpAttack struct {
	name     string
	isPublic bool // else the private listener
	request  request
	code     int
	says     string // a part of the body
}

const (
	asleepHost = "shop-pr-1.preview.example.dev"
	params     = "/api/v1/getparams.execute"
	wake       = "/api/v1/environments/shop-pr-1/wake"
)

func httpAttacks() []httpAttack {
	get := func(path string, header map[string]string) request { return request{http.MethodGet, path, header, ""} }
	post := func(path, token, body string) request { return request{http.MethodPost, path, bearer(token), body} }
	host := func(extra ...string) map[string]string {
		h := map[string]string{"Host": asleepHost}
		for i := 0; i+1 < len(extra); i += 2 {
			h[extra[i]] = extra[i+1]
		}
		return h
	}
	input := func(parameters string) string {
		return fmt.Sprintf(`{"applicationSetName": "previews", "input": {"parameters": %s}}`, parameters)
	}
	public := []httpAttack{
		{"rows through the public listener", true, post(params, argoToken, input("{}")), http.StatusNotFound, ""},
		{"decisions through the public listener", true, get("/api/v1/decisions", bearer(apiToken)), http.StatusNotFound, ""},
		{"metrics through the public listener", true, get("/metrics", nil), http.StatusNotFound, ""},
		{"a wake request through the public listener", true, post(wake, apiToken, ""), http.StatusNotFound, ""},
		{"an unsigned webhook", true, post("/webhooks/github", "", "{}"), http.StatusUnauthorized, ""},
		{"a host that no environment has", true, get("/", map[string]string{"Host": "argocd.preview.example.dev"}), http.StatusNotFound, ""},
		{
			"a program visits an environment that is asleep", true, get("/", host("User-Agent", "curl/8")),
			http.StatusServiceUnavailable, "",
		},
		{
			"a crawler visits it", true, get("/", host("Accept", "text/html", "User-Agent", "Googlebot/2.1")),
			http.StatusServiceUnavailable, "",
		},
		{
			"another site embeds it as an image", true,
			get("/", host("User-Agent", "Mozilla/5.0", "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site")),
			http.StatusServiceUnavailable, "",
		},
		{
			"a sign-in header from an untrusted client", true,
			get("/", host("Accept", "text/html", "User-Agent", "curl/8", "X-Forwarded-User", "alice")),
			http.StatusServiceUnavailable, "",
		},
	}
	return append(public, []httpAttack{
		{"rows without a token", false, post(params, "", input("{}")), http.StatusUnauthorized, "token"},
		{"rows with the API's token", false, post(params, apiToken, input("{}")), http.StatusUnauthorized, "token"},
		{"decisions with Argo CD's token", false, get("/api/v1/decisions", bearer(argoToken)), http.StatusUnauthorized, "token"},
		{"an unknown source", false, post(params, argoToken, input(`{"source": "pull_request"}`)), http.StatusBadRequest, "pull-request"},
		{"an unknown profile", false, post(params, argoToken, input(`{"profile": "fulll"}`)), http.StatusBadRequest, "full"},
		{"an unknown repository", false, post(params, argoToken, input(`{"repository": "acme/shp"}`)), http.StatusBadRequest, "acme/shop"},
		{"an unknown parameter", false, post(params, argoToken, input(`{"colour": "red"}`)), http.StatusBadRequest, "colour"},
		{"a wake for centuries", false, post(wake, apiToken, `{"for": "2562047h"}`), http.StatusBadRequest, "at most"},
		{
			"an extension for centuries", false, post(strings.Replace(wake, "wake", "extend", 1), apiToken, `{"for": "2562047h"}`),
			http.StatusBadRequest, "at most",
		},
		{"a request with an unknown field", false, post(wake, apiToken, `{"name": "other"}`), http.StatusBadRequest, "expected"},
		{"a request about an unknown environment", false, post("/api/v1/environments/argocd/wake", apiToken, ""), http.StatusNotFound, "argocd"},
		{"a body of 100 KiB", false, post(params, argoToken, strings.Repeat("x", 100<<10)), http.StatusBadRequest, "KiB"},
	}...)
}

// All requests go to one service. None of them wakes the environment.
func TestAttacksThroughHTTP(t *testing.T) {
	t.Parallel()
	w := begin(t, nil)
	branches(w, 1)
	w.waitLive(t, "shop-pr-1")
	sleep := request{http.MethodPost, w.private + strings.Replace(wake, "wake", "sleep", 1), bearer(apiToken), ""}
	if code, body, err := sleep.send(t.Context()); err != nil || code != http.StatusAccepted {
		t.Fatalf("sleep: %d %s %v", code, body, err)
	}
	w.waitState(t, "shop-pr-1", preview.Asleep)
	for _, a := range httpAttacks() {
		t.Run(string(internet)+": "+a.name, func(t *testing.T) {
			r := a.request
			if r.url = w.private + a.request.url; a.isPublic {
				r.url = w.public + a.request.url
			}
			code, body, err := r.send(t.Context())
			if err != nil || code != a.code || !strings.Contains(body, a.says) {
				t.Errorf("status %d, want %d with %q: %.300s %v", code, a.code, a.says, body, err)
			}
			for _, secret := range []string{"alice", argoToken, apiToken} {
				if a.isPublic && strings.Contains(body, secret) {
					t.Errorf("the public answer contains %q", secret)
				}
			}
		})
	}
	if rows, err := w.rows(t.Context()); err != nil || rows["shop-pr-1"] != preview.Asleep {
		t.Errorf("an attack woke the environment: %v, %v", rows, err)
	}
}
