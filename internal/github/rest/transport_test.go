package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestHugeAnswerIsAnError(t *testing.T) {
	t.Parallel()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 100 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(ts.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newClient(t, ts.URL, Options{}).transport.RoundTrip(req) // Get would also parse the body, which is slow
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var tooLarge *http.MaxBytesError
	if n, err := io.Copy(io.Discard, resp.Body); n != maxBody || !errors.As(err, &tooLarge) {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	s, url := startGitHub(t)
	shop := s.Repository("acme/shop")
	shop.SetBranch("x/pulls", githubtest.SHA("x"))
	tag := shop.SetAnnotatedTag("v1", "commit", githubtest.SHA("x"))
	var mu sync.Mutex
	got := map[string]int{}
	c := newClient(t, url, Options{Observe: func(_ context.Context, kind string, status int, fromCache bool, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		got[fmt.Sprintf("%s %d %t", kind, status, fromCache)]++
	}})
	for _, path := range []string{"/pulls", "/pulls/1/files", "/git/matching-refs/heads/x/pulls", "/git/tags/" + tag} {
		var body any
		first, err := c.Get(t.Context(), "repos/acme/shop"+path, "", &body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), "repos/acme/shop"+path, first.ETag, &body); err != nil {
			t.Fatal(err)
		}
	}
	assertEqual(t, map[string]int{
		"pulls 200 false": 1, "pulls 304 true": 1, "files 200 false": 1, "files 304 true": 1,
		"ref 200 false": 1, "ref 304 true": 1, "tag 200 false": 1, "tag 304 true": 1,
	}, got)
	rate := c.Rate()
	assertEqual(t, Rate{Limit: 5000, Remaining: 5000 - s.Charged(), Reset: rate.Reset}, rate)
	if rate.Reset.Before(time.Now()) {
		t.Errorf("reset %v is in the past", rate.Reset)
	}
}
