package testworld

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Gzip compresses a text.
func Gzip(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := io.WriteString(zip, text); err != nil {
		tb.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// Response is a response with its decompressed body.
type Response struct {
	Code       int
	Body       string
	Compressed bool
	Size       int // of the body as it was sent, in bytes
	Header     http.Header
}

// Message returns the message of an error. Another body fails the test.
func (a Response) Message(t testing.TB) string {
	t.Helper()
	var got map[string]string
	err := json.Unmarshal([]byte(a.Body), &got)
	if a.Code == http.StatusAccepted {
		delete(got, "until") // only accepted requests have an end, or a note
		delete(got, "note")
	}
	if err != nil || len(got) != 1 || got["message"] == "" {
		t.Fatalf("the body of a %d is not a message: %q", a.Code, a.Body)
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		t.Errorf("the message comes as %q", a.Header.Get("Content-Type"))
	}
	return got["message"]
}

// Rows returns the rows of an answer. Anything but a 200 with a complete list fails the test.
func (a Response) Rows(t testing.TB) []map[string]any {
	t.Helper()
	var got struct {
		Output struct {
			Parameters []map[string]any `json:"parameters"`
		} `json:"output"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Code != http.StatusOK || got.Output.Parameters == nil {
		t.Fatalf("%d is not a whole answer (%v): %.300s", a.Code, err, a.Body)
	}
	return got.Output.Parameters
}

// Names returns the environments of an answer.
func (a Response) Names(t testing.TB) []string {
	t.Helper()
	names := []string{}
	for _, r := range a.Rows(t) {
		names = append(names, r["name"].(string))
	}
	return names
}

// Do sends a request with additional headers. The default token is Argo CD's.
func Do(t testing.TB, h http.Handler, method, path, body string, header map[string]string) Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://generator"+path, strings.NewReader(body))
	all := map[string]string{"Authorization": "Bearer " + ArgoToken, "Content-Type": "application/json"}
	maps.Copy(all, header)
	for k, v := range all {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return ReadResponse(t, w.Result())
}

// ReadResponse reads and closes a response.
func ReadResponse(t testing.TB, r *http.Response) Response {
	t.Helper()
	defer func() { _ = r.Body.Close() }()
	a := Response{Code: r.StatusCode, Header: r.Header, Compressed: r.Header.Get("Content-Encoding") == "gzip"}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	a.Size = len(content)
	if a.Compressed {
		z, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if content, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	a.Body = string(content)
	return a
}

// DoAs sends a request with a bearer token.
func DoAs(t testing.TB, h http.Handler, method, path, body, token string) Response {
	t.Helper()
	return Do(t, h, method, path, body, map[string]string{"Authorization": "Bearer " + token})
}
