// Package prometheus asks a Prometheus server, or what speaks its API, which environments are used and what they
// cost.
//
// It knows PromQL, the metrics of ingress controllers and how an answer looks. It must not know what follows from an
// answer. An answer counts only if it is whole: what is cut off, partial, of another type or older than the question
// is an error, because an environment that seems idle by mistake is sent to sleep while somebody works in it.
//
// One request of one endpoint is sent with net/http and read with encoding/json. Prometheus' own client
// (client_golang's api/prometheus/v1) was looked at and left: it reads bodies without a bound, takes a status other
// than "success" for success, reads a sample without a value as 0, which here would mean idle, and repeats refused
// requests.
package prometheus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options of a Client. The zero value works.
type Options struct {
	// Window is how far back one measurement looks, in whole seconds; default 5 minutes. It should be several times the
	// interval in which Prometheus scrapes.
	Window time.Duration
	// Timeout bounds a measurement; default 10 seconds.
	Timeout time.Duration
	// Transport sends the requests; default http.DefaultTransport.
	Transport http.RoundTripper
}

// Client asks. It is safe for concurrent use.
type Client struct {
	window, timeout time.Duration
	http            *http.Client
}

// New returns a Client that has asked nothing yet.
func New(o Options) *Client {
	return &Client{
		window:  cmp.Or(o.Window, 5*time.Minute),
		timeout: cmp.Or(o.Timeout, 10*time.Second),
		http: &http.Client{
			Transport: o.Transport,
			// Another server than the one that is configured isn't believed.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

const (
	maxBody = 16 << 20
	// maxSkew is how far the time of an answer may be from ours. A cache that answers is older.
	maxSkew = 2 * time.Minute
)

// query evaluates an expression now.
func (c *Client) query(ctx context.Context, server, expression string) ([]sample, error) {
	at := time.Now()
	samples, err := c.ask(ctx, server, expression)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus at %s: %w", server, err)
	}
	for _, s := range samples {
		if age := at.Sub(s.at); age > maxSkew || age < -maxSkew-c.timeout {
			return nil, fmt.Errorf("ask Prometheus at %s: the answer is of %s, and here it is %s: is a cache in between, or a clock wrong?",
				server, s.at.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
		}
	}
	return samples, nil
}

func (c *Client) ask(ctx context.Context, server, expression string) ([]sample, error) {
	base, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("activity.prometheus.url is not an address: write http://host:port")
	}
	form := url.Values{"query": {expression}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("api/v1/query").String(), strings.NewReader(form))
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
		return nil, fmt.Errorf("%s leads elsewhere: put the address of Prometheus itself into activity.prometheus.url", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("%s, then: %w", response.Status, err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("the answer is over %d MiB", maxBody>>20)
	}
	return decode(response.StatusCode, body)
}

// sample is one number of a vector, or what isn't one: then number is false.
type sample struct {
	labels map[string]string
	at     time.Time
	value  float64
	number bool
}

// decode reads a whole vector, or fails.
func decode(status int, body []byte) ([]sample, error) {
	var answer struct {
		Status   string
		Error    string
		Warnings []string
		Data     struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	err := json.Unmarshal(body, &answer)
	switch {
	case err == nil && answer.Error != "":
		return nil, fmt.Errorf("status %d: %s", status, short(answer.Error))
	case status != http.StatusOK:
		return nil, fmt.Errorf("status %d, no answer of Prometheus'", status)
	case err != nil:
		return nil, fmt.Errorf("no answer of Prometheus': %s", short(err.Error()))
	case answer.Status != "success":
		return nil, fmt.Errorf("its answer has status %s, not success", short(answer.Status))
	}
	for _, w := range answer.Warnings {
		// Prometheus 2.48 to 2.53 say what they only remark as a warning too. All others mean that something is missing:
		// Thanos and Mimir say so of a partial answer.
		if !strings.HasPrefix(w, "PromQL info:") {
			return nil, fmt.Errorf("its answer may be partial: %s", short(w))
		}
	}
	if answer.Data.ResultType != "vector" {
		return nil, fmt.Errorf("the query yields a %s: write one that yields an instant vector", short(answer.Data.ResultType))
	}
	return vector(answer.Data.Result)
}

func vector(result json.RawMessage) ([]sample, error) {
	var series []struct {
		Metric map[string]string
		Value  []json.RawMessage
	}
	if err := json.Unmarshal(result, &series); err != nil || series == nil {
		return nil, errors.New("its answer has no list of samples")
	}
	samples := make([]sample, len(series))
	for i, s := range series {
		samples[i].labels = s.Metric
		if err := samples[i].read(s.Value); err != nil {
			return nil, fmt.Errorf("sample %d: %w", i, err)
		}
	}
	return samples, nil
}

// read takes Unix time and a number, which is a text. A histogram has another key.
func (s *sample) read(pair []json.RawMessage) error {
	if len(pair) != 2 {
		return errors.New("is no pair of time and number; write a query that yields no histograms")
	}
	var seconds float64
	var text string
	if json.Unmarshal(pair[0], &seconds) != nil || json.Unmarshal(pair[1], &text) != nil {
		return fmt.Errorf("[%s, %s] are no time and number", short(string(pair[0])), short(string(pair[1])))
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s is no number", short(text))
	}
	s.at, s.value = time.UnixMilli(int64(seconds*1000)), value
	s.number = value-value == 0 // neither NaN nor infinite
	return nil
}

// short makes a server's words fit to be shown.
func short(text string) string {
	const most = 200
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.QuoteToGraphic(strings.ToValidUTF8(text, "?"))
}
