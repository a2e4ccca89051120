// Package tracing sends OpenTelemetry traces to a collector, by OTLP over HTTP with Protocol Buffers:
// https://opentelemetry.io/docs/specs/otlp/#otlphttp.
//
// It has its own client of a few lines, because the client of the OpenTelemetry project also links gRPC: 5 MB.
package tracing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// timeout of one request to the collector.
const timeout = 10 * time.Second

// Provider makes spans and sends them in batches. If the collector doesn't accept a batch, the batch is lost and the log
// says so.
type Provider struct{ sdk *sdk.TracerProvider }

// New returns a Provider for a collector's base address, such as http://otel-collector.monitoring:4318. It sends no
// request. OpenTelemetry's environment variables OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and
// OTEL_BSP_* have their standard effect.
func New(ctx context.Context, endpoint *url.URL, service string, log *slog.Logger) (*Provider, error) {
	if (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "" || endpoint.User != nil {
		return nil, errors.New("the address of the collector must be like http://otel-collector.monitoring:4318")
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", service)), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	exporter, err := otlptrace.New(ctx, &client{
		url: endpoint.JoinPath("v1", "traces").String(), http: &http.Client{Timeout: timeout},
	})
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces were lost", "error", err) }))
	return &Provider{sdk: sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))}, nil
}

// Tracer returns the tracer for the project's spans.
func (p *Provider) Tracer() trace.Tracer { return p.sdk.Tracer("github.com/previewset/previewset") }

// Shutdown sends the remaining spans.
func (p *Provider) Shutdown(ctx context.Context) error { return p.sdk.Shutdown(ctx) }

// client implements otlptrace.Client.
type client struct {
	url  string
	http *http.Client
}

// Start implements otlptrace.Client.
func (*client) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (*client) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. TracesData has the same encoding as the request of the collector's service, as
// its definition promises.
func (c *client) UploadTraces(ctx context.Context, all []*spans.ResourceSpans) error {
	body, err := proto.Marshal(&spans.TracesData{ResourceSpans: all})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	answer, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("send traces: %w; check --otlp-endpoint and the NetworkPolicy", err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("send traces: %s answers %s; --otlp-endpoint must name a collector's OTLP/HTTP port, usually 4318",
			c.url, answer.Status)
	}
	return nil
}
