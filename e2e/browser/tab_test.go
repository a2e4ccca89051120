package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/previewset/previewset/generator/visit/pages"
)

// site answers like the public listener and records the requests.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []*http.Request
}

func newSite(t *testing.T, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r)
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// becomes changes the response.
func (s *site) becomes(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// requests returns all requests so far.
func (s *site) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.asked)
}

func showing(v pages.View) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := pages.Answer(w, r, v); err != nil {
			panic(err)
		}
	}
}

// step is an action of the browser.
type step = chromedp.Action[chromedp.Void]

// tab is a browser tab. Any error in its console fails the test.
type tab struct{ context.Context }

func newTab(t *testing.T, steps ...step) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(started)
	t.Cleanup(closeTab)
	return newTabIn(t, ctx, steps...)
}

// newTabIn watches a tab that doesn't exist yet, such as one with cookies of its own. It has a minute.
func newTabIn(t *testing.T, ctx context.Context, steps ...step) tab {
	t.Helper()
	return newTabFor(t, ctx, time.Minute, steps...)
}

func newTabFor(t *testing.T, ctx context.Context, limit time.Duration, steps ...step) tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var complaints []string
	err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Source != log.EntrySourceNetwork { // the browser logs each 503
				complaints = append(complaints, e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Errorf("error in the browser: %s", c)
		}
	})
	b := tab{ctx}
	b.do(t, append([]step{command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{})}, steps...)...)
	return b
}

// command is a command of the browser's protocol.
func command[P any](c cdp.Command[P, cdp.Empty], params P) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

func (b tab) do(t *testing.T, steps ...step) {
	t.Helper()
	if err := chromedp.Do(b, steps...); err != nil {
		t.Fatal(err)
	}
}

// open loads a page with any status.
func (b tab) open(t *testing.T, url string) {
	t.Helper()
	b.do(t, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
}

// shown waits until an element is visible. The element is a CSS selector.
func shown(selector chromedp.CSS) step { return chromedp.WaitVisible(selector) }

// eval returns the value of a JavaScript expression. It waits for promises.
func eval[T any](t *testing.T, b tab, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// size and media set the browser's window and media features.
func size(width, height int64) step { return chromedp.EmulateViewport(width, height) }

func media(name, value string) step {
	features := []*emulation.MediaFeature{{Name: name, Value: value}}
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// violation is a finding of axe.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

func (v violation) String() string {
	nodes, _ := json.Marshal(v.Nodes)
	return fmt.Sprintf("%s (%s): %s\n%s", v.ID, v.Impact, v.Help, nodes)
}

func (b tab) violations(t *testing.T) []violation {
	t.Helper()
	b.do(t, chromedp.Evaluate[chromedp.Void](axe))
	return eval[[]violation](t, b, "axe.run().then(r => r.violations)")
}

// visibleShift is the layout shift from which a person can see that something moved. A browser that is short of time
// reports parts of a pixel, some millionths; web.dev calls up to 0.1 good.
const visibleShift = 0.001

// shift returns the page's cumulative layout shift.
func (b tab) shift(t *testing.T) float64 {
	t.Helper()
	return eval[float64](t, b, `new Promise(done => {
  let sum = 0
  new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value }).observe({type: "layout-shift", buffered: true})
  requestAnimationFrame(() => setTimeout(() => done(sum), 100))
})`)
}
