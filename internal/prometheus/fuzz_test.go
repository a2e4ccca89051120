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

// says answers without a network.
type says struct {
	status int
	body   string
}

func (s says) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: s.status, Status: http.StatusText(s.status), Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

// FuzzMeasure: whatever a server says, it is refused with a readable error, or each namespace that seems idle has a
// sample that is 0 and none that is anything else.
func FuzzMeasure(f *testing.F) {
	sample := `{"metric":{"namespace":"preview-a"},"value":[NOW,"0"]}`
	around := func(samples string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[` + samples + `]}}`
	}
	for _, body := range []string{
		"", "null", "[]", "{}", around(""), around(sample), around(sample + "," + strings.ReplaceAll(sample, `"0"`, `"NaN"`)),
		around(strings.ReplaceAll(sample, `"0"`, `"-0"`)), around(strings.ReplaceAll(sample, `"0"`, `"1e400"`)),
		around(strings.ReplaceAll(sample, `"0"`, `"0x0p0"`)),
		around(strings.ReplaceAll(sample, "NOW", "1e300")), around(strings.ReplaceAll(sample, `,"0"`, "")), around(`null`),
		around(`{"metric":null,"value":[NOW,"0"]}`),
		strings.Replace(around(sample), `"vector"`, `"matrix"`, 1), `{"warnings":["\u202e"],` + around(sample)[1:],
		`{"error":"\u0000` + strings.Repeat("é", 200) + `",` + around(sample)[1:],
		`{"status":"success","STATUS":"error","data":{"resultType":"vector","result":[` + sample + `]}}`,
		around(`{"metric":{"namespace":"preview-a"},"histogram":[NOW,{"count":"0","sum":"0"}]}`),
	} {
		f.Add(uint16(200), body)
	}
	f.Add(uint16(503), around(sample))
	f.Fuzz(func(t *testing.T, status uint16, body string) {
		body = strings.ReplaceAll(body, "NOW", strconv.FormatInt(time.Now().Unix(), 10))
		client := prometheus.New(prometheus.Options{Transport: says{int(status), body}})
		m, err := client.Measure(t.Context(), policy("http://prometheus:9090"))
		if err != nil {
			readable(t, err, m)
			return
		}
		if status != http.StatusOK || !m.At.Before(time.Now().Add(time.Second)) {
			t.Errorf("status %d was believed", status)
		}
		evident(t, m, body)
	})
}

func readable(t *testing.T, err error, m preview.Measurement) {
	t.Helper()
	text := err.Error()
	if len(text) > 2000 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		t.Errorf("unreadable, %d bytes: %q", len(text), text)
	}
	if len(m.Used) > 0 || !m.At.IsZero() {
		t.Errorf("%v was measured in spite of %v", m, err)
	}
}

// evident decodes in another way what was measured.
func evident(t *testing.T, m preview.Measurement, body string) {
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
			t.Fatalf("%v was believed", s.Value)
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
