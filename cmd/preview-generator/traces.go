package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/tracing"
)

// maxTraceDelay is how long the end of the program waits for the last traces.
const maxTraceDelay = 2 * time.Second

// traceSettings are the settings of OpenTelemetry traces.
type traceSettings struct{ endpoint string }

func (s *traceSettings) addFlags(f *flag.FlagSet) {
	f.StringVar(&s.endpoint, "otlp-endpoint", "",
		"`URL` of an OpenTelemetry collector (OTLP over HTTP), such as http://otel-collector.monitoring:4318, for traces of the "+
			"refresh cycle (default none)")
}

// apply adds the tracer to the options. The caller must call shutdown at the end.
func (s *traceSettings) apply(ctx context.Context, o *generator.Options, log *slog.Logger) (shutdown func(), err error) {
	if s.endpoint == "" {
		return func() {}, nil
	}
	endpoint, err := url.Parse(s.endpoint)
	if err != nil {
		return nil, errors.New("--otlp-endpoint is no URL; write one like http://otel-collector.monitoring:4318")
	}
	provider, err := tracing.New(ctx, endpoint, "preview-generator", log)
	if err != nil {
		return nil, fmt.Errorf("--otlp-endpoint: %w", err)
	}
	o.Tracer = provider.Tracer()
	return func() {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxTraceDelay)
		defer cancel()
		_ = provider.Shutdown(limited) // a lost trace is logged
	}, nil
}
