// Package api answers Argo CD's plugin generator, previewctl and scripts, and receives GitHub's webhooks. Handlers read
// the snapshot that is served now; they never fetch facts. Requests and webhooks become pending work for the next
// refresh.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/semaphore"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/eventstream"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// MaxRequestBody bounds the body of a request in bytes. Argo CD sends a few hundred.
const MaxRequestBody = 64 << 10

// Service is the state of the generator that handlers read.
type Service interface {
	// Published is the snapshot that is served now; nil before the first one.
	Published() *answer.Published
	Status() *status.Status
}

// Callers remembers which ApplicationSets asked, and the number of the snapshot that they got.
type Callers interface{ Note(name string, number int) }

// Filters knows the filters that ApplicationSets have.
type Filters interface {
	// Check refuses a filter that needs confirmation. IsNew says that there is a new filter to save.
	Check(applicationSet string, f answer.Filter, p *answer.Published) (isNew bool, err error)
	IsRefused(applicationSet string) bool
	Confirm(applicationSet string) bool
}

// Options are the parts that an API needs.
type Options struct {
	// Token is Argo CD's token; it gives access to rows only. APIToken gives access to everything else.
	Token, APIToken *secret.File
	// Workflows verifies the tokens of GitHub Actions; nil refuses them.
	Workflows *signin.Workflows
	Service   Service
	Callers   Callers
	Filters   Filters
	Queue     *pending.Queue
	Actions   *actions.Actions
	Progress  *progress.Reader
	Watch     *progress.Watch
	Usage     Usage // nil if the generator can't measure usage
	Now       func() time.Time
	Logger    *slog.Logger
}

// API has the handlers of the private listener.
type API struct {
	Options
	factsSlots *semaphore.Weighted // bounds how many clients receive facts at once
	usageSlots *semaphore.Weighted // bounds how many clients query Prometheus at once
	streams    eventstream.Streams
}

// New returns an API.
func New(o Options) *API {
	return &API{
		Options: o, factsSlots: semaphore.NewWeighted(maxFactsClients), usageSlots: semaphore.NewWeighted(maxUsageClients),
	}
}

// Routes adds the routes of the private listener.
func (a *API) Routes(r *gin.Engine) {
	a.ParamsRoute(r)
	viewer := r.Group("/api/v1", a.identify, require(config.RoleViewer))
	viewer.GET("/environments", a.listEnvironments)
	viewer.GET("/environments/:name", a.getEnvironment)
	viewer.GET("/environments/:name/application", a.getApplication)
	viewer.GET("/decisions", a.listDecisions)
	viewer.GET("/facts", a.getFacts)
	viewer.GET("/usage", a.getUsage)
	developer := r.Group("/api/v1", a.identify, require(config.RoleDeveloper))
	developer.POST("/environments/:name/wake", a.postRequest(preview.ActionWake, "wakes if it is asleep"))
	developer.POST("/environments/:name/sleep", a.postRequest(preview.ActionSleep, "goes to sleep"))
	developer.POST("/environments/:name/extend", a.postRequest(preview.ActionExtend, "stays longer"))
	developer.POST("/environments/:name/redeploy", a.postRequest(preview.ActionRedeploy, "starts new Pods"))
	r.POST("/api/v1/confirm", a.identify, require(config.RoleAdmin), a.postConfirm)
	r.GET("/api/v1/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", previewset.HTTPAPI) })
	r.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	r.GET("/readyz", a.getReady)
}

// ParamsRoute adds only the route for Argo CD.
func (a *API) ParamsRoute(r *gin.Engine) {
	r.POST("/api/v1/getparams.execute", authorize(a.Token), a.getParams)
}

// published returns the snapshot that is served now. If there is none, it answers 503 and returns nil.
func (a *API) published(c *gin.Context) *answer.Published {
	p := a.Service.Published()
	if p == nil {
		httpserver.Fail(
			c, http.StatusServiceUnavailable, "no whole snapshot has been computed yet: %s", a.Service.Status().Reason,
		)
	}
	return p
}

// publishedWithConfig is like published, and also answers 503 if the configuration was never read.
func (a *API) publishedWithConfig(c *gin.Context) *answer.Published {
	p := a.published(c)
	if p != nil && p.Config == nil {
		httpserver.Fail(c, http.StatusServiceUnavailable, "the configuration was never read; see /readyz?verbose")
		return nil
	}
	return p
}

// getReady answers 200 if there is a snapshot. With ?verbose it shows the age of all sources.
func (a *API) getReady(c *gin.Context) {
	s, code := a.Service.Status(), http.StatusOK
	if a.Service.Published() == nil {
		code = http.StatusServiceUnavailable
	}
	if _, verbose := c.GetQuery("verbose"); verbose {
		c.String(code, "%s", s.Verbose(a.Now()))
		return
	}
	if code != http.StatusOK {
		c.String(code, "not ready: %s\n", s.Reason)
		return
	}
	c.String(code, "ok\n")
}
