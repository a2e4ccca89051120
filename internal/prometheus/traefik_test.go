package prometheus_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
)

var traefikTests = []struct {
	name    string
	samples map[string]string // values by Traefik's name of the service
	known   []string          // namespaces that have an Ingress
	want    map[string]bool
}{
	{
		"a public service",
		map[string]string{"preview-a-web-80": "1", "preview-b-web-http": "0"},
		nil,
		map[string]bool{"preview-a": true, "preview-b": false},
	},
	{"hyphens in all parts", map[string]string{"preview-slot-10-admin-gateway-http-alt": "1"}, nil, map[string]bool{"preview-slot-10": true}},
	{
		"exact names",
		map[string]string{"preview-slot-1-web-80": "0", "preview-slot-10-web-80": "1"},
		nil,
		map[string]bool{"preview-slot-1": false, "preview-slot-10": true},
	},
	{
		"two possible namespaces: used",
		map[string]string{"preview-a-web-web-80": "1"},
		nil,
		map[string]bool{"preview-a": true, "preview-a-web": true},
	},
	{"two possible namespaces: unknown", map[string]string{"preview-a-web-web-80": "0"}, nil, map[string]bool{}},
	{
		"two possible namespaces, one with an Ingress: idle",
		map[string]string{"preview-a-web-web-80": "0"},
		[]string{"preview-a"},
		map[string]bool{"preview-a": false},
	},
	{
		"two possible namespaces, one with an Ingress: used",
		map[string]string{"preview-a-web-web-80": "1"},
		[]string{"preview-a", "preview-b"},
		map[string]bool{"preview-a": true, "preview-a-web": true, "preview-b": false},
	},
	{"no public service", map[string]string{"preview-a-orders-80": "1"}, []string{"preview-a"}, map[string]bool{"preview-a": false}},
	{"a suffix of the service's name", map[string]string{"preview-a-cobweb-80": "0"}, nil, map[string]bool{}},
	{"an empty name", map[string]string{"preview--web-80": "1", "preview-web-80": "1"}, nil, map[string]bool{}},
	{
		"no port",
		map[string]string{"preview-a-web-": "1", "preview-a-web": "1", "preview-a-web-" + strings.Repeat("a", 16): "1"},
		nil,
		map[string]bool{},
	},
}

func TestTraefikNamespaces(t *testing.T) {
	t.Parallel()
	for _, test := range traefikTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var samples []string
			for name, value := range test.samples {
				samples = append(samples,
					fmt.Sprintf(`{"metric":{"traefik_service":%q},"value":[%d,%q]}`, name, time.Now().Unix(), value))
			}
			for _, name := range test.known {
				samples = append(samples,
					fmt.Sprintf(`{"metric":{"namespace":%q},"value":[%d,"0"]}`, name, time.Now().Unix()))
			}
			p := newPolicy(serve(t, http.StatusOK, vectorOf(samples...)))
			p.Activity.Prometheus.Query, p.Activity.Prometheus.Preset = "", "traefik"
			p.Services = config.Services{{Name: "web", Public: true}, {Name: "orders"}, {Name: "admin-gateway", Public: true}}
			m, err := measure(t, p)
			if diff := cmp.Diff(test.want, m.Used); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}
