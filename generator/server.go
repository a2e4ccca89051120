package generator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxBody bounds a request's body, in bytes. Argo CD's is a few hundred.
	maxBody = 64 << 10
	// maxBodies bounds how many bytes of bodies a listener holds at once: a webhook's is read before it is known who sent it.
	maxBodies = 64 << 20
)

// httpError is an answer that isn't the one asked for. The message is for a person and goes out as it is.
type httpError struct {
	status  int
	message string
}

func (e *httpError) Error() string { return e.message }

func fail(c *gin.Context, status int, format string, args ...any) {
	_ = c.Error(&httpError{status: status, message: fmt.Sprintf(format, args...)})
	c.Abort()
}

// Handler serves Argo CD, the API, metrics and probes.
func (g *Generator) Handler() http.Handler {
	g.handlers.Do(g.routes)
	return g.private
}

// PublicHandler serves what anybody on the internet may reach.
func (g *Generator) PublicHandler() http.Handler {
	g.handlers.Do(g.routes)
	return g.public
}

func (g *Generator) routes() {
	r := g.engine(maxBody)
	r.POST("/api/v1/getparams.execute", g.authorize("Argo CD's token", g.opts.Token), g.getParams)
	api := r.Group("/api/v1", g.authorize("the API token", g.opts.APIToken))
	api.GET("/environments", g.listEnvironments)
	api.GET("/environments/:name", g.getEnvironment)
	api.GET("/environments/:name/application", g.getApplication)
	api.GET("/facts", g.getFacts)
	api.GET("/decisions", g.listDecisions)
	api.POST("/confirm", g.confirmAway)
	api.POST("/environments/:name/wake", g.askFor(preview.ActionWake, "is woken, if it sleeps"))
	api.POST("/environments/:name/sleep", g.askFor(preview.ActionSleep, "goes to sleep"))
	api.POST("/environments/:name/extend", g.askFor(preview.ActionExtend, "stays longer"))
	api.GET("/usage", g.getUsage)
	r.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	r.GET("/readyz", g.readyz)
	r.GET("/metrics", gin.WrapH(promhttp.HandlerFor(g.opts.Registry, promhttp.HandlerOpts{})))
	g.private = r
	p := g.engine(maxEvent)
	p.HandleMethodNotAllowed = false // what isn't a webhook is a visit
	p.POST("/webhooks/github", g.receiveEvent)
	p.NoRoute(g.visit)
	g.public = p
}

// engine is a bare gin with our middleware, outermost first. Redirects are off: Argo CD would follow one with a GET and
// take whatever comes for an answer.
func (g *Generator) engine(bodyLimit int64) *gin.Engine {
	gin.SetMode(gin.ReleaseMode) // gin keeps its mode in a global; this is the one place that sets it
	r := gin.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.HandleMethodNotAllowed = true
	_ = r.SetTrustedProxies(nil) // nil can't fail
	r.Use(g.observe, writeError, gin.CustomRecoveryWithWriter(nil, g.recovered), limitBody(bodyLimit))
	r.NoRoute(func(c *gin.Context) { fail(c, http.StatusNotFound, "there is nothing at this path") })
	r.NoMethod(func(c *gin.Context) {
		fail(c, http.StatusMethodNotAllowed, "this path doesn't take %s", c.Request.Method)
	})
	return r
}

// observe counts, times and logs every request once it is answered.
func (g *Generator) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "other"
	}
	took := time.Since(start)
	g.metrics.requests.WithLabelValues(route, strconv.Itoa(c.Writer.Status())).Inc()
	g.metrics.answers.WithLabelValues(route).Observe(took.Seconds())
	g.logInternal(c, route)
	g.opts.Logger.Debug("request answered", "method", c.Request.Method, "route", route, "code", c.Writer.Status(), "duration", took)
}

// logInternal logs what the caller isn't told.
func (g *Generator) logInternal(c *gin.Context, route string) {
	for _, e := range c.Errors {
		if _, ok := errors.AsType[*httpError](e.Err); !ok {
			g.opts.Logger.Error("request failed", "route", route, "error", e.Err)
		}
	}
}

// writeError is the one place that writes an error's body.
func writeError(c *gin.Context) {
	c.Next()
	last := c.Errors.Last()
	if last == nil || c.Writer.Written() {
		return
	}
	e := &httpError{status: http.StatusInternalServerError, message: "internal error; see the service's log"}
	errors.As(last.Err, &e)
	if e.status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	c.JSON(e.status, gin.H{"message": e.message})
}

func (g *Generator) recovered(c *gin.Context, v any) {
	g.opts.Logger.Error("request panicked", "route", c.FullPath(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	fail(c, http.StatusInternalServerError, "internal error; see the service's log")
}

// limitBody bounds each body, and all that are being read together. Only what has come counts, not what was announced.
func limitBody(limit int64) gin.HandlerFunc {
	room := semaphore.NewWeighted(maxBodies)
	return func(c *gin.Context) {
		b := &boundedBody{ReadCloser: http.MaxBytesReader(c.Writer, c.Request.Body, limit), room: room}
		defer func() { room.Release(b.held) }()
		c.Request.Body = b
		c.Next()
		if b.refused {
			fail(c, http.StatusServiceUnavailable, "too much is being received at once; send it again")
		}
	}
}

// boundedBody takes room for what it reads.
type boundedBody struct {
	io.ReadCloser
	room    *semaphore.Weighted
	held    int64
	refused bool
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.room.TryAcquire(int64(n)) {
		b.refused = true
		return 0, errors.New("there is no room for the body")
	}
	b.held += int64(n)
	return n, err
}

// authorize lets through who brings the secret as a bearer token.
func (g *Generator) authorize(what string, secret *Secret) gin.HandlerFunc {
	return func(c *gin.Context) {
		if secret == nil {
			fail(c, http.StatusUnauthorized, "this is off: the service runs without %s", what)
			return
		}
		scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
		switch {
		case token == "":
			fail(c, http.StatusUnauthorized, "no bearer token came; send %s", what)
		case strings.HasPrefix(token, "$"):
			fail(c, http.StatusUnauthorized, "the token starts with $: Argo CD found no such key in the Secret that the plugin's ConfigMap names")
		case !strings.EqualFold(scheme, "Bearer") || !secret.matches(token):
			fail(c, http.StatusUnauthorized, "wrong token; send %s", what)
		}
	}
}

// Serve serves both handlers until ctx is done, then lets requests finish for a few seconds.
func (g *Generator) Serve(ctx context.Context, private, public net.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	for l, h := range map[net.Listener]http.Handler{private: g.Handler(), public: g.PublicHandler()} {
		s := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
			WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: slog.NewLogLogger(g.opts.Logger.Handler(), slog.LevelWarn),
		}
		group.Go(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := s.Shutdown(last); err != nil {
				return s.Close() // whoever isn't done by now is cut off
			}
			return nil
		})
	}
	return group.Wait()
}
