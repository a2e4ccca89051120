package plan

import (
	"context"
	"io"
	"time"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// factsTimeout limits the question to the generator: the answer is only a courtesy.
const factsTimeout = 5 * time.Second

// Hold returns the decision that would hold an environment after a change of the configuration; nil if it would run.
// Without a client, or without the generator's answer, it knows no pull requests and takes every ref as existing.
func (p *Planner) Hold(ctx context.Context, before, after *config.Config, name string) *preview.Decision {
	quiet := *p
	env := *p.Env
	env.Err, quiet.Env = io.Discard, &env
	known, isKnown := quiet.factsOfService(ctx)
	if !isKnown {
		quiet.Client = nil
		known.Facts = syntheticFacts(before)
		known.Memory = preview.Resolve(before, known.Facts, preview.Memory{}, env.Now()).Memory
	}
	quiet.addSyntheticRefs(after, &known)
	now := env.Now()
	if now.Before(known.Memory.At) {
		now = known.Memory.At // the generator's clock is ahead
	}
	decisions := preview.Resolve(after, known.Facts, known.Memory, now).Decisions
	d := apiclient.FirstOf(decisions, func(d preview.Decision) bool { return d.Environment == name })
	if d == nil || d.Outcome != preview.Held {
		return nil
	}
	return d
}

func (p *Planner) factsOfService(ctx context.Context) (known preview.Inputs, ok bool) {
	if p.Client == nil {
		return known, false
	}
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	known, err := p.Client.Facts(ctx)
	return known, err == nil
}
