package generator

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

// Usage tells what environments have cost since a time ago, added up by environment, owner, repository or profile, from
// where the policy says that activity is measured.
type Usage interface {
	Usage(ctx context.Context, p *preview.Policy, by string, since time.Duration) (preview.Usage, error)
}

const (
	// usageSince is how far it is looked back where nobody says how far; minUsage and maxUsage bound it.
	usageSince = 168 * time.Hour
	minUsage   = time.Hour
	maxUsage   = 90 * 24 * time.Hour
	// usageTimeout bounds how long it takes.
	usageTimeout = 30 * time.Second
	// maxUsages bounds how many are asked for at once.
	maxUsages = 2
)

// usage is an answer.
type usage struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
	preview.Usage
}

// getUsage answers what environments cost.
func (g *Generator) getUsage(c *gin.Context) {
	by := c.DefaultQuery("by", "owner")
	since, err := time.ParseDuration(c.DefaultQuery("since", usageSince.String()))
	switch {
	case !slices.Contains(preview.UsageBy(), by):
		fail(c, http.StatusBadRequest, "by is none of %s", strings.Join(preview.UsageBy(), ", "))
		return
	case err != nil || since < minUsage || since > maxUsage:
		fail(c, http.StatusBadRequest, `since is not a length of time from 1h to 2160h; write it like "168h"`)
		return
	}
	s := g.current(c)
	switch {
	case s == nil:
		return
	case s.inputs.config == nil:
		fail(c, http.StatusServiceUnavailable, "the configuration was never read; see /readyz?verbose")
		return
	case g.opts.Usage == nil || s.inputs.config.Policy.Activity.Prometheus == nil:
		fail(c, http.StatusNotImplemented, "nobody knows what environments cost: name a Prometheus that scrapes this service under activity.prometheus in previewset.yaml")
		return
	case !g.counting.TryAcquire(1):
		fail(c, http.StatusServiceUnavailable, "others ask the same; ask again in a moment")
		return
	}
	defer g.counting.Release(1)
	g.answerUsage(c, s.inputs.config.Policy, by, since)
}

func (g *Generator) answerUsage(c *gin.Context, p *preview.Policy, by string, since time.Duration) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), usageTimeout)
	defer cancel()
	from := g.opts.Now().Add(-since).UTC().Truncate(time.Second)
	u, err := g.opts.Usage.Usage(ctx, p, by, since)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		g.opts.Logger.Warn("usage can't be told", "error", err)
		fail(c, http.StatusServiceUnavailable, "Prometheus took longer than %s; ask for less, or again later", usageTimeout)
	case err != nil:
		g.opts.Logger.Warn("usage can't be told", "error", err)
		fail(c, http.StatusBadGateway, "Prometheus can't tell: %s", preview.Printable(err.Error()))
	default:
		u.Rows = append([]preview.UsageRow{}, u.Rows...) // never null
		c.JSON(http.StatusOK, usage{By: by, Since: from, Usage: u})
	}
}
