package prometheus_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

// fixedTransport returns one answer for all requests.
type fixedTransport struct {
	status int
	body   string
}

// RoundTrip implements http.RoundTripper.
func (f fixedTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: f.status, Status: http.StatusText(f.status), Body: io.NopCloser(strings.NewReader(f.body)),
	}, nil
}

// FuzzMeasure checks arbitrary answers. The result is a readable error, or each idle namespace has samples and all of
// them are 0.
func FuzzMeasure(f *testing.F) {
	sample := `{"metric":{"namespace":"preview-a"},"value":[NOW,"0"]}`
	for _, body := range []string{
		"", "null", "[]", "{}", vectorOf(""), vectorOf(sample), vectorOf(sample + "," + strings.ReplaceAll(sample, `"0"`, `"NaN"`)),
		vectorOf(strings.ReplaceAll(sample, `"0"`, `"-0"`)), vectorOf(strings.ReplaceAll(sample, `"0"`, `"1e400"`)),
		vectorOf(strings.ReplaceAll(sample, `"0"`, `"0x0p0"`)),
		vectorOf(strings.ReplaceAll(sample, "NOW", "1e300")), vectorOf(strings.ReplaceAll(sample, `,"0"`, "")), vectorOf(`null`),
		vectorOf(`{"metric":null,"value":[NOW,"0"]}`),
		strings.Replace(vectorOf(sample), `"vector"`, `"matrix"`, 1), `{"warnings":["\u202e"],` + vectorOf(sample)[1:],
		`{"error":"\u0000` + strings.Repeat("é", 200) + `",` + vectorOf(sample)[1:],
		`{"status":"success","STATUS":"error","data":{"resultType":"vector","result":[` + sample + `]}}`,
		vectorOf(`{"metric":{"namespace":"preview-a"},"histogram":[NOW,{"count":"0","sum":"0"}]}`),
	} {
		f.Add(uint16(200), body)
	}
	f.Add(uint16(503), vectorOf(sample))
	f.Fuzz(func(t *testing.T, status uint16, body string) {
		body = strings.ReplaceAll(body, "NOW", strconv.FormatInt(time.Now().Unix(), 10))
		client := prometheus.New(prometheus.Options{Transport: fixedTransport{int(status), body}})
		m, err := client.Measure(t.Context(), newPolicy("http://prometheus:9090"))
		if err != nil {
			checkError(t, err, m)
			return
		}
		if status != http.StatusOK || !m.At.Before(time.Now().Add(time.Second)) {
			t.Errorf("status %d is no error", status)
		}
		checkEvidence(t, m, body)
	})
}

// checkError checks that the error is readable text and that nothing was measured.
func checkError(t *testing.T, err error, m preview.Measurement) {
	t.Helper()
	text := err.Error()
	isHidden := func(r rune) bool { return !unicode.IsGraphic(r) }
	if len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsFunc(text, isHidden) {
		t.Errorf("unreadable, %d bytes: %q", len(text), text)
	}
	if len(m.Used) > 0 || !m.At.IsZero() {
		t.Errorf("%v was measured in spite of %v", m, err)
	}
}

// checkEvidence decodes the answer in another way and compares the result.
func checkEvidence(t *testing.T, m preview.Measurement, body string) {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	values := map[string][]float64{}
	for _, s := range answer.Data.Result {
		value, err := strconv.ParseFloat(fmt.Sprint(s.Value[1]), 64)
		if err != nil {
			t.Fatalf("%v is no error", s.Value)
		}
		values[s.Metric["namespace"]] = append(values[s.Metric["namespace"]], value)
	}
	for name, used := range m.Used {
		evidence := !used && len(values[name]) > 0
		for _, value := range values[name] {
			if used {
				evidence = evidence || value > 0
			} else {
				evidence = evidence && value == 0
			}
		}
		if !evidence || !strings.HasPrefix(name, "preview-") {
			t.Errorf("%s: used is %t by %v", name, used, values[name])
		}
	}
}
