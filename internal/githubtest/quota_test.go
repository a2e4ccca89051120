package githubtest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	g := start(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	g.SetClock(func() time.Time { return now })
	g.SetQuota(2)
	g.AddRepository("acme/shop")
	first := g.expect(200, g.get("/repos/acme/shop", as("one")...))
	diff(t, "1", first.header.Get("X-RateLimit-Remaining"))
	diff(t, fmt.Sprint(now.Add(time.Hour).Unix()), first.header.Get("X-RateLimit-Reset"))
	g.expect(404, g.get("/repos/acme/none", as("one")...))
	refused := g.expect(403, g.get("/repos/acme/shop", as("one")...))
	diff(t, true, strings.Contains(refused.body, "API rate limit exceeded"))
	diff(t, "0", refused.header.Get("X-RateLimit-Remaining"))
	g.expect(200, g.get("/rate_limit", as("one")...))
	g.expect(200, g.get("/repos/acme/shop", as("two")...))
	now = now.Add(time.Hour)
	g.expect(200, g.get("/repos/acme/shop", as("one")...))
}
