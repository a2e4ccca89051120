package httpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
)

func TestAllBodiesTogetherAreBounded(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithWebhooks(t))
	const large = 24 << 20
	stay := make(chan struct{})
	post := func(body io.Reader) testworld.Response {
		w := httptest.NewRecorder()
		s.PublicHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/github", body))
		return testworld.ReadResponse(t, w.Result())
	}
	var slow sync.WaitGroup
	for range 2 {
		here := make(chan struct{})
		slow.Go(func() {
			if got := post(
				io.MultiReader(strings.NewReader(strings.Repeat(" ", large)), &waiting{here: here, stay: stay}),
			); got.Code != http.StatusUnauthorized {
				t.Errorf("a valid body was answered %d", got.Code)
			}
		})
		<-here
	}
	if got := post(strings.NewReader(strings.Repeat(" ", large))); got.Code != http.StatusServiceUnavailable || got.Message(t) == "" {
		t.Errorf("one too many was answered %d %s", got.Code, got.Body)
	}
	if got := s.Deliver(t, "pull_request", "1", testworld.Labelled); got.Code != http.StatusAccepted {
		t.Errorf("a small one was answered %d", got.Code)
	}
	close(stay)
	slow.Wait()
	if got := post(strings.NewReader(strings.Repeat(" ", large))); got.Code != http.StatusUnauthorized {
		t.Errorf("afterwards, a large one was answered %d", got.Code)
	}
}

// waiting is a body's end that doesn't come yet.
type waiting struct{ here, stay chan struct{} }

func (w *waiting) Read([]byte) (int, error) {
	close(w.here)
	<-w.stay
	return 0, io.EOF
}
