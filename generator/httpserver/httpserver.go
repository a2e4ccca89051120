// Package httpserver has everything that both listeners share: middleware, error bodies, limits and the server itself.
// It knows no routes. It uses gin for routing, recovery and middleware.
package httpserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"
)

func init() {
	gin.SetMode(gin.ReleaseMode) // gin keeps its mode in a global variable; only this line sets it
}

// New returns a bare gin engine with our middleware, outermost first. Redirects are off: Argo CD would follow a
// redirect with a GET request and take any response for an answer.
func New(log *slog.Logger, m *Metrics, bodies Bodies) *gin.Engine {
	r := gin.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.HandleMethodNotAllowed = true
	_ = r.SetTrustedProxies(nil) // nil never fails
	o := observer{log: log, metrics: m}
	r.Use(o.observe, writeError, gin.CustomRecoveryWithWriter(nil, o.recovered), bodies.limit())
	r.NoRoute(func(c *gin.Context) { Fail(c, http.StatusNotFound, "nothing at this path") })
	r.NoMethod(func(c *gin.Context) {
		Fail(c, http.StatusMethodNotAllowed, "this path doesn't accept %s", c.Request.Method)
	})
	return r
}

// AcceptsGzip reports whether an Accept-Encoding header accepts gzip.
func AcceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";q=")
		if strings.EqualFold(name, "gzip") {
			return weight == "" || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

// Serve serves each handler on its listener until ctx is done. Then it gives running requests 5 seconds.
func Serve(ctx context.Context, log *slog.Logger, handlers map[net.Listener]http.Handler) error {
	group, ctx := errgroup.WithContext(ctx)
	for l, h := range handlers {
		s := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
			WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
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
				return s.Close() // cuts off requests that still run
			}
			return nil
		})
	}
	return group.Wait()
}
