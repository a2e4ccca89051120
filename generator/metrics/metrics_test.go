package metrics_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

// metricsAtStart are the metrics before the first snapshot.
var metricsAtStart = map[string]float64{
	"previewset_ready": 0, "previewset_config_valid": 0, "previewset_repositories_unreadable": 0, "previewset_refresh_duration_seconds": 0,
	"previewset_saved_state_bytes": 0, "previewset_saved_state_conflicts_total": 0,
	"previewset_saved_state_dropped_parts": 0, "previewset_poll_interval_seconds": 60, "previewset_webhooks_deferred": 0,
	"previewset_refreshes_total{outcome=failure}": 0, "previewset_refreshes_total{outcome=success}": 0,
	"previewset_report_writes_total{outcome=failure,report=check}":      0,
	"previewset_report_writes_total{outcome=failure,report=comment}":    0,
	"previewset_report_writes_total{outcome=failure,report=jira}":       0,
	"previewset_report_writes_total{outcome=success,report=jira}":       0,
	"previewset_report_writes_total{outcome=success,report=check}":      0,
	"previewset_report_writes_total{outcome=success,report=comment}":    0,
	"previewset_report_writes_total{outcome=failure,report=deployment}": 0,
	"previewset_report_writes_total{outcome=success,report=deployment}": 0,
	"previewset_report_writes_total{outcome=failure,report=status}":     0, "previewset_report_writes_total{outcome=success,report=status}": 0,
	"previewset_applicationset_refreshes_total{outcome=failure}": 0, "previewset_applicationset_refreshes_total{outcome=success}": 0,
	"previewset_commit_statuses_total{outcome=failure}": 0, "previewset_commit_statuses_total{outcome=success}": 0,
	"previewset_memory_saves_total{outcome=failure}": 0, "previewset_memory_saves_total{outcome=success}": 0,
	"previewset_activity_measurements_total{outcome=failure}": 0, "previewset_activity_measurements_total{outcome=success}": 0,
	"previewset_wakes_total{by=visit}": 0, "previewset_wakes_total{by=request}": 0, "previewset_wakes_total{by=push}": 0,
	"previewset_wakes_total{by=link}":     0,
	"previewset_wake_seconds":             0,
	"previewset_deploy_seconds":           0,
	"previewset_usable_seconds":           0,
	"previewset_stage_seconds{stage=row}": 0, "previewset_stage_seconds{stage=synced}": 0,
	"previewset_stage_seconds{stage=ready}": 0,
}

// metricsOfSnapshot are the metrics after a failed and two successful refreshes and some requests.
var metricsOfSnapshot = map[string]float64{
	"previewset_ready": 1, "previewset_config_valid": 0, "previewset_repositories_unreadable": 1,
	"previewset_config_problems": 0, "previewset_environments_withheld": 0,
	"previewset_saved_state_bytes": 0, "previewset_saved_state_conflicts_total": 0,
	"previewset_saved_state_dropped_parts": 0, "previewset_poll_interval_seconds": 60, "previewset_webhooks_deferred": 0,
	"previewset_facts_oldest_timestamp_seconds":                         float64(testworld.Start.Unix()),
	"previewset_environments{state=awake}":                              3,
	"previewset_environments{state=waking}":                             0,
	"previewset_environments{state=asleep}":                             0,
	"previewset_environments_progress{phase=deploying}":                 0,
	"previewset_environments_progress{phase=ready}":                     0,
	"previewset_environments_progress{phase=failed}":                    0,
	"previewset_environments_progress{phase=degraded}":                  0,
	"previewset_environments_progress{phase=asleep}":                    0,
	"previewset_environments_progress{phase=waking}":                    0,
	"previewset_activity_measurements_total{outcome=failure}":           0,
	"previewset_activity_measurements_total{outcome=success}":           0,
	"previewset_wakes_total{by=visit}":                                  0,
	"previewset_wakes_total{by=request}":                                0,
	"previewset_wakes_total{by=push}":                                   0,
	"previewset_wakes_total{by=link}":                                   0,
	"previewset_wake_seconds":                                           0,
	"previewset_deploy_seconds":                                         0,
	"previewset_usable_seconds":                                         0,
	"previewset_stage_seconds{stage=row}":                               0,
	"previewset_stage_seconds{stage=synced}":                            0,
	"previewset_stage_seconds{stage=ready}":                             0,
	"previewset_decisions{outcome=live,rule=labelled}":                  3,
	"previewset_decisions{outcome=held,rule=unlabelled}":                1,
	"previewset_refreshes_total{outcome=failure}":                       1,
	"previewset_refreshes_total{outcome=success}":                       2,
	"previewset_report_writes_total{outcome=failure,report=check}":      0,
	"previewset_report_writes_total{outcome=failure,report=comment}":    0,
	"previewset_report_writes_total{outcome=failure,report=jira}":       0,
	"previewset_report_writes_total{outcome=success,report=jira}":       0,
	"previewset_report_writes_total{outcome=success,report=check}":      0,
	"previewset_report_writes_total{outcome=success,report=comment}":    0,
	"previewset_report_writes_total{outcome=failure,report=deployment}": 0,
	"previewset_report_writes_total{outcome=success,report=deployment}": 0,
	"previewset_report_writes_total{outcome=failure,report=status}":     0, "previewset_report_writes_total{outcome=success,report=status}": 0,
	"previewset_refresh_duration_seconds":                                        3,
	"previewset_applicationset_refreshes_total{outcome=failure}":                 0,
	"previewset_applicationset_refreshes_total{outcome=success}":                 0,
	"previewset_commit_statuses_total{outcome=failure}":                          0,
	"previewset_commit_statuses_total{outcome=success}":                          0,
	"previewset_memory_saves_total{outcome=failure}":                             0,
	"previewset_memory_saves_total{outcome=success}":                             0,
	"previewset_http_request_duration_seconds{route=/api/v1/getparams.execute}":  2,
	"previewset_http_request_duration_seconds{route=other}":                      1,
	"previewset_http_request_duration_seconds{route=/api/v1/environments/:name}": 1,
	"previewset_http_requests_total{code=200,route=/api/v1/getparams.execute}":   1,
	"previewset_http_requests_total{code=400,route=/api/v1/getparams.execute}":   1,
	"previewset_http_requests_total{code=404,route=other}":                       1,
	"previewset_http_requests_total{code=200,route=/api/v1/environments/:name}":  1,
}

func TestMetricsDescribeSnapshot(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.NewService(t, w)
	if diff := cmp.Diff(metricsAtStart, s.Metrics(t)); diff != "" {
		t.Errorf("before the first snapshot: %s", diff)
	}
	w.ConfigErr = errors.New("no route")
	s.Refresh(t.Context())
	w.ConfigErr = nil
	s.Refresh(t.Context())
	s.GetParams(t, testworld.ParamsBody)
	s.GetParams(t, "null")
	s.Get(t, "/an/unknown/path")
	s.Get(t, "/api/v1/environments/shop-pr-7")
	w.AdvanceClock(time.Hour)
	w.RepositoryErrs["acme/shop"], w.Tree = errors.New("GitHub answers 500"), testworld.Tree(2, "kind: Nonsense\n")
	s.Refresh(t.Context())
	if diff := cmp.Diff(metricsOfSnapshot, s.Metrics(t)); diff != "" {
		t.Error(diff)
	}
	if got := testworld.Do(
		t, s.Handler(), http.MethodGet, "/metrics", "", map[string]string{"Authorization": " "},
	); got.Code != http.StatusOK ||
		!strings.Contains(got.Body, "previewset_ready 1\n") ||
		!strings.Contains(got.Body, "go_goroutines ") {
		t.Errorf("/metrics: %d %.500s", got.Code, got.Body)
	}
}

func TestAgeOfFactsIgnoresUnreadRepositories(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Repositories = []string{"acme/gateway"} })
	if got := s.Metrics(t)["previewset_facts_oldest_timestamp_seconds"]; got != float64(testworld.Start.Unix()) {
		t.Errorf("an unread repository hides the age of others: %v", got)
	}
}

func TestMetricsPassTheLinter(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.PolicyWithActivity)
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.EnvironmentMetrics, o.Activity, o.Workloads = true, &testworld.Activity{}, testworld.Workloads{
			"preview-shop-pr-7": {{Replicas: 1, CPU: 100, Memory: 1 << 20}},
		}
	})
	s.Refresh(t.Context())
	s.GetParams(t, testworld.ParamsBody)
	if s.Metrics(t)[testworld.ShopRequests+"cpu}"] != 0.1 {
		t.Errorf("no metrics of environments: %v", s.Metrics(t))
	}
	families, err := s.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
