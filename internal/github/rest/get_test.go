package rest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
)

func TestTimeout(t *testing.T) {
	t.Parallel()
	s, url := startGitHub(t)
	s.Inject(githubtest.Fault{Match: `pulls\?`, Delay: time.Hour})
	err := getPullsError(t, newClient(t, url, Options{Timeout: 50 * time.Millisecond}), "no complete answer within 50ms")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v isn't a deadline", err)
	}
}

func TestConditionalRequest(t *testing.T) {
	t.Parallel()
	s, url := startGitHub(t)
	c := newClient(t, url, Options{})
	var body any
	first, err := c.Get(t.Context(), "repos/acme/shop/pulls", "", &body)
	if err != nil || first.ETag == "" || first.Unchanged {
		t.Fatalf("%+v, error %v", first, err)
	}
	second, err := c.Get(t.Context(), "repos/acme/shop/pulls", first.ETag, &body)
	if err != nil {
		t.Fatal(err)
	}
	assertEqual(t, Answer{Unchanged: true, ETag: first.ETag}, second)
	s.Repository("acme/shop").Rename("acme/store")
	third, err := c.Get(t.Context(), "repos/acme/shop/pulls", "", &body)
	if err != nil || !third.Redirected {
		t.Errorf("%+v, error %v", third, err)
	}
	_, err = c.Get(t.Context(), "repos/acme/none/pulls", "", &body)
	assertEqual(t, http.StatusNotFound, StatusOf(err))
}
