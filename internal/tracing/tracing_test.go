package tracing_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/previewset/previewset/internal/tracing"
)

// collector receives traces as an OpenTelemetry collector does.
type collector struct {
	t        *testing.T
	status   int
	received []*spans.ResourceSpans
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var data spans.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &data)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/base/v1/traces" ||
		r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.t.Errorf("%s %s %s: %v", r.Method, r.URL, r.Header.Get("Content-Type"), err)
	}
	c.received = append(c.received, data.GetResourceSpans()...)
	w.WriteHeader(c.status)
}

// send sends one span to a collector with this status. It returns what the collector got, and the log.
func send(t *testing.T, status int) (received []*spans.ResourceSpans, log string) {
	t.Helper()
	c := &collector{t: t, status: status}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL + "/base/")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	p, err := tracing.New(t.Context(), endpoint, "preview-generator", slog.New(slog.NewTextHandler(&text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, span := p.Tracer().Start(t.Context(), "read")
	span.End()
	_ = p.Shutdown(t.Context()) // also fails where the batch failed
	return c.received, text.String()
}

// The error handler of OpenTelemetry is global, so this test doesn't run in parallel.
func TestSpansReachTheCollector(t *testing.T) { //nolint:paralleltest // see above
	received, log := send(t, http.StatusOK)
	if len(received) != 1 || len(received[0].GetScopeSpans()) != 1 || log != "" {
		t.Fatalf("%v, log %q", received, log)
	}
	if got := received[0].GetScopeSpans()[0].GetSpans(); len(got) != 1 || got[0].GetName() != "read" {
		t.Errorf("spans %v", got)
	}
	name := ""
	for _, a := range received[0].GetResource().GetAttributes() {
		if a.GetKey() == "service.name" {
			name = a.GetValue().GetStringValue()
		}
	}
	if name != "preview-generator" {
		t.Errorf("service.name %q", name)
	}
}

func TestRefusedBatchIsLogged(t *testing.T) { //nolint:paralleltest // the error handler is global
	received, log := send(t, http.StatusNotFound)
	if len(received) != 1 || !strings.Contains(log, "traces were lost") || !strings.Contains(log, "--otlp-endpoint") {
		t.Errorf("%d batches, log %q", len(received), log)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "collector:4318", "grpc://collector:4317", "http://user:secret@collector:4318", "http://"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tracing.New(t.Context(), u, "x", slog.New(slog.DiscardHandler))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
