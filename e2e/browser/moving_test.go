package browser

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/visit/pages"
)

// application is the page of the application that replaces a wake page.
func application(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><title>The application</title><link rel="icon" href="data:,"><p id="cart">Your cart`)
}

func TestPageIsReplacedByApplication(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"with JavaScript", nil},
		{"without", []step{command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, b := newSite(t, showing(progress(pages.Waking, 0))), newTab(t, tt.steps...)
			b.open(t, s.URL+"/cart?item=1")
			b.do(t, shown("#says"))
			s.becomes(application)
			b.do(t, shown("#cart"))
			for _, r := range s.requests() {
				if r.URL.String() != "/cart?item=1" {
					t.Errorf("unexpected request: %s", r.URL)
				}
			}
		})
	}
}

func TestReloadKeepsFocusAndLayout(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, showing(progress(pages.Waking, 0))), newTab(t, size(360, 800), media("prefers-color-scheme", "light"))
	b.open(t, s.URL)
	b.do(t, chromedp.Focus(chromedp.CSS("dd a")), chromedp.Evaluate[chromedp.Void](`
  document.querySelector("main").before(document.createElement("i")) // a reload removes it
  said = []
  new MutationObserver(() => said.push(document.querySelector("[role=status]").innerText))
    .observe(document.querySelector("[role=status]"), {childList: true})
  undefined`))
	for ready := 1; ready <= 3; ready++ {
		s.becomes(showing(progress(pages.Waking, ready)))
		b.do(t, shown(chromedp.CSS(fmt.Sprintf(`progress[aria-label=gateway][value="%d"]`, min(ready, 2)))))
	}
	b.do(t, shown(`progress[aria-label=orders][value="1"]`))
	if said := eval[[]string](t, b, "said"); len(said) > 0 {
		t.Errorf("an unchanged text is announced: %q", said)
	}
	starting := progress(pages.Starting, 3)
	s.becomes(showing(starting))
	b.do(t, shown("main.starting"))
	if diff := cmp.Diff([]string{starting.Says()}, eval[[]string](t, b, "said")); diff != "" {
		t.Errorf("announced: %s", diff)
	}
	if at := eval[string](t, b, "document.activeElement.innerText"); at != "acme/shop#7" {
		t.Errorf("the focus went to %q", at)
	}
	if moved := b.shift(t); moved > visibleShift {
		t.Errorf("layout shift %v", moved)
	}
	if n := eval[int](t, b, `document.querySelectorAll("i").length`); n != 1 {
		t.Error("it was loaded anew")
	}
}

// TestReloadsDifferFromVisits checks the headers by which the generator recognises visits: only the first and the last
// request wake an environment.
func TestReloadsDifferFromVisits(t *testing.T) {
	t.Parallel()
	noScript := command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	for _, tt := range []struct {
		name  string
		steps []step
		again string
	}{
		{"with JavaScript", nil, "empty cors same-origin "},
		{"without", []step{noScript}, "document navigate same-origin "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan string, 10)
			s := newSite(t, nil)
			show := func(v pages.View) {
				s.becomes(func(w http.ResponseWriter, r *http.Request) {
					showing(v)(w, r)
					h := r.Header
					asked <- h.Get("Sec-Fetch-Dest") + " " + h.Get("Sec-Fetch-Mode") + " " + h.Get("Sec-Fetch-Site") + " " + h.Get("Sec-Fetch-User")
				})
			}
			show(pages.View{Name: name, Kind: pages.Waking})
			b := newTab(t, tt.steps...)
			b.open(t, s.URL)
			if got := <-asked; got != "document navigate none ?1" {
				t.Errorf("headers of the first visit: %q", got)
			}
			show(pages.View{Name: name, Kind: pages.Asleep})
			if got := <-asked; got != tt.again {
				t.Errorf("headers of a reload: %q", got)
			}
			b.do(t, shown("#act a"), chromedp.Click(chromedp.CSS("#act a")))
			if got := <-asked; got != "document navigate same-origin ?1" {
				t.Errorf("headers of a click on the link: %q", got)
			}
		})
	}
}

func TestReducedMotionStopsAnimations(t *testing.T) {
	t.Parallel()
	for preference, want := range map[string]int{"no-preference": 1, "reduce": 0} {
		t.Run(preference, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, media("prefers-reduced-motion", preference))
			b.open(t, newSite(t, showing(progress(pages.Waking, 1))).URL)
			if n := eval[int](t, b, "document.getAnimations().length"); n != want {
				t.Errorf("%d animations, want %d", n, want)
			}
		})
	}
}
