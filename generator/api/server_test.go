package api_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/metrics"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/testworld"
)

// server serves the API and webhooks for the snapshot of a service. Work stays in the queue, and nothing is logged.
type server struct {
	*testworld.Service
	queue           *pending.Queue
	callers         *applicationsets.Callers
	private, public http.Handler
}

func newServer(tb testing.TB, s *testworld.Service) *server {
	tb.Helper()
	v := &server{Service: s, queue: pending.NewQueue(), callers: &applicationsets.Callers{}}
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	observed := httpserver.NewMetrics(registry)

	private := httpserver.New(log, observed, httpserver.Bodies{Most: api.MaxRequestBody})
	api.New(api.Options{
		Token: s.Token, APIToken: s.APIToken, Service: s, Callers: v.callers,
		Filters: &applicationsets.Filters{}, Queue: v.queue,
		Actions:  &actions.Actions{Queue: v.queue, History: history.New(), Logger: log},
		Progress: progress.NewReader(nil, nil, s.Clock, log), Watch: progress.NewWatch(nil, s.Clock, nil), Now: s.Clock, Logger: log,
	}).Routes(private)

	webhooks := &api.Webhooks{
		Secret: testworld.NewSecret(tb, testworld.WebhookSecret), Repositories: sameName{}, Queue: v.queue,
		ConfigRepository: "acme/previews", StatusContext: "previewset", Count: metrics.New(registry, 0).Webhooks,
	}
	public := httpserver.New(log, observed, httpserver.Bodies{Most: api.MaxWebhookBody})
	public.POST("/webhooks/github", webhooks.Handle)
	v.private, v.public = private, public
	return v
}

// sameName concerns configured repositories by their name only.
type sameName struct{}

func (sameName) Concerned(name string, _ int64) map[string]bool {
	if name == "acme/shop" || name == "acme/gateway" {
		return map[string]bool{strings.ToLower(name): true}
	}
	return nil
}
