package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// fixedUsage is a Prometheus with fixed usage. It records the queries.
type fixedUsage struct {
	usage   preview.Usage
	err     error
	queries []string
}

func (c *fixedUsage) Usage(_ context.Context, p *config.Policy, by string, since time.Duration) (preview.Usage, error) {
	c.queries = append(c.queries, fmt.Sprint(p.Activity.Prometheus.URL, " ", by, " ", since))
	return c.usage, c.err
}

var usageCases = map[string]struct {
	query, policy string
	usage         fixedUsage
	code          int
	want, queried string
}{
	"by owner, one week": {
		"", testworld.PolicyWithActivity,
		fixedUsage{usage: preview.Usage{Rows: []preview.UsageRow{{Name: "alice", AwakeHours: 2}}}},
		http.StatusOK,
		`{"by":"owner","since":"2026-11-13T09:00:00Z","rows":[{"name":"alice",` +
			`"awake_hours":2,"asleep_hours":0,"cpu_core_hours":0,"memory_gib_hours":0,"saved_cpu_core_hours":0,"saved_memory_gib_hours":0}]}`,
		"http://prometheus:9090 owner 168h0m0s",
	},
	"empty, with a problem": {
		"?by=profile&since=2h", testworld.PolicyWithActivity,
		fixedUsage{usage: preview.Usage{Problem: "only 1 hour is known"}},
		http.StatusOK,
		`{"by":"profile","since":"2026-11-20T07:00:00Z","rows":[],"problem":"only 1 hour is known"}`, "http://prometheus:9090 profile 2h0m0s",
	},
	"by an unknown key": {
		"?by=colour", testworld.PolicyWithActivity,
		fixedUsage{},
		http.StatusBadRequest,
		"by: expected environment, owner, repository, profile", "",
	},
	"since without a duration": {
		"?since=7d", testworld.PolicyWithActivity, fixedUsage{}, http.StatusBadRequest, "since: expected a duration", "",
	},
	"since almost now": {
		"?since=1s", testworld.PolicyWithActivity, fixedUsage{}, http.StatusBadRequest, "since: expected a duration", "",
	},
	"since years": {
		"?since=9000h", testworld.PolicyWithActivity, fixedUsage{}, http.StatusBadRequest, "since: expected a duration", "",
	},
	"without Prometheus": {"", testworld.Policy, fixedUsage{}, http.StatusNotImplemented, "activity.prometheus in previewset.yaml", ""},
	"while Prometheus fails": {
		"", testworld.PolicyWithActivity,
		fixedUsage{err: errors.New("no route\x1b[31m")},
		http.StatusBadGateway, "no route[31m",
		"http://prometheus:9090 owner 168h0m0s",
	},
	"while Prometheus is slow": {
		"", testworld.PolicyWithActivity,
		fixedUsage{err: context.DeadlineExceeded},
		http.StatusServiceUnavailable,
		"Prometheus took longer", "http://prometheus:9090 owner 168h0m0s",
	},
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, tt := range usageCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := testworld.New()
			w.Tree = testworld.Tree(1, tt.policy)
			s := testworld.Ready(t, w, func(o *generator.Options) { o.Usage = &tt.usage })
			a := s.Get(t, "/api/v1/usage"+tt.query)
			got := strings.TrimSpace(a.Body)
			if a.Code != http.StatusOK {
				got = a.Message(t)
			}
			if a.Code != tt.code || (a.Code == http.StatusOK && got != tt.want) || !strings.Contains(got, tt.want) ||
				strings.Join(tt.usage.queries, ";") != tt.queried {
				t.Errorf("%d %s, queries %q", a.Code, got, tt.usage.queries)
			}
		})
	}
	if a := testworld.Do(
		t, testworld.Ready(t, testworld.New()).Handler(), http.MethodGet, "/api/v1/usage", "", nil,
	); a.Code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.Code)
	}
}
