package generator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestRunReadsAtOnceAndEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		s := testworld.NewService(t, w, func(o *generator.Options) { o.Interval = 45 * time.Second })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		for i := range 4 {
			synctest.Wait()
			if branches, shop := w.Reads(); branches != i+1 || shop != i+1 {
				t.Errorf("after %d intervals: %d reads of the config branch, %d of acme/shop", i, branches, shop)
			}
			time.Sleep(45 * time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestRunRetriesSoonBeforeFirstSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500")
		s := testworld.NewService(t, w, func(o *generator.Options) { o.Interval = time.Hour })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n, _ := w.Reads(); n < 3 {
			t.Errorf("%d reads in 10 seconds", n)
		}
		w.Change(func() { clear(w.RepositoryErrs) })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		before, _ := w.Reads()
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if n, _ := w.Reads(); n != before {
			t.Errorf("%d more reads within half an interval", n-before)
		}
		cancel()
		<-done
	})
}

// TestConcurrentCallersGetCompleteAnswers also serves the race detector.
func TestConcurrentCallersGetCompleteAnswers(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	few, many := w.Repositories["acme/gateway"], testworld.Repository(
		"acme/Gateway", testworld.PullRequest(1, "alice"), testworld.PullRequest(2, "bob", "preview:full"),
		testworld.PullRequest(3, "bob"),
	)
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				body, full := testworld.ParamsBody, 3
				if i%2 == 1 {
					body, full = `{"input":{"parameters":{"owner":["alice","bob"],"repository":"acme/gateway"}}}`, 2
				}
				if n := len(s.GetParams(t, body).Rows(t)); n != full && n != full+1 {
					t.Errorf("an answer has %d rows", n)
				}
				s.Get(t, "/readyz?verbose")
				s.Get(t, "/metrics")
				s.Get(t, "/api/v1/decisions")
			}
		})
	}
	for i := range 60 {
		w.Change(func() {
			w.Now = w.Now.Add(time.Minute)
			w.Repositories["acme/gateway"] = few
			if i%2 == 0 {
				w.Repositories["acme/gateway"] = many
			}
			delete(w.RepositoryErrs, "acme/shop")
			if i%3 == 0 {
				w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500")
			}
		})
		s.Refresh(t.Context())
	}
	close(stop)
	callers.Wait()
}

func TestLogHasDocumentedKeys(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	s.Refresh(t.Context()) // without a change nothing is logged
	var changed []string
	for line := range strings.Lines(s.Log.String()) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if got["msg"] == "decision changed" {
			changed = append(changed, fmt.Sprint(got["env"], " ", got["repository"], " ", got["pr"], " ", got["outcome"], " ", got["rule"]))
		}
	}
	want := []string{
		"gateway-pr-1 acme/Gateway 1 live labelled", "gateway-pr-2 acme/Gateway 2 live labelled",
		"shop-pr-7 acme/shop 7 live labelled",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
}
