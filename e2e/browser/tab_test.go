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

// site answers as the public listener does. What it is asked is kept.
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

// becomes changes the answer.
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

// step is something that the browser does.
type step = chromedp.Action[chromedp.Void]

// tab is one of the browser's. Whatever it complains about fails the test.
type tab struct{ context.Context }

func newTab(t *testing.T, steps ...step) tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(started)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
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
			if e.Entry.Source != log.EntrySourceNetwork { // that is how it notes each 503
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
			t.Errorf("the browser complains: %s", c)
		}
	})
	b := tab{ctx}
	b.do(t, append([]step{command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{})}, steps...)...)
	return b
}

// command is one of the browser's protocol.
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

// open loads a page, whatever its status.
func (b tab) open(t *testing.T, url string) {
	t.Helper()
	b.do(t, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
}

// shown waits until the page shows what a CSS selector says.
func shown(selector chromedp.CSS) step { return chromedp.WaitVisible(selector) }

// eval is what a JavaScript expression is, or comes to.
func eval[T any](t *testing.T, b tab, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// size and media are how the browser shows pages.
func size(width, height int64) step { return chromedp.EmulateViewport(width, height) }

func media(name, value string) step {
	features := []*emulation.MediaFeature{{Name: name, Value: value}}
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// violation is something that axe finds.
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

// shift is how much of the page has moved by itself since it was loaded.
func (b tab) shift(t *testing.T) float64 {
	t.Helper()
	return eval[float64](t, b, `new Promise(done => {
  let sum = 0
  new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value }).observe({type: "layout-shift", buffered: true})
  requestAnimationFrame(() => setTimeout(() => done(sum), 100))
})`)
}
