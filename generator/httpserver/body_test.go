package httpserver_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

const forged = "sha256=0000000000000000000000000000000000000000000000000000000000000000"

// heldBody is a large body. It stops before its end until stay is closed.
type heldBody struct {
	io.Reader
	here func()
	stay chan struct{}
}

func newHeldBody(size int64, here func(), stay chan struct{}) *heldBody {
	return &heldBody{Reader: io.LimitReader(letters{}, size), here: here, stay: stay}
}

func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.here()
		<-b.stay
	}
	return n, err
}

// letters is an endless JSON string.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// 111 unknown senders hold large bodies. They need no memory, and signed webhooks and visits are answered.
func TestSlowUnknownSendersHoldNothing(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithWebhooks(t))
	stay := make(chan struct{})
	var here, slow sync.WaitGroup
	const senders = 111
	for i := range senders {
		here.Add(1)
		slow.Go(func() {
			body := io.MultiReader(strings.NewReader(`{"pull_request":"`), newHeldBody(1<<20, here.Done, stay))
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/github", body)
			r.Header.Set("X-Hub-Signature-256", forged)
			r.RemoteAddr = fmt.Sprintf("198.51.100.%d:1", i)
			w := httptest.NewRecorder()
			s.PublicHandler().ServeHTTP(w, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("a forged signature is answered %d", w.Code)
			}
		})
	}
	here.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 64<<20 {
		t.Errorf("%d MiB are in use while %d senders hold 1 MiB each", m.HeapAlloc>>20, senders)
	}
	large := strings.TrimSuffix(testworld.Labelled, "}") + `,"text":"` + strings.Repeat("x", 24<<20) + `"}`
	if got := s.Deliver(t, "pull_request", "1", large); got.Code != http.StatusAccepted {
		t.Errorf("a large signed one is answered %d %s", got.Code, got.Body)
	}
	visit := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://unknown.example.dev/", http.NoBody)
	w := httptest.NewRecorder()
	s.PublicHandler().ServeHTTP(w, visit)
	if w.Code != http.StatusNotFound {
		t.Errorf("a visit is answered %d", w.Code)
	}
	close(stay)
	slow.Wait()
}

// unreadable fails the test if a body is read.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

func TestBodyWithoutSignatureIsNotRead(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithWebhooks(t))
	for _, signature := range []string{"", "sha256=", "sha256=00", forged[:len(forged)-1] + "g", "sha1=" + forged[7:]} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/github", unreadable{t})
		r.Header.Set("X-Hub-Signature-256", signature)
		w := httptest.NewRecorder()
		s.PublicHandler().ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%q is answered %d", signature, w.Code)
		}
	}
}

// pipes is a listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A body that doesn't come ends after 5 seconds, and one that comes slowly soon after.
func TestSlowBodiesEnd(t *testing.T) {
	t.Parallel()
	webhooks := testworld.WithWebhooks(t)
	for name, every := range map[string]time.Duration{"nothing more": time.Minute, "a byte each second": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := testworld.Ready(t, testworld.New(), webhooks)
				private, public := make(pipes), make(pipes)
				ctx, cancel := context.WithCancel(t.Context())
				var server sync.WaitGroup
				server.Go(func() { _ = s.Serve(ctx, private, public) })
				ours, theirs := net.Pipe()
				public <- theirs
				began := time.Now()
				server.Go(func() {
					_, _ = fmt.Fprintf(ours, "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: %s\r\n"+
						"Content-Length: 1000000\r\n\r\n{", forged)
					for {
						time.Sleep(every)
						if _, err := ours.Write([]byte(" ")); err != nil {
							return
						}
					}
				})
				r, err := http.ReadResponse(bufio.NewReader(ours), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); r.StatusCode != http.StatusRequestTimeout || took > 6*time.Second {
					t.Errorf("%d after %v", r.StatusCode, took)
				}
				_ = r.Body.Close()
				_ = ours.Close()
				cancel()
				close(private)
				close(public)
				server.Wait()
			})
		})
	}
}

// fromProxy is a connection from a trusted proxy.
type fromProxy struct{ net.Conn }

func (fromProxy) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1234} }

// slowBodies sends the beginning of a body in each connection, from the sender with this number. It returns a function
// that returns the status of an answered connection; 0 after a second without an answer.
func slowBodies(t *testing.T, public pipes, senderOf func(i int) int, n int) (answers func(i int) int) {
	t.Helper()
	ours := make([]net.Conn, n)
	for i := range n {
		var theirs net.Conn
		ours[i], theirs = net.Pipe()
		t.Cleanup(func() { _ = ours[i].Close() })
		public <- fromProxy{theirs}
		_, err := fmt.Fprintf(ours[i], "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.%d\r\n"+
			"X-Hub-Signature-256: %s\r\nContent-Length: 1000\r\n\r\n{", senderOf(i), forged)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	return func(i int) int {
		_ = ours[i].SetReadDeadline(time.Now().Add(time.Second))
		r, err := http.ReadResponse(bufio.NewReader(ours[i]), nil)
		if err != nil {
			return 0
		}
		_ = r.Body.Close()
		return r.StatusCode
	}
}

// A sender with too many slow bodies loses the oldest. A signed webhook from the same address is accepted.
func TestBodiesOfOneSenderAreBounded(t *testing.T) {
	t.Parallel()
	options := []func(*generator.Options){testworld.WithWebhooks(t), func(o *generator.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	}}
	for name, tt := range map[string]struct {
		senderOf func(i int) int
		ended    int // how many connections are ended
	}{
		"one sender":  {func(int) int { return 1 }, 2},
		"two senders": {func(i int) int { return i % 2 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := testworld.Ready(t, testworld.New(), options...)
				private, public := make(pipes), make(pipes)
				ctx, cancel := context.WithCancel(t.Context())
				var server sync.WaitGroup
				server.Go(func() { _ = s.Serve(ctx, private, public) })
				answer := slowBodies(t, public, tt.senderOf, 66)
				for i := range 4 { // the read deadline of 5 seconds is later
					want := 0
					if i < tt.ended {
						want = http.StatusRequestTimeout
					}
					if got := answer(i); got != want {
						t.Errorf("connection %d is answered %d, want %d", i, got, want)
					}
				}
				if got := s.Deliver(t, "pull_request", "1", testworld.Labelled); got.Code != http.StatusAccepted {
					t.Errorf("a signed webhook is answered %d %s", got.Code, got.Body)
				}
				cancel()
				close(private)
				close(public)
				server.Wait()
			})
		})
	}
}
