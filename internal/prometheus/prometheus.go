// Package prometheus asks a Prometheus server, or a server with the same API, which environments are used and what
// they cost.
//
// It knows PromQL, the metrics of ingress controllers and the format of answers. It must not know the consequences of
// an answer. An answer counts only if it is complete. An answer that is cut off, partial, of another type or too old
// is an error: an environment that seems idle by mistake would be put to sleep while a person works in it.
//
// The package sends one kind of request, with net/http and encoding/json. It doesn't use Prometheus' client library
// (client_golang's api/prometheus/v1) for these reasons: it has no limit for the size of a body; it accepts any
// status as success; it reads a sample without a value as 0, which would mean idle here; it repeats refused requests.
package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options of a Client. The zero value is valid.
type Options struct {
	// Window is the time range of one measurement, in whole seconds; 5 minutes by default. It should be several times
	// the scrape interval of Prometheus.
	Window time.Duration
	// Timeout is the limit for a measurement; 10 seconds by default.
	Timeout time.Duration
	// Transport sends the requests; http.DefaultTransport by default.
	Transport http.RoundTripper
}

// Client sends queries. It is safe for concurrent use.
type Client struct {
	window, timeout time.Duration
	http            *http.Client
}

// New returns a Client for the options. It sends no request.
func New(o Options) *Client {
	return &Client{
		window:  cmp.Or(o.Window, 5*time.Minute),
		timeout: cmp.Or(o.Timeout, 10*time.Second),
		http: &http.Client{
			Transport: o.Transport,
			// Only the configured server is trusted.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

const (
	// maxBody is the maximum size of an answer in bytes.
	maxBody = 16 << 20
	// maxSkew is the maximum difference between the time of an answer and the local clock. The answers of a cache are
	// older.
	maxSkew = 2 * time.Minute
)

// query evaluates an expression now.
func (c *Client) query(ctx context.Context, server, expression string) ([]sample, error) {
	at := time.Now()
	samples, err := c.send(ctx, server, expression)
	if err != nil {
		return nil, queryError(server, err)
	}
	for _, s := range samples {
		if age := at.Sub(s.at); age > maxSkew || age < -maxSkew-c.timeout {
			return nil, queryError(server, fmt.Errorf("the answer's time is %s, but the local time is %s; "+
				"bypass caches, and check the clocks", s.at.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339)))
		}
	}
	return samples, nil
}

// queryError adds the server's address to an error.
func queryError(server string, err error) error {
	return fmt.Errorf("query Prometheus at %s: %w", server, err)
}

func (c *Client) send(ctx context.Context, server, expression string) ([]sample, error) {
	base, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("activity.prometheus.url: invalid URL; write http://host:port")
	}
	form := url.Values{"query": {expression}}.Encode()
	address := base.JoinPath("api/v1/query").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, fmt.Errorf("redirect (%s); set activity.prometheus.url to the address of Prometheus itself",
			response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer (%s): %w", response.Status, err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)
	}
	return decode(response.StatusCode, body)
}
