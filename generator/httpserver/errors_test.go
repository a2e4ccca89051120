package httpserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestPanicDisclosesNothing(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	panics := false
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if panics {
				panic("the s3cret reason")
			}
			return w.Clock()
		}
	})
	panics = true
	got := s.Get(t, "/readyz?verbose")
	if got.Code != http.StatusInternalServerError || got.Message(t) != "internal error; see the generator's log" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if logged := s.Log.String(); !strings.Contains(logged, "the s3cret reason") || !strings.Contains(logged, "api.(*API).getReady") {
		t.Errorf("the log lacks the panic or its place: %s", logged)
	}
	if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.Code, got.Body)
	}
}

func TestInternalErrorIsLogged(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	var broken error
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if broken != nil {
				panic(broken)
			}
			return w.Clock()
		}
	})
	broken = fmt.Errorf("the s3cret reason: %w", syscall.EPIPE) // gin turns the panic of a broken connection into an error
	if got := s.Get(t, "/readyz?verbose"); got.Code != http.StatusInternalServerError ||
		got.Message(t) != "internal error; see the generator's log" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if logged := s.Log.String(); !strings.Contains(logged, "the s3cret reason") {
		t.Errorf("the log lacks the error: %s", logged)
	}
}
