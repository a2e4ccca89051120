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

// counted tells what environments cost, by hand.
type counted struct {
	usage preview.Usage
	err   error
	asked []string
}

func (c *counted) Usage(_ context.Context, p *config.Policy, by string, since time.Duration) (preview.Usage, error) {
	c.asked = append(c.asked, fmt.Sprint(p.Activity.Prometheus.URL, " ", by, " ", since))
	return c.usage, c.err
}

func TestUsageIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		query, policy string
		usage         counted
		code          int
		want, asked   string
	}{
		"by owner of a week": {
			"", testworld.PolicyWithActivity,
			counted{usage: preview.Usage{Rows: []preview.UsageRow{{Name: "alice", AwakeHours: 2}}}},
			http.StatusOK,
			`{"by":"owner","since":"2026-11-13T09:00:00Z","rows":[{"name":"alice","awake_hours":2,"asleep_hours":0,"cpu_core_hours":0,"memory_gib_hours":0,"saved_cpu_core_hours":0,"saved_memory_gib_hours":0}]}`,
			"http://prometheus:9090 owner 168h0m0s",
		},
		"of nothing, with what it lacks": {
			"?by=profile&since=2h", testworld.PolicyWithActivity,
			counted{usage: preview.Usage{Problem: "only 1 hour is known"}},
			http.StatusOK,
			`{"by":"profile","since":"2026-11-20T07:00:00Z","rows":[],"problem":"only 1 hour is known"}`, "http://prometheus:9090 profile 2h0m0s",
		},
		"by nothing that is known": {"?by=colour", testworld.PolicyWithActivity, counted{}, http.StatusBadRequest, "by: expected environment, owner, repository, profile", ""},
		"since no length of time":  {"?since=7d", testworld.PolicyWithActivity, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"since almost now":         {"?since=1s", testworld.PolicyWithActivity, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"since years":              {"?since=9000h", testworld.PolicyWithActivity, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"without Prometheus":       {"", testworld.Policy, counted{}, http.StatusNotImplemented, "activity.prometheus in previewset.yaml", ""},
		"while Prometheus is away": {"", testworld.PolicyWithActivity, counted{err: errors.New("no route\x1b[31m")}, http.StatusBadGateway, "no route[31m", "http://prometheus:9090 owner 168h0m0s"},
		"while Prometheus is slow": {"", testworld.PolicyWithActivity, counted{err: context.DeadlineExceeded}, http.StatusServiceUnavailable, "Prometheus took longer", "http://prometheus:9090 owner 168h0m0s"},
	} {
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
			if a.Code != tt.code || (a.Code == http.StatusOK && got != tt.want) || !strings.Contains(got, tt.want) || strings.Join(tt.usage.asked, ";") != tt.asked {
				t.Errorf("%d %s, asked %q", a.Code, got, tt.usage.asked)
			}
		})
	}
	if a := testworld.Do(t, testworld.Ready(t, testworld.New()).Handler(), http.MethodGet, "/api/v1/usage", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.Code)
	}
}
