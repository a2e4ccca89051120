package generator

import (
	"context"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Activity measures which namespaces of a policy were used lately, where the policy says. What it couldn't tell of is missing.
type Activity interface {
	Measure(ctx context.Context, p *preview.Policy) (preview.Measurement, error)
}

const (
	// measureEvery is how often it is measured at most; more often only where everything is read more often.
	measureEvery = time.Minute
	// measureTimeout bounds one measurement.
	measureTimeout = 10 * time.Second
)

// source is where configuration says that activity is measured; nil is nowhere.
func (g *Generator) source() *preview.PrometheusActivity {
	if g.state.config == nil || g.opts.Activity == nil {
		return nil
	}
	return g.state.config.Policy.Activity.Prometheus
}

// sourceChanged forgets what was measured elsewhere, or of other namespaces, and measures anew.
func (g *Generator) sourceChanged(was *preview.Config) {
	s := &g.state
	now := g.source()
	if now == nil {
		if was == nil || was.Policy.Activity.Prometheus != nil {
			g.opts.Logger.Info("activity isn't measured: previewset.yaml names no Prometheus; every environment counts as used")
		}
		s.facts.Activity = preview.Measurement{}
		return
	}
	if was != nil && sameSource(was.Policy, s.config.Policy) {
		return
	}
	s.facts.Activity, s.activityErr = preview.Measurement{Problem: "nothing has been measured yet"}, nil
	s.measured = g.opts.Now()
	if g.served.Load() == nil { // else all would count as used now
		s.reads.settle(activityKey)
		return
	}
	s.reads.want(activityKey, true)
}

// sameSource says whether one measures what the other does.
func sameSource(a, b *preview.Policy) bool {
	x, y := a.Activity.Prometheus, b.Activity.Prometheus
	return x != nil && y != nil && *x == *y && a.NamespacePrefix == b.NamespacePrefix
}

// readActivity measures once. Where that fails, the last measurement stays; how old it may be is the rules' affair.
func (g *Generator) readActivity(ctx context.Context) func() func() {
	if g.source() == nil {
		return func() func() { return func() {} }
	}
	policy := g.state.config.Policy
	return func() func() {
		began := g.opts.Now()
		bounded, cancel := context.WithTimeout(ctx, measureTimeout)
		defer cancel()
		m, err := g.opts.Activity.Measure(bounded, policy)
		m.At = began // by the clock that decides how old it is
		return func() {
			if ctx.Err() == nil && sameSource(policy, g.state.config.Policy) {
				g.noteActivity(m, err)
			}
		}
	}
}

func (g *Generator) noteActivity(m preview.Measurement, err error) {
	s := &g.state
	if err != nil && !anyRuns(s.memory.Environments) {
		s.facts.Activity = m // of none Prometheus knows nothing, and there is nothing to know
		return
	}
	g.metrics.measurements.WithLabelValues(outcome(err == nil)).Inc()
	if err == nil {
		if s.activityErr != nil {
			g.opts.Logger.Info("activity is measured again", "namespaces", len(m.Used))
		}
		s.facts.Activity = m
	} else {
		if s.activityErr == nil {
			g.opts.Logger.Error("activity can't be measured; soon every environment counts as used", "error", err)
		}
		s.facts.Activity.Problem = message(err)
	}
	s.activityErr = err
}

// anyRuns says whether one isn't asleep. What is has no routes, of which a controller could tell.
func anyRuns(environments map[string]preview.Remembered) bool {
	for _, e := range environments {
		if e.Row.State != preview.Asleep {
			return true
		}
	}
	return false
}
