package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sample is one sample of a vector.
type sample struct {
	labels map[string]string
	at     time.Time
	value  float64
	// isNumber is false for NaN and infinities.
	isNumber bool
}

// decode returns the samples of a complete vector.
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
		return nil, fmt.Errorf("status %d, but not with an answer of Prometheus", status)
	case err != nil:
		return nil, fmt.Errorf("not an answer of Prometheus: %s", short(err.Error()))
	case answer.Status != "success":
		return nil, fmt.Errorf("the answer's status is %s, not success", short(answer.Status))
	}
	for _, w := range answer.Warnings {
		// Prometheus 2.48 to 2.53 return notices as warnings too. All other warnings mean missing data; Thanos and Mimir
		// return them with a partial answer.
		if !strings.HasPrefix(w, "PromQL info:") {
			return nil, fmt.Errorf("the answer may be partial: %s", short(w))
		}
	}
	if answer.Data.ResultType != "vector" {
		return nil, fmt.Errorf("the result is a %s; write a query with an instant vector as result",
			short(answer.Data.ResultType))
	}
	return vector(answer.Data.Result)
}

func vector(result json.RawMessage) ([]sample, error) {
	var series []struct {
		Metric map[string]string
		Value  []json.RawMessage
	}
	if err := json.Unmarshal(result, &series); err != nil || series == nil {
		return nil, errors.New("the answer has no list of samples")
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

// read sets time and value. The value is JSON text. A histogram has another key, so its pair is empty.
func (s *sample) read(pair []json.RawMessage) error {
	if len(pair) != 2 {
		return errors.New("expected a pair of time and number; write a query without histograms as result")
	}
	var seconds float64
	var text string
	if json.Unmarshal(pair[0], &seconds) != nil || json.Unmarshal(pair[1], &text) != nil {
		return fmt.Errorf("[%s, %s]: expected a time and a number as text", short(string(pair[0])), short(string(pair[1])))
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s isn't a number", short(text))
	}
	s.at, s.value = time.UnixMilli(int64(seconds*1000)), value
	s.isNumber = value-value == 0
	return nil
}

// short shortens and quotes a text of a server for a message.
func short(text string) string {
	const maxLength = 200
	if len(text) > maxLength {
		text = text[:maxLength] + "…"
	}
	return strconv.QuoteToGraphic(strings.ToValidUTF8(text, "?"))
}
