package sources

import (
	"context"
	"log/slog"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// ActivityMeter measures which namespaces were used lately, from the source that the policy names. A namespace without
// data is missing in the measurement.
type ActivityMeter interface {
	Measure(ctx context.Context, p *config.Policy) (preview.Measurement, error)
}

// measureTimeout bounds a measurement.
const measureTimeout = 10 * time.Second

// Activity has the last measurement.
type Activity struct {
	Facts preview.Measurement
	Err   error // why the last measurement failed

	meter ActivityMeter // nil measures nothing
	now   func() time.Time
	log   *slog.Logger
	count func(ok bool)
}

// NewActivity returns Activity without a measurement. Count is called after each measurement.
func NewActivity(m ActivityMeter, now func() time.Time, log *slog.Logger, count func(ok bool)) *Activity {
	return &Activity{meter: m, now: now, log: log, count: count}
}

// IsMeasured reports whether a configuration names a source of activity.
func (a *Activity) IsMeasured(c *config.Config) bool {
	return c != nil && a.meter != nil && c.Policy.Activity.IsMeasured()
}

// Change drops the measurement if a new configuration measures other namespaces or another source. It says whether a
// new measurement is needed.
func (a *Activity) Change(before, after *config.Config) (needsMeasurement bool) {
	if !a.IsMeasured(after) {
		if before == nil || before.Policy.Activity.IsMeasured() {
			a.log.Info("activity isn't measured: previewset.yaml names no Prometheus; every environment counts as used")
		}
		a.Facts = preview.Measurement{}
		return false
	}
	if before != nil && measuresSame(before.Policy, after.Policy) {
		return false
	}
	a.Facts, a.Err = preview.Measurement{Problem: "nothing has been measured yet"}, nil
	return true
}

// measuresSame reports whether two policies measure the same namespaces in the same source.
func measuresSame(a, b *config.Policy) bool {
	return a.Activity.IsMeasured() && a.Activity.Equal(b.Activity) && a.NamespacePrefix == b.NamespacePrefix
}

// Measure measures once. After a failure the last measurement stays, except while no environment runs; package preview
// decides how long it is valid.
// Config returns the configuration in force. AnyRuns says whether an environment runs: without one, Prometheus has no
// data, and needs none.
func (a *Activity) Measure(ctx context.Context, config func() *config.Config, anyRuns func() bool) Task {
	if !a.IsMeasured(config()) {
		return Nothing
	}
	policy := config().Policy
	return func() Apply {
		began := a.now()
		bounded, cancel := context.WithTimeout(ctx, measureTimeout)
		defer cancel()
		m, err := a.meter.Measure(bounded, policy)
		m.At = began // by our clock, which decides how old it is
		return func() {
			switch {
			case ctx.Err() != nil || !measuresSame(policy, config().Policy):
			case err != nil && !anyRuns():
				a.Facts = m
			default:
				a.store(m, err)
			}
		}
	}
}

func (a *Activity) store(m preview.Measurement, err error) {
	a.count(err == nil)
	switch {
	case err == nil && a.Err != nil:
		a.log.Info("activity is measured again", "namespaces", len(m.Used))
		a.Facts = m
	case err == nil:
		a.Facts = m
	default:
		if a.Err == nil {
			a.log.Error("measure activity failed; soon every environment counts as used", "error", err)
		}
		a.Facts.Problem = config.Printable(err.Error())
	}
	a.Err = err
}
