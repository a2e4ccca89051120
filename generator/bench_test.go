package generator_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/previewset/previewset/generator/testworld"
)

// BenchmarkAnswer requests rows over loopback like Argo CD, and compares with a bare net/http server that writes the
// same bytes. Callers and service share the machine. Goals: 1,000 environments for 10 callers in less than 2 ms at the
// median and 10 ms at the 99th percentile (issue 2); 10,000 for 16 callers in less than 15 ms at the 99th percentile,
// and in at most twice the time of the bare server (issue 3).
func BenchmarkAnswer(b *testing.B) {
	for _, rows := range []int{100, 1000, 10_000} {
		s := testworld.Ready(b, testworld.NewLarge(rows, rows), testworld.WithoutLog)
		ours, theirs := serve(b, s)+testworld.ParamsPath, bare(b, s)
		allocations, allocated := perAnswer(b, s.Handler())
		for _, callers := range []int{1, 10, 16} {
			b.Run(fmt.Sprintf("rows=%d/callers=%d", rows, callers), func(b *testing.B) {
				// Neither server gets a request for gzip from the transport: decompression would be the caller's time.
				client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: callers}}
				defer client.CloseIdleConnections()
				size, _ := call(b, client, ours)
				us, they := inTurns(b, callers, func() time.Duration { _, took := call(b, client, ours); return took },
					func() time.Duration { _, took := call(b, client, theirs); return took })
				b.ReportMetric(us.perAnswer(), "ns/op")
				b.ReportMetric(us.at(50), "p50-ms")
				b.ReportMetric(us.at(99), "p99-ms")
				b.ReportMetric(they.at(50), "bare-p50-ms")
				b.ReportMetric(they.at(99), "bare-p99-ms")
				b.ReportMetric(us.perAnswer()/they.perAnswer(), "x-bare")
				b.ReportMetric(float64(size)/1024, "KiB/answer")
				b.ReportMetric(allocations, "allocs/answer")
				b.ReportMetric(allocated, "B-allocated/answer")
			})
		}
	}
}

// BenchmarkUnpackedAnswer is BenchmarkAnswer with callers that decompress the answer, like Argo CD.
func BenchmarkUnpackedAnswer(b *testing.B) {
	const callers = 10
	url := serve(b, testworld.Ready(b, testworld.NewLarge(1000, 1000), testworld.WithoutLog)) + testworld.ParamsPath
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	defer client.CloseIdleConnections()
	b.ResetTimer()
	t := together(b.N, callers, func() time.Duration { _, took := call(b, client, url); return took })
	b.ReportMetric(t.at(50), "p50-ms")
	b.ReportMetric(t.at(99), "p99-ms")
}

// times are the durations of calls, and of all of them together.
type times struct {
	each []time.Duration
	all  time.Duration
}

func (t times) perAnswer() float64 { return float64(t.all.Nanoseconds()) / float64(len(t.each)) }

// at returns a percentile in milliseconds.
func (t times) at(percentile int) float64 {
	sorted := slices.Sorted(slices.Values(t.each))
	return float64(sorted[len(sorted)*percentile/100].Microseconds()) / 1000
}

// together makes n calls with several callers at once.
func together(n, callers int, call func() time.Duration) times {
	t := times{each: make([]time.Duration, n)}
	var next atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range callers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				t.each[i] = call()
			}
		})
	}
	all.Wait()
	t.all = time.Since(begin)
	return t
}

// inTurns makes b.N calls of both, a few at a time, so that other load on the machine affects both.
func inTurns(b *testing.B, callers int, ours, theirs func() time.Duration) (us, they times) {
	b.Helper()
	b.ResetTimer()
	for done := 0; done < b.N; done += 32 * callers {
		n := min(b.N-done, 32*callers)
		u, t := together(n, callers, ours), together(n, callers, theirs)
		us, they = us.and(u), they.and(t)
	}
	b.StopTimer()
	return us, they
}

func (t times) and(o times) times { return times{each: append(t.each, o.each...), all: t.all + o.all} }

// perAnswer returns the allocations of the handler for one answer, as number and bytes.
func perAnswer(b *testing.B, h http.Handler) (times, size float64) {
	b.Helper()
	const runs = 100
	requests := make([]*http.Request, runs)
	for i := range requests {
		requests[i] = newRequest(b, "http://generator"+testworld.ParamsPath)
	}
	w := &discarding{header: http.Header{}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, r := range requests {
		h.ServeHTTP(w, r)
	}
	runtime.ReadMemStats(&after)
	if w.size == 0 {
		b.Error("empty answer")
	}
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

// discarding is a response writer that drops the body.
type discarding struct {
	header http.Header
	size   int
}

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) WriteHeader(int)             {}
func (d *discarding) Write(p []byte) (int, error) { d.size += len(p); return len(p), nil }

// bare serves the same answer with net/http alone and returns the address.
func bare(b *testing.B, s *testworld.Service) string {
	b.Helper()
	body := compressed(b, s)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	l := testworld.Listen(b)
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

// compressed returns an answer in gzip.
func compressed(b *testing.B, s *testworld.Service) []byte {
	b.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, newRequest(b, "http://generator"+testworld.ParamsPath))
	if _, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes())); err != nil || w.Code != http.StatusOK {
		b.Fatalf("answered %d: %v", w.Code, err)
	}
	return w.Body.Bytes()
}

func newRequest(b *testing.B, url string) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, strings.NewReader(testworld.ParamsBody))
	if err != nil {
		b.Fatal(err)
	}
	r.Header = http.Header{
		"Authorization": {"Bearer " + testworld.ArgoToken}, "Content-Type": {"application/json"},
		"Accept-Encoding": {"gzip"},
	}
	return r
}

func call(b *testing.B, client *http.Client, url string) (size int64, took time.Duration) {
	b.Helper()
	r := newRequest(b, url)
	if !client.Transport.(*http.Transport).DisableCompression {
		r.Header.Del("Accept-Encoding") // the transport sends the header and decompresses
	}
	begin := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return 0, 0
	}
	defer resp.Body.Close()
	size, err = io.Copy(io.Discard, resp.Body)
	took = time.Since(begin)
	if err != nil || resp.StatusCode != http.StatusOK || size == 0 {
		b.Errorf("%d with %d bytes: %v", resp.StatusCode, size, err)
	}
	return size, took
}

// serve serves until the benchmark ends and returns the address of the private listener.
func serve(b *testing.B, s *testworld.Service) string {
	b.Helper()
	private, public := testworld.Listen(b), testworld.Listen(b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, private, public) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return "http://" + private.Addr().String()
}

// BenchmarkRefresh resolves and encodes 10,000 open pull requests, and reports the generator's memory including GitHub's
// facts.
func BenchmarkRefresh(b *testing.B) {
	for _, live := range []int{10_000, 1000, 100} {
		b.Run(fmt.Sprintf("open=10000/live=%d", live), func(b *testing.B) {
			before := heap()
			s := testworld.Ready(b, testworld.NewLarge(10_000, live), testworld.WithoutLog)
			if n := len(s.GetParams(b, testworld.ParamsBody).Rows(b)); n != live {
				b.Fatalf("%d environments are live", n)
			}
			for b.Loop() {
				s.Refresh(b.Context())
			}
			b.ReportMetric(heap()-before, "heap-MiB")
			runtime.KeepAlive(s)
		})
	}
}

// heap returns the used heap after a collection, in MiB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
