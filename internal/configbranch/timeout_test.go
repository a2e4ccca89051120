package configbranch_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/gittest"
)

func TestCanceledReadEnds(t *testing.T) {
	t.Parallel()
	bare := gittest.New(t, example())
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newReader(t, configbranch.Options{URL: "file://" + bare}).Read(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("over file://: error is %v", err)
	}
	stalledRequests := make(chan struct{}, 10)
	server := stalled(t, "info/refs", nil, stalledRequests)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-stalledRequests; cancel() }()
	if _, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git"}).Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("over HTTP: error is %v", err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	backend := gittest.Serve(t, gittest.New(t, example()))
	for _, at := range []string{"info/refs", "git-upload-pack"} {
		t.Run("the server stalls at "+at, func(t *testing.T) {
			t.Parallel()
			stalledRequests := make(chan struct{}, 100)
			server := stalled(t, at, backend.Config.Handler, stalledRequests)
			// A busy machine may need longer to reach the stalled request.
			for timeout := 300 * time.Millisecond; len(stalledRequests) == 0; timeout *= 2 {
				_, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git", Timeout: timeout}).Read(t.Context())
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("error is %v", err)
				}
			}
		})
	}
}

func TestDrippingServer(t *testing.T) {
	t.Parallel()
	backend := gittest.Serve(t, gittest.New(t, example()))
	for _, at := range []string{"info/refs", "git-upload-pack"} {
		t.Run("the server drips at "+at, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, at) {
					backend.Backend.ServeHTTP(w, r)
					return
				}
				answer := httptest.NewRecorder()
				backend.Backend.ServeHTTP(answer, r)
				w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
				for _, b := range answer.Body.Bytes() {
					if _, err := w.Write([]byte{b}); err != nil || http.NewResponseController(w).Flush() != nil {
						return
					}
					select {
					case <-r.Context().Done():
						return
					case <-time.After(100 * time.Millisecond):
					}
				}
			}))
			t.Cleanup(server.Close)
			_, err := newReader(t, configbranch.Options{URL: server.URL + "/config.git", Timeout: time.Second}).Read(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
