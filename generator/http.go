package generator

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/visit"
)

// handlers builds the handlers of both listeners.
func (g *Generator) handlers() (private, public http.Handler) {
	o := &g.opts
	observed := httpserver.NewMetrics(o.Registry)
	environments := progress.NewReader(o.Applications, o.Workloads, o.Now, o.Logger)

	privateEngine := httpserver.New(o.Logger, observed, httpserver.Bodies{Most: api.MaxRequestBody})
	api.New(api.Options{
		Token: o.Token, APIToken: o.APIToken, Service: g.current, Callers: g.callers,
		Filters: g.refresher.filters, Queue: g.queue,
		Progress: environments, Watch: g.refresher.progress, Usage: o.Usage, Now: o.Now, Logger: o.Logger,
	}).Routes(privateEngine)
	privateEngine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{})))

	webhooks := &api.Webhooks{
		Secret: o.WebhookSecret, Repositories: &g.refresher.watched, Queue: g.queue,
		ConfigRepository: o.ConfigRepository, StatusContext: o.StatusContext, App: o.App,
		Count: g.refresher.metrics.Webhooks,
	}
	proxies := visit.Proxies{Trusted: o.TrustedProxies, Secret: o.ProxySecret}
	visits := visit.New(g.current, g.queue, environments, proxies, o.Now)
	bodies := httpserver.Bodies{Most: api.MaxWebhookBody, Sender: proxies.NetworkOf}
	publicEngine := httpserver.New(o.Logger, observed, bodies)
	publicEngine.HandleMethodNotAllowed = false // any request that isn't a webhook is a visit
	publicEngine.POST("/webhooks/github", webhooks.Handle)
	publicEngine.NoRoute(visits.Handle)
	return privateEngine, publicEngine
}
