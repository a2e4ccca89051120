// Package traces makes OpenTelemetry spans of the refresh cycle. One trace shows how a change becomes an answer: the reads
// of sources, resolving, saving and telling Argo CD. It begins with the first read after a snapshot was published, and ends
// when the next snapshot is published. Work that a published snapshot causes, such as reports, belongs to its trace.
package traces

import (
	"context"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Cycle makes the spans of one refresh cycle after the other. It isn't safe for concurrent use; its Spans are.
type Cycle struct {
	tracer trace.Tracer
	root   trace.Span        // of the running trace; nil between two traces
	last   trace.SpanContext // of the root of the last trace
}

// New returns a Cycle. A nil tracer records nothing.
func New(tracer trace.Tracer) *Cycle {
	if tracer == nil {
		tracer = noop.Tracer{}
	}
	return &Cycle{tracer: tracer}
}

// Start starts a span in the running trace. It begins a trace if none runs.
func (c *Cycle) Start(ctx context.Context, name, source string) (context.Context, *Span) {
	if c.root == nil {
		_, c.root = c.tracer.Start(ctx, "refresh", trace.WithNewRoot())
	}
	return c.start(trace.ContextWithSpan(ctx, c.root), name, source)
}

// StartAfter starts a span of work that the last published snapshot causes. It belongs to that snapshot's trace.
func (c *Cycle) StartAfter(ctx context.Context, name, source string) (context.Context, *Span) {
	return c.start(trace.ContextWithSpanContext(ctx, c.last), name, source)
}

func (c *Cycle) start(ctx context.Context, name, source string) (context.Context, *Span) {
	ctx, span := c.tracer.Start(ctx, name)
	if source != "" {
		span.SetAttributes(attribute.String("previewset.source", source))
	}
	return ctx, &Span{span: span}
}

// End ends the running trace. A problem is why no snapshot was published; "" if there was none.
func (c *Cycle) End(problem string, environments int) {
	if c.root == nil {
		return
	}
	c.root.SetAttributes(attribute.Int("previewset.environments", environments))
	end(c.root, problem, time.Time{})
	c.root, c.last = nil, c.root.SpanContext()
}

// Span is a part of a trace.
type Span struct {
	span trace.Span
	done time.Time
}

// Done notes the time at which the work ended. End may follow later. Only one goroutine may call both, or Done must happen
// before End.
func (s *Span) Done() { s.done = time.Now() }

// End ends the span, at the time of Done if it was called. A problem marks it as failed.
func (s *Span) End(problem string) { end(s.span, problem, s.done) }

func end(span trace.Span, problem string, at time.Time) {
	if problem != "" {
		span.SetStatus(codes.Error, problem)
	}
	if at.IsZero() {
		span.End()
	} else {
		span.End(trace.WithTimestamp(at))
	}
}

// AddGitHubRequest adds a span for a request to GitHub that has ended, with its kind, its status (0 without an answer) and
// its duration, to the span in ctx.
func AddGitHubRequest(ctx context.Context, kind string, status int, took time.Duration) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return
	}
	now := time.Now()
	_, span := parent.TracerProvider().Tracer(instrumentation).Start(ctx, "GitHub "+kind,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(now.Add(-took)),
		trace.WithAttributes(attribute.Int("http.response.status_code", status)))
	problem := ""
	if status == 0 || status >= 400 {
		problem = "no answer"
		if status != 0 {
			problem = "status " + strconv.Itoa(status)
		}
	}
	end(span, problem, now)
}

// instrumentation is the name of the spans' source.
const instrumentation = "github.com/previewset/previewset/generator/traces"
