package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Usage sums the requested resources of environments, by environment, owner, repository or profile. It asks the
// Prometheus that the policy names.
type Usage interface {
	Usage(ctx context.Context, p *config.Policy, by string, since time.Duration) (preview.Usage, error)
}

const (
	// defaultUsageSince is how far back usage is summed by default; minUsageSince and maxUsageSince bound it.
	defaultUsageSince = 168 * time.Hour
	minUsageSince     = time.Hour
	maxUsageSince     = 90 * 24 * time.Hour
	// usageTimeout bounds a query.
	usageTimeout = 30 * time.Second
	// maxUsageClients bounds the queries at once.
	maxUsageClients = 2
)

func (a *API) getUsage(c *gin.Context) {
	by := c.DefaultQuery("by", "owner")
	since, err := time.ParseDuration(c.DefaultQuery("since", defaultUsageSince.String()))
	switch {
	case !slices.Contains(preview.UsageBy(), by):
		httpserver.Fail(c, http.StatusBadRequest, "by: expected %s", strings.Join(preview.UsageBy(), ", "))
		return
	case err != nil || since < minUsageSince || since > maxUsageSince:
		httpserver.Fail(c, http.StatusBadRequest, `since: expected a duration from 1h to 2160h; write it like "168h"`)
		return
	}
	p := a.publishedWithConfig(c)
	switch {
	case p == nil:
		return
	case a.Usage == nil || !p.Config.Policy.Activity.IsMeasured():
		httpserver.Fail(c, http.StatusNotImplemented,
			"usage is unknown; set activity.prometheus in previewset.yaml to a Prometheus that scrapes this service")
		return
	case !a.usageSlots.TryAcquire(1):
		httpserver.Fail(c, http.StatusServiceUnavailable, "other clients ask for usage now; ask again in a moment")
		return
	}
	defer a.usageSlots.Release(1)
	a.answerUsage(c, p.Config.Policy, by, since)
}

func (a *API) answerUsage(c *gin.Context, p *config.Policy, by string, since time.Duration) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), usageTimeout)
	defer cancel()
	from := a.Now().Add(-since).UTC().Truncate(time.Second)
	u, err := a.Usage.Usage(ctx, p, by, since)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		a.Logger.Warn("query usage failed", "error", err)
		httpserver.Fail(c, http.StatusServiceUnavailable,
			"Prometheus took longer than %s; choose a shorter time, or ask again later", usageTimeout)
	case err != nil:
		a.Logger.Warn("query usage failed", "error", err)
		httpserver.Fail(c, http.StatusBadGateway, "query Prometheus: %s", config.Printable(err.Error()))
	default:
		u.Rows = append([]preview.UsageRow{}, u.Rows...) // never null
		c.JSON(http.StatusOK, UsageAnswer{By: by, Since: from, Usage: u})
	}
}
