package prometheus_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
)

// servePresets starts a server with an answer for each query that contains a text. Other queries fail.
func servePresets(t *testing.T, answers map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for text, answer := range answers {
			if strings.Contains(r.FormValue("query"), text) {
				_, _ = io.WriteString(w, answer)
				return
			}
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Words of the queries of three presets.
const (
	asksNGINX      = "nginx_ingress_controller_requests"
	asksTraefik    = "traefik_service_requests_total"
	asksPostgreSQL = "pg_stat_activity_count"
)

func policyOfPresets(url string, presets ...string) *config.Policy {
	p := newPolicy(url)
	p.Activity.Prometheus = &config.PrometheusActivity{URL: url, Presets: presets}
	return p
}

func TestMeasureBySeveralPresets(t *testing.T) {
	t.Parallel()
	url := servePresets(t, map[string]string{
		asksNGINX:      namespaceVector("preview-a 0", "preview-b 1", "preview-c 0", "preview-d 0"),
		asksTraefik:    namespaceVector("preview-a 0", "preview-b 0", "preview-c 1", "preview-e 1", "preview-f 0"),
		asksPostgreSQL: namespaceVector("preview-a 1", "preview-b 0"),
	})
	m, err := measure(t, policyOfPresets(url, "ingress-nginx", "traefik", "postgresql"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"preview-a": false, "preview-b": true, "preview-c": true, "preview-e": true}
	if diff := cmp.Diff(want, m.Used); diff != "" {
		t.Error(diff)
	}
	stores := map[string]map[string]bool{"postgresql": {"preview-a": true, "preview-b": false}}
	if diff := cmp.Diff(stores, m.Stores); diff != "" {
		t.Error(diff)
	}
}

// No environment may have a store, but each has an ingress controller.
func TestMeasureWithoutSamplesOfOnePreset(t *testing.T) {
	t.Parallel()
	url := servePresets(t, map[string]string{asksNGINX: namespaceVector("preview-a 0"), asksPostgreSQL: namespaceVector()})
	m, err := measure(t, policyOfPresets(url, "ingress-nginx", "postgresql"))
	if diff := cmp.Diff(map[string]bool{"preview-a": false}, m.Used); err != nil || diff != "" {
		t.Error(err, diff)
	}
	url = servePresets(t, map[string]string{asksNGINX: namespaceVector(), asksPostgreSQL: namespaceVector("preview-a 0")})
	_, err = measure(t, policyOfPresets(url, "ingress-nginx", "postgresql"))
	if err == nil || !strings.Contains(err.Error(), "metrics of preset ingress-nginx") {
		t.Error(err)
	}
}

// A namespace must not seem idle because one of its presets couldn't be asked.
func TestMeasureFailsWithOnePreset(t *testing.T) {
	t.Parallel()
	url := servePresets(t, map[string]string{asksNGINX: namespaceVector("preview-a 0")})
	m, err := measure(t, policyOfPresets(url, "ingress-nginx", "postgresql"))
	if err == nil || !strings.Contains(err.Error(), "status 503") || len(m.Used) > 0 {
		t.Errorf("%v, %v", m, err)
	}
}
