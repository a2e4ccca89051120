package generator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// counted tells what environments cost, by hand.
type counted struct {
	usage preview.Usage
	err   error
	asked []string
}

func (c *counted) Usage(_ context.Context, p *preview.Policy, by string, since time.Duration) (preview.Usage, error) {
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
			"", measuring,
			counted{usage: preview.Usage{Rows: []preview.UsageRow{{Name: "alice", AwakeHours: 2}}}},
			http.StatusOK,
			`{"by":"owner","since":"2026-11-13T09:00:00Z","rows":[{"name":"alice","awake_hours":2,"asleep_hours":0,"cpu_core_hours":0,"memory_gib_hours":0,"saved_cpu_core_hours":0,"saved_memory_gib_hours":0}]}`,
			"http://prometheus:9090 owner 168h0m0s",
		},
		"of nothing, with what it lacks": {
			"?by=profile&since=2h", measuring,
			counted{usage: preview.Usage{Problem: "only 1 hour is known"}},
			http.StatusOK,
			`{"by":"profile","since":"2026-11-20T07:00:00Z","rows":[],"problem":"only 1 hour is known"}`, "http://prometheus:9090 profile 2h0m0s",
		},
		"by nothing that is known": {"?by=colour", measuring, counted{}, http.StatusBadRequest, "by: expected environment, owner, repository, profile", ""},
		"since no length of time":  {"?since=7d", measuring, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"since almost now":         {"?since=1s", measuring, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"since years":              {"?since=9000h", measuring, counted{}, http.StatusBadRequest, "since: expected a duration", ""},
		"without Prometheus":       {"", policy, counted{}, http.StatusNotImplemented, "activity.prometheus in previewset.yaml", ""},
		"while Prometheus is away": {"", measuring, counted{err: errors.New("no route\x1b[31m")}, http.StatusBadGateway, "no route[31m", "http://prometheus:9090 owner 168h0m0s"},
		"while Prometheus is slow": {"", measuring, counted{err: context.DeadlineExceeded}, http.StatusServiceUnavailable, "Prometheus took longer", "http://prometheus:9090 owner 168h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.tree = treeOf(1, tt.policy)
			s := ready(t, w, func(o *generator.Options) { o.Usage = &tt.usage })
			a := s.get(t, "/api/v1/usage"+tt.query)
			got := strings.TrimSpace(a.body)
			if a.code != http.StatusOK {
				got = a.message(t)
			}
			if a.code != tt.code || (a.code == http.StatusOK && got != tt.want) || !strings.Contains(got, tt.want) || strings.Join(tt.usage.asked, ";") != tt.asked {
				t.Errorf("%d %s, asked %q", a.code, got, tt.usage.asked)
			}
		})
	}
	if a := do(t, ready(t, newWorld()).Handler(), http.MethodGet, "/api/v1/usage", "", nil); a.code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.code)
	}
}
