package httpserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count and time requests.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_http_requests_total", Help: "HTTP requests by route and status code.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "previewset_http_request_duration_seconds", Help: "Duration of HTTP requests by route.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 9),
		}, []string{"route"}),
	}
	r.MustRegister(m.requests, m.duration)
	return m
}

type observer struct {
	log     *slog.Logger
	metrics *Metrics
}

// observe counts, times and logs every request after its response.
func (o observer) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "other"
	}
	took := time.Since(start)
	o.metrics.requests.WithLabelValues(route, strconv.Itoa(c.Writer.Status())).Inc()
	o.metrics.duration.WithLabelValues(route).Observe(took.Seconds())
	o.logInternalErrors(c, route)
	o.log.Debug(
		"request answered", "method", c.Request.Method, "route", route, "code", c.Writer.Status(), "duration", took,
	)
}

// logInternalErrors logs the errors that the client doesn't see.
func (o observer) logInternalErrors(c *gin.Context, route string) {
	for _, e := range c.Errors {
		if _, ok := errors.AsType[*publicError](e.Err); !ok {
			o.log.Error("request failed", "route", route, "error", e.Err)
		}
	}
}

func (o observer) recovered(c *gin.Context, v any) {
	o.log.Error("request panicked", "route", c.FullPath(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	Fail(c, http.StatusInternalServerError, "internal error; see the generator's log")
}
