package generator

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/previewspage"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/visit"
)

// handlers builds the handlers of both listeners.
func (g *Generator) handlers() (private, public http.Handler) {
	o := &g.opts
	observed := httpserver.NewMetrics(o.Registry)
	environments := progress.NewReader(o.Applications, o.Workloads, o.Now, o.Logger)

	privateEngine := httpserver.New(o.Logger, observed, httpserver.Bodies{Most: api.MaxRequestBody})
	api.New(api.Options{
		Token: o.Token, APIToken: o.APIToken, Workflows: o.Workflows, Service: g.current, Callers: g.callers,
		Filters: g.refresher.filters, Queue: g.queue, Actions: g.actions,
		Progress: environments, Watch: g.refresher.progress, Usage: o.Usage, Now: o.Now, Logger: o.Logger,
	}).Routes(privateEngine)
	privateEngine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})))

	webhooks := &api.Webhooks{
		Secret: o.WebhookSecret, Repositories: &g.refresher.watched, Queue: g.queue,
		ConfigRepository: o.ConfigRepository, StatusContext: o.StatusContext, App: o.App,
		Count: g.refresher.metrics.Webhooks,
	}
	proxies := visit.Proxies{Trusted: o.TrustedProxies, SignIn: o.SignInProxy}
	visits := visit.New(g.current, g.queue, environments, proxies, o.Pages.pageOf, o.Now)
	bodies := httpserver.Bodies{Most: api.MaxWebhookBody, Sender: proxies.NetworkOf}
	publicEngine := httpserver.New(o.Logger, observed, bodies)
	publicEngine.HandleMethodNotAllowed = false // any request that isn't a webhook is a visit
	publicEngine.POST("/webhooks/github", webhooks.Handle)
	publicEngine.NoRoute(g.withPages(visits.Handle, environments, proxies))
	if o.Replica != nil {
		save := func() { g.queue.Add(pending.Work{Saves: true}) }
		return o.Replica.Handlers(g.current, save, privateEngine, publicEngine, observed)
	}
	return privateEngine, publicEngine
}

// withPages returns a handler that answers requests to the host of the previews page, and leaves all other requests to
// the next handler.
func (g *Generator) withPages(next gin.HandlerFunc, reader *progress.Reader, proxies visit.Proxies) gin.HandlerFunc {
	o := &g.opts
	if o.Pages == nil {
		return next
	}
	pages := previewspage.New(previewspage.Options{
		URL: o.Pages.URL, Snapshots: g.current, Status: g.Status, Actions: g.actions, History: g.actions.History, Progress: reader,
		Shares: g.refresher.shares,
		Watch:  g.refresher.progress, Sender: proxies.NetworkOf, Now: o.Now, Logger: o.Logger,
		SignIn: signin.New(signin.Options{
			URL: o.Pages.URL, Key: o.Pages.Key, OIDC: o.Pages.OIDC, Proxy: o.SignInProxy, KnowsGroup: g.knowsGroup,
			Now: o.Now, Logger: o.Logger,
		}),
	})
	return func(c *gin.Context) {
		if pages.Answers(c.Request) {
			pages.Handle(c)
		} else {
			next(c)
		}
	}
}

// knowsGroup reports whether access.yaml gives a role to a group.
func (g *Generator) knowsGroup(group string) bool {
	p := g.current.Published()
	return p != nil && p.Config != nil && p.Config.Access.KnowsGroup(group)
}
