package prometheus_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

// newPolicy returns a policy with a server and a query.
func newPolicy(url string) *config.Policy {
	return &config.Policy{
		NamespacePrefix: "preview-",
		Activity:        config.Activity{Prometheus: &config.PrometheusActivity{URL: url, Query: "activity"}},
	}
}

// serve starts a server with one answer for all requests and returns its URL.
func serve(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// vectorOf returns an answer with the samples, which are JSON.
func vectorOf(samples ...string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(samples, ",") + `]}}`
}

// namespaceVector returns an answer with samples of the form "namespace value".
func namespaceVector(samples ...string) string {
	for i, s := range samples {
		namespace, value, _ := strings.Cut(s, " ")
		samples[i] = fmt.Sprintf(`{"metric":{"namespace":%q},"value":[%d.123,%q]}`, namespace, time.Now().Unix(), value)
	}
	return vectorOf(samples...)
}

// measure asks a server with the default options.
func measure(t *testing.T, p *config.Policy) (preview.Measurement, error) {
	t.Helper()
	return prometheus.New(prometheus.Options{}).Measure(t.Context(), p)
}

// pipe is an in-memory server, so that tests with synctest control its time.
type pipe struct {
	connections chan net.Conn
	server      *http.Server
	client      *http.Transport
}

func newPipe(h http.Handler) *pipe {
	p := &pipe{connections: make(chan net.Conn), server: &http.Server{Handler: h}}
	p.client = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		p.connections <- theirs
		return ours, nil
	}}
	go func() { _ = p.server.Serve(p) }()
	return p
}

func (p *pipe) close() {
	p.client.CloseIdleConnections()
	_ = p.server.Close()
}

// Accept implements net.Listener.
func (p *pipe) Accept() (net.Conn, error) {
	c, ok := <-p.connections
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close implements net.Listener.
func (p *pipe) Close() error { close(p.connections); return nil }

// Addr implements net.Listener.
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{} }
