// Package apitest simulates the service's HTTP API for tests of its client.
package apitest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Moment is what the service answers from a time on, counted from the beginning.
type Moment struct {
	At time.Duration
	// environment is what it says of it; "" is a 404.
	Environment string
	Decision    *preview.Decision
	Application string // "" is a 404
	Code        int    // of every answer, where it isn't 0; -1 is that nobody answers
}

// Story is a service in no time at all: the last moment that has come is what is answered.
type Story struct {
	Began   time.Time
	Moments []Moment
}

// RoundTrip implements http.RoundTripper.
func (s Story) RoundTrip(r *http.Request) (*http.Response, error) {
	var now Moment
	for _, m := range s.Moments {
		if time.Since(s.Began) >= m.At {
			now = m
		}
	}
	code, body := http.StatusNotFound, `{"message": "not there"}`
	found := func(text string) {
		if text != "" {
			code, body = http.StatusOK, text
		}
	}
	switch {
	case now.Code < 0:
		return nil, errors.New("connection refused")
	case now.Code > 0:
		code, body = now.Code, `{"message": "for now"}`
	case strings.HasSuffix(r.URL.Path, "/application"):
		found(now.Application)
	case strings.HasSuffix(r.URL.Path, "/decisions"):
		decisions := []preview.Decision{}
		if now.Decision != nil {
			decisions = append(decisions, *now.Decision)
		}
		text, _ := json.Marshal(map[string]any{"decisions": decisions})
		found(string(text))
	default:
		found(now.Environment)
	}
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

const (
	Ready   = `{"name": "alice", "ready": true, "url": "https://alice.preview.test"}`
	Syncing = `{"name": "alice", "ready": false, "reason": "it is being synced"}`
	Failing = `{"name": "alice", "ready": false, "failing": true, "reason": "it is Degraded"}`
)

func Respond(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
