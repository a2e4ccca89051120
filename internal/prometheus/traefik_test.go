package prometheus_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/prometheus"
)

func TestTraefiksServicesAreTakenApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		samples map[string]string // by Traefik's name
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
			"names match exactly",
			map[string]string{"preview-slot-1-web-80": "0", "preview-slot-10-web-80": "1"},
			nil,
			map[string]bool{"preview-slot-1": false, "preview-slot-10": true},
		},
		{
			"use may be of either of two",
			map[string]string{"preview-a-web-web-80": "1"},
			nil,
			map[string]bool{"preview-a": true, "preview-a-web": true},
		},
		{"idleness of either of two is of none", map[string]string{"preview-a-web-web-80": "0"}, nil, map[string]bool{}},
		{
			"what is known otherwise is idle all the same",
			map[string]string{"preview-a-web-web-80": "0"},
			[]string{"preview-a"},
			map[string]bool{"preview-a": false},
		},
		{
			"use of either of two is more than an Ingress",
			map[string]string{"preview-a-web-web-80": "1"},
			[]string{"preview-a", "preview-b"},
			map[string]bool{"preview-a": true, "preview-a-web": true, "preview-b": false},
		},
		{"what is no public service", map[string]string{"preview-a-orders-80": "1"}, []string{"preview-a"}, map[string]bool{"preview-a": false}},
		{"a name that only ends like a service", map[string]string{"preview-a-cobweb-80": "0"}, nil, map[string]bool{}},
		{"nothing but the prefix", map[string]string{"preview--web-80": "1", "preview-web-80": "1"}, nil, map[string]bool{}},
		{
			"no port",
			map[string]string{"preview-a-web-": "1", "preview-a-web": "1", "preview-a-web-" + strings.Repeat("a", 16): "1"},
			nil,
			map[string]bool{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var samples []string
			for name, value := range test.samples {
				samples = append(samples, fmt.Sprintf(`{"metric":{"behind":%q},"value":[%d,%q]}`, name, time.Now().Unix(), value))
			}
			for _, name := range test.known {
				samples = append(samples, fmt.Sprintf(`{"metric":{"namespace":%q},"value":[%d,"0"]}`, name, time.Now().Unix()))
			}
			p := policy(answering(t, http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[`+strings.Join(samples, ",")+`]}}`))
			p.Activity.Prometheus.Query, p.Activity.Prometheus.Preset = "", "traefik"
			p.Services = config.Services{{Name: "web", Public: true}, {Name: "orders"}, {Name: "admin-gateway", Public: true}}
			m, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), p)
			if diff := cmp.Diff(test.want, m.Used); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}
