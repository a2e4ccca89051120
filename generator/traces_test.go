package generator_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

// spansOf returns the spans as "parent > name source", with "!" if the span failed, and how often each occurs.
func spansOf(all tracetest.SpanStubs) map[string]int {
	names := map[string]string{}
	for _, s := range all {
		names[s.SpanContext.SpanID().String()] = s.Name
	}
	got := map[string]int{}
	for _, s := range all {
		text := s.Name
		if parent := names[s.Parent.SpanID().String()]; parent != "" {
			text = parent + " > " + text
		}
		for _, a := range s.Attributes {
			if a.Key == "previewset.source" {
				text += " " + a.Value.AsString()
			}
		}
		if s.Status.Code == codes.Error {
			text += "!"
		}
		got[text]++
	}
	return got
}

// One trace shows a refresh from the reads to the saved state. A source that can't be read fails its span.
func TestRefreshIsOneTrace(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	w := testworld.New()
	_, withStore := testworld.NewStore(t)
	s := testworld.Ready(t, w, withStore, testworld.WithCluster(w), func(o *generator.Options) { o.Tracer = provider.Tracer("test") })
	want := map[string]int{
		"refresh": 1, "refresh > read config": 1, "refresh > read cluster": 1,
		"refresh > read acme/shop": 1, "refresh > read acme/gateway": 1,
		"refresh > resolve": 1, "refresh > save state": 1, "refresh > notify Argo CD": 1,
	}
	got := spansOf(exporter.GetSpans())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first refresh: %s", diff)
	}
	ids := map[string]bool{}
	for _, span := range exporter.GetSpans() {
		ids[span.SpanContext.TraceID().String()] = true
	}
	exporter.Reset()
	w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500")
	s.Refresh(t.Context())
	got = spansOf(exporter.GetSpans())
	if got["refresh > read acme/shop!"] != 1 || got["refresh > read acme/gateway"] != 1 || got["refresh"] != 1 {
		t.Errorf("second refresh: %v", got)
	}
	for _, span := range exporter.GetSpans() {
		if span.Name == "refresh" && ids[span.SpanContext.TraceID().String()] {
			t.Error("both refreshes have one trace")
		}
	}
}
