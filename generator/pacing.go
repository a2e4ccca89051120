package generator

import (
	"log/slog"
	"time"

	"github.com/previewset/previewset/generator/metrics"
)

// Quota knows how many requests GitHub still accepts.
type Quota interface {
	// Pause returns the time until the next poll: the interval, or longer while quota is short.
	Pause(interval time.Duration) time.Duration
	// Hurry reports whether a read may start at once: more quota is left than the reserve for polling.
	Hurry() bool
	// Describe describes the rest of the quota in a sentence.
	Describe() string
}

// pacing keeps the generator within GitHub's quota.
type pacing struct {
	quota    Quota // nil means no limit
	interval time.Duration
	now      func() time.Time
	log      *slog.Logger
	metrics  *metrics.Metrics

	pollAt   time.Time       // when repositories may be polled again; zero means at once
	deferred map[string]bool // repositories with webhooks that wait for quota
}

// hasQuota reports whether quota is left for reads besides polling.
func (p *pacing) hasQuota() bool { return p.quota == nil || p.quota.Hurry() }

func (p *pacing) mayPoll() bool { return !p.now().Before(p.pollAt) }

// reset allows a poll at once.
func (p *pacing) reset() { p.pollAt = time.Time{} }

func (p *pacing) deferRead(name string) {
	if p.deferred == nil {
		p.deferred = map[string]bool{}
	}
	p.deferred[name] = true
}

// takeDeferred removes and returns the waiting repositories if quota is left.
func (p *pacing) takeDeferred() map[string]bool {
	if len(p.deferred) == 0 || !p.hasQuota() {
		return nil
	}
	names := p.deferred
	p.deferred = nil
	return names
}

// endPoll decides when to poll again.
func (p *pacing) endPoll() {
	p.deferred = nil // the poll has read them
	pause := p.interval
	if p.quota != nil {
		pause = p.quota.Pause(p.interval)
	}
	p.pollAt = time.Time{}
	if pause > p.interval {
		p.pollAt = p.now().Add(pause)
		p.log.Warn(
			"polling slows down: GitHub quota is short", "pause", pause.Round(time.Second), "quota", p.quota.Describe(),
		)
	}
	p.metrics.SetPollInterval(pause)
}

// report updates the metric.
func (p *pacing) report() { p.metrics.SetDeferred(len(p.deferred)) }

// describe describes the rest of the quota; empty without a limit.
func (p *pacing) describe() string {
	if p.quota == nil {
		return ""
	}
	return p.quota.Describe()
}
