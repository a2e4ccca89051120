// Package apitest simulates the generator's HTTP API for tests of its client.
package apitest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/preview"
)

// Moment is the generator's answer from a time on.
type Moment struct {
	// At is the time since the beginning of the story.
	At time.Duration
	// Environment is the JSON of the environment; "" is a 404.
	Environment string
	Decision    *preview.Decision
	// Application is the JSON of the Application; "" is a 404.
	Application string
	// Code is the status code of every answer, unless it is 0; -1 refuses the connection.
	Code int
}

// Story is a service that answers with its latest moment.
type Story struct {
	Began   time.Time
	Moments []Moment
}

// NewClient returns a client of a story that begins now.
func NewClient(moments []Moment) *apiclient.Client {
	base := &url.URL{Scheme: "http", Host: "generator"}
	return apiclient.New(base, &http.Client{Transport: Story{Began: time.Now(), Moments: moments}})
}

// RoundTrip implements http.RoundTripper.
func (s Story) RoundTrip(r *http.Request) (*http.Response, error) {
	var now Moment
	for _, m := range s.Moments {
		if time.Since(s.Began) >= m.At {
			now = m
		}
	}
	code, body := http.StatusOK, now.answer(r.URL.Path)
	switch {
	case now.Code < 0:
		return nil, errors.New("connection refused")
	case now.Code > 0:
		code, body = now.Code, `{"message": "for now"}`
	case body == "":
		code, body = http.StatusNotFound, `{"message": "not there"}`
	}
	return &http.Response{
		StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r,
	}, nil
}

func (m Moment) answer(path string) string {
	switch {
	case strings.HasSuffix(path, "/application"):
		return m.Application
	case strings.HasSuffix(path, "/decisions"):
		decisions := []preview.Decision{}
		if m.Decision != nil {
			decisions = append(decisions, *m.Decision)
		}
		text, _ := json.Marshal(map[string]any{"decisions": decisions}) // can't fail
		return string(text)
	}
	return m.Environment
}

// JSON of the environment alice.
const (
	Ready   = `{"name": "alice", "ready": true, "url": "https://alice.preview.test"}`
	Syncing = `{"name": "alice", "ready": false, "reason": "it is being synced"}`
	Failing = `{"name": "alice", "ready": false, "failing": true, "reason": "it is Degraded"}`
)

// Respond writes a JSON answer.
func Respond(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
