package httpserver_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestServeFinishesRequests(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	inside, leave := make(chan struct{}), make(chan struct{})
	slow := false
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if slow {
				close(inside)
				<-leave
			}
			return w.Clock()
		}
	})
	slow = true
	private, public := testworld.Listen(t), testworld.Listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	var served error
	stopped := make(chan struct{})
	go func() { served = s.Serve(ctx, private, public); close(stopped) }()

	if code, _ := testworld.Fetch(t, "http://"+public.Addr().String()+"/livez"); code != http.StatusNotFound {
		t.Errorf("the public listener serves private paths: %d", code)
	}
	type result struct {
		code int
		body string
	}
	answered := make(chan result, 1)
	go func() {
		code, body := testworld.Fetch(t, "http://"+private.Addr().String()+"/readyz?verbose")
		answered <- result{code, body}
	}()
	<-inside
	cancel()
	for { // until it accepts no more connections
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", private.Addr().String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case <-stopped:
		t.Errorf("Serve returned (%v) before the request was answered", served)
	default:
	}
	close(leave)
	if got := <-answered; got.code != http.StatusOK || !strings.HasPrefix(got.body, "[+] snapshot: ok\n") {
		t.Errorf("the last request: %d %q", got.code, got.body)
	}
	if <-stopped; served != nil {
		t.Error(served)
	}
}

func TestServeStopsWhenListenerFails(t *testing.T) {
	t.Parallel()
	private, public := testworld.Listen(t), testworld.Listen(t)
	_ = public.Close()
	if err := testworld.NewService(t, testworld.New()).Serve(t.Context(), private, public); err == nil {
		t.Error("Serve returned no error")
	}
}
