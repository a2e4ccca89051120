package testworld

import (
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// Metrics returns our metrics, by "name{label=value}". The value of a histogram is its count.
func (s *Service) Metrics(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := s.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if strings.HasPrefix(f.GetName(), "previewset_") {
				all[f.GetName()+labels(m)] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(
					m.GetHistogram().GetSampleCount(),
				)
			}
		}
	}
	return all
}

func labels(m *dto.Metric) string {
	var all []string
	for _, l := range m.GetLabel() {
		all = append(all, l.GetName()+"="+l.GetValue())
	}
	if all == nil {
		return ""
	}
	return "{" + strings.Join(all, ",") + "}"
}

// ShopRequests begins the name of the metric of requested resources of shop-pr-7. "cpu}" or "memory}" follows.
const ShopRequests = "previewset_environment_requests{environment=shop-pr-7,owner=alice,profile=changed," +
	"repository=acme-shop,resource="
