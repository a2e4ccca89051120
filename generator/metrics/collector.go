package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/internal/preview"
)

// environmentLabels are the labels of metrics about single environments. Their values are slugs.
var environmentLabels = []string{"environment", "owner", "repository", "profile"}

var (
	environmentsDesc = desc("previewset_environments", "Live environments by state.", "state")
	progressDesc     = desc("previewset_environments_progress",
		"Live environments by phase: deploying, ready, failed, degraded, asleep or waking. "+
			"New ones are missing until Argo CD was read.", "phase")
	decisionsDesc = desc("previewset_decisions",
		"Decisions about pull requests and environment files, by outcome and rule.", "outcome", "rule")
	withheldDesc = desc("previewset_environments_withheld",
		"Environments that are removed when a user confirms it.")
	problemsDesc = desc("previewset_config_problems",
		"Mistakes in the configuration in force that hold single environments only.")
	clusterDesc = desc("previewset_cluster_readable",
		"1 if the last read of the cluster succeeded, else 0; absent without a cluster.")
	unreadableDesc = desc("previewset_repositories_unreadable", "Repositories that the last read failed for.")
	ageDesc        = desc("previewset_facts_oldest_timestamp_seconds",
		"Time of the last successful read of the repository with the oldest facts.")
	configDesc = desc("previewset_config_valid", "1 if the config branch is readable and valid, else 0.")
	knownDesc  = desc("previewset_activity_known",
		"1 if the last measurement of activity succeeded, else 0; absent if none is configured.")
	measuredDesc = desc("previewset_activity_measured_timestamp_seconds", "Time of the last measurement of activity.")
	stateDesc    = desc("previewset_environment_state",
		"1 for the current state of an environment.", append(environmentLabels, "state")...)
	requestsDesc = desc("previewset_environment_requests",
		"Cores and bytes of memory that an environment requests while awake; the last value while asleep.",
		append(environmentLabels, "resource")...)
	readyDesc = desc("previewset_ready", "1 if a whole snapshot has been computed, else 0.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Service is the state of the generator that the metrics describe.
type Service interface {
	// Published is the snapshot that is served now; nil before the first one.
	Published() *answer.Published
	Status() *status.Status
}

// Collector reads figures about the snapshot and the sources.
type Collector struct {
	Service Service
	// Progress counts environments by phase.
	Progress interface{ Counts() map[preview.Phase]int }
	// Requested has the resources of single environments; nil omits all metrics of single environments.
	Requested *Requested
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		environmentsDesc, progressDesc, withheldDesc, decisionsDesc, unreadableDesc, ageDesc, configDesc, problemsDesc,
		clusterDesc, readyDesc, knownDesc, measuredDesc, stateDesc, requestsDesc,
	} {
		ch <- d
	}
}

// setGauge sends the value of a metric.
type setGauge func(d *prometheus.Desc, v float64, labels ...string)

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	p := c.Service.Published()
	set(readyDesc, boolean(p != nil))
	if p != nil {
		collectSnapshot(p.Snapshot, set)
		collectProgress(c.Progress.Counts(), set)
		if c.Requested != nil {
			collectEnvironments(p.Snapshot, c.Requested, set)
		}
	}
	collectStatus(c.Service.Status(), set)
}

func collectSnapshot(s *preview.Snapshot, set setGauge) {
	environments := map[preview.State]int{preview.Awake: 0, preview.Waking: 0, preview.Asleep: 0}
	for _, r := range s.Rows {
		environments[r.State]++
	}
	type outcomeAndRule struct {
		outcome preview.Outcome
		rule    preview.Rule
	}
	decisions, waiting := map[outcomeAndRule]int{}, 0
	for i := range s.Decisions {
		d := &s.Decisions[i]
		decisions[outcomeAndRule{d.Outcome, d.Rule}]++
		if d.Withheld {
			waiting++
		}
	}
	set(withheldDesc, float64(waiting))
	set(problemsDesc, float64(len(s.Problems)))
	for state, n := range environments {
		set(environmentsDesc, float64(n), string(state))
	}
	for by, n := range decisions {
		set(decisionsDesc, float64(n), string(by.outcome), string(by.rule))
	}
}

func collectProgress(counts map[preview.Phase]int, set setGauge) {
	for _, phase := range []preview.Phase{
		preview.PhaseDeploying, preview.PhaseReady, preview.PhaseFailed, preview.PhaseDegraded, preview.PhaseAsleep,
		preview.PhaseWaking,
	} {
		set(progressDesc, float64(counts[phase]), string(phase))
	}
}

func collectEnvironments(s *preview.Snapshot, requested *Requested, set setGauge) {
	for i := range s.Rows {
		r := &s.Rows[i]
		set(stateDesc, 1, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, string(r.State))
		if resources, ok := requested.Of(r.Name); ok {
			set(requestsDesc, resources.CPU, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, "cpu")
			set(requestsDesc, resources.Memory, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, "memory")
		}
	}
}

func collectStatus(s *status.Status, set setGauge) {
	failed, oldest := 0, time.Time{} // a repository that was never read has no age
	for _, r := range s.Repositories {
		if r.Error != "" {
			failed++
		}
		if !r.Read.IsZero() && (oldest.IsZero() || r.Read.Before(oldest)) {
			oldest = r.Read
		}
	}
	set(unreadableDesc, float64(failed))
	if s.MeasuresActivity {
		set(knownDesc, boolean(s.ActivityError == ""))
	}
	if !s.Measured.IsZero() {
		set(measuredDesc, float64(s.Measured.Unix()))
	}
	if s.HasCluster {
		set(clusterDesc, boolean(s.ClusterError == ""))
	}
	set(configDesc, boolean(s.ConfigError == "" && s.Revision != ""))
	if !oldest.IsZero() {
		set(ageDesc, float64(oldest.Unix()))
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
