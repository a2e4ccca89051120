package generator_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
)

func cancelled(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		want         int
	}{
		{"GET", testworld.ParamsPath, 405},
		{"PUT", testworld.ParamsPath, 405},
		{"HEAD", "/livez", 405},
		{"DELETE", "/readyz", 405},
		{"POST", "/api/v1/environments", 405},
		{"POST", testworld.ParamsPath + "/", 404},
		{"GET", testworld.ParamsPath + "/", 404},
		{"POST", "/api/v1/getparams.execute/x", 404},
		{"POST", "/API/V1/GETPARAMS.EXECUTE", 404},
		{"POST", "/" + testworld.ParamsPath, 404},
		{"POST", "/api//v1/getparams.execute", 404},
		{"POST", "/x/../api/v1/getparams.execute", 404},
		{"POST", "/./api/v1/getparams.execute", 404},
		{"POST", "/api/v1/getparams%2Eexecute/", 404},
		{"POST", "/api/v1", 404},
		{"POST", "/", 404},
		{"GET", "/", 404},
		{"GET", "/livez/", 404},
		{"GET", "/api/v1/environments/", 404},
		{"GET", "/api/v1/nothing", 404},
		{"GET", "/favicon.ico", 404},
		{"POST", "/webhooks/github", 404}, // only on the public listener
	}
	s := testworld.Ready(t, testworld.New())
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			got := testworld.Do(t, s.Handler(), tt.method, tt.path, testworld.ParamsBody, map[string]string{"Accept-Encoding": "gzip"})
			if got.Code != tt.want || got.Header.Get("Location") != "" {
				t.Errorf("%d %v, want %d", got.Code, got.Header, tt.want)
			}
			if message := got.Message(t); tt.want == 405 && !strings.HasSuffix(message, tt.method) {
				t.Error(message)
			}
		})
	}
}

func TestPublicListenerServesNoPrivatePaths(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	for _, path := range []string{
		testworld.ParamsPath, "/api/v1/environments", "/livez", "/readyz", "/readyz?verbose", "/metrics", "/", "/api/v1/decisions/",
	} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{testworld.ArgoToken, testworld.APIToken} {
				got := testworld.DoAs(t, s.PublicHandler(), method, path, testworld.ParamsBody, token)
				if got.Code != http.StatusNotFound || got.Message(t) != nothingHere {
					t.Errorf("%s %s: %d %s", method, path, got.Code, got.Body)
				}
			}
		}
	}
}

const nothingHere = "nothing at this path"
