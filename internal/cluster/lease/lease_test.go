package lease

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/previewset/previewset/internal/testfixture"
)

// fast are the times of elections in tests.
var fast = timing{
	duration: 2 * time.Second, deadline: time.Second, retry: 100 * time.Millisecond, release: time.Second,
}

// server is an API server that leases are on.
type server struct {
	*testfixture.APIServer
	url string
}

func newServer(t *testing.T) server {
	t.Helper()
	s := testfixture.NewAPIServer()
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	return server{s, listening.URL}
}

// lease returns the lease as one process sees it.
func (s server) lease(t *testing.T) *Lease {
	t.Helper()
	client, err := dynamic.NewForConfig(&rest.Config{Host: s.url, QPS: 1000, Burst: 1000})
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}
	l := New(client.Resource(kind).Namespace("argocd"), "state", slog.New(slog.DiscardHandler))
	l.timing = fast
	return l
}

// leading is a process that campaigns.
type leading struct {
	lease *Lease
	began chan time.Time // when its work began
	ended chan time.Time // when the context of its work ended
	err   chan error     // of Lead
	stop  context.CancelFunc
}

func (s server) campaign(t *testing.T, name string) *leading {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	l := &leading{
		lease: s.lease(t), began: make(chan time.Time, 1), ended: make(chan time.Time, 1), err: make(chan error, 1), stop: stop,
	}
	go func() {
		l.err <- l.lease.Lead(ctx, name, func(ctx context.Context) error {
			l.began <- time.Now()
			<-ctx.Done()
			l.ended <- time.Now()
			return nil
		})
	}()
	return l
}

// renewalSeen sends a value when a process has seen a renewal by another one.
func renewalSeen(l *Lease) <-chan bool {
	seen := make(chan bool, 1)
	go func() {
		for l.Holder().RenewedAt.IsZero() {
			<-time.After(fast.retry)
		}
		seen <- true
	}()
	return seen
}

// within returns the value of a channel, which must come in time.
func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: not within 20 seconds", what)
		panic("unreachable")
	}
}

func TestReleasedLeaseIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first := s.campaign(t, "first")
	within(t, "the first leads", first.began)
	second := s.campaign(t, "second")
	for range 3 * int(fast.duration/fast.retry) { // for much longer than the duration
		if h, err := second.lease.Read(t.Context()); err != nil || h.Identity != "first" || h.IsSelf {
			t.Fatalf("holder %+v, %v", h, err)
		}
		select {
		case <-second.began:
			t.Fatal("two processes lead")
		case <-time.After(fast.retry):
		}
	}
	if err := first.lease.CheckHeld(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.lease.CheckHeld(t.Context()); !errors.Is(err, errNotHeld) {
		t.Errorf("the second may write: %v", err)
	}
	if h := second.lease.Holder(); h.RenewedAt.IsZero() || time.Since(h.RenewedAt) > fast.duration {
		t.Errorf("the second has seen a renewal at %s", h.RenewedAt)
	}
	stopped := time.Now()
	first.stop()
	ended := within(t, "the work of the first ends", first.ended)
	if err := within(t, "the first ends", first.err); err != nil {
		t.Error(err)
	}
	began := within(t, "the second leads", second.began)
	if began.Before(ended) || began.Sub(stopped) > fast.duration {
		t.Errorf("the work of the first ended after %s, the second led after %s", ended.Sub(stopped), began.Sub(stopped))
	}
}

// The first process can't reach the API server any more. Its work ends before the second process leads.
func TestCutOffLeaderStopsBeforeTheNextBegins(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	own := httptest.NewServer(s)
	t.Cleanup(own.Close)
	first := server{s.APIServer, own.URL}.campaign(t, "first")
	within(t, "the first leads", first.began)
	second := s.campaign(t, "second")
	within(t, "the second sees a renewal", renewalSeen(second.lease))
	own.CloseClientConnections()
	own.Close()
	ended := within(t, "the work of the first ends", first.ended)
	if err := within(t, "the first ends", first.err); !errors.Is(err, ErrLost) {
		t.Errorf("the first ends with %v", err)
	}
	if began := within(t, "the second leads", second.began); began.Before(ended) {
		t.Errorf("the second led %s before the first stopped", ended.Sub(began))
	}
}

// A process that was paused finds another holder. It doesn't lead on until its deadline.
func TestLeaderEndsWhenAnotherHoldsTheLease(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first := s.campaign(t, "first")
	within(t, "the first leads", first.began)
	other := s.lease(t)
	other.identity = "other"
	for { // the first renews all the time, so a write may meet a newer version
		object, err := other.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := other.write(t.Context(), object); held {
			break
		}
	}
	if err := within(t, "the first ends", first.err); !errors.Is(err, ErrLost) {
		t.Errorf("the first ends with %v", err)
	}
	within(t, "the work of the first ends", first.ended)
}

// The same container starts again: no other process can be the holder with its name.
func TestRestartedHolderLeadsAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	dead := s.lease(t)
	dead.identity = "first"
	if held, err := dead.try(t.Context()); !held || err != nil {
		t.Fatalf("%v, %v", held, err)
	}
	began := time.Now()
	again := s.campaign(t, "first")
	if took := within(t, "it leads again", again.began).Sub(began); took >= fast.duration {
		t.Errorf("it led after %s", took)
	}
}

// A deleted Lease is made again by the holder.
func TestDeletedLeaseIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first := s.campaign(t, "first")
	within(t, "the first leads", first.began)
	s.Delete("/apis/coordination.k8s.io/v1/namespaces/argocd/leases/state")
	other := s.lease(t)
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(fast.retry) {
		h, err := other.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if h.Identity == "first" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the holder doesn't make it again")
		}
	}
}
