package browser

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/visit/pages"
)

// maxPage is the largest size of a page in bytes.
const maxPage = 20 << 10

const (
	name     = "shop-pr-7"
	hostile  = "</p><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">{{ .Name }}\u202e"
	endless  = "Wordswithoutanyblankinthemthatgoonandonuntilnothingisleftofthelineandthensome"
	longName = "a-rather-long-name-of-a-shop-pr-12345678"
)

func known(kind pages.Kind, lines ...pages.Line) pages.View {
	return pages.View{Name: name, Kind: kind, Details: &pages.Details{Lines: append(lines,
		pages.Line{Name: "Pull request", Value: "acme/shop#7", URL: "https://github.example/acme/shop/pull/7"},
		pages.Line{Name: "Title", Value: "Let people pay by invoice"},
		pages.Line{Name: "Owner", Value: "alice"},
		pages.Line{Name: "Profile", Value: "changed"},
	)}}
}

func progress(kind pages.Kind, ready int, lines ...pages.Line) pages.View {
	v := known(kind, lines...)
	v.Details.Progress = "It is being synced: waiting for healthy state of apps/Deployment/orders"
	v.Details.Workloads = []pages.Workload{
		{Name: "gateway", Ready: min(ready, 2), Replicas: 2},
		{Name: "orders", Ready: ready / 3, Replicas: 1},
		{Name: "postgres", Ready: 1, Replicas: 1},
	}
	return v
}

// views are all kinds of pages, with their titles and the elements that the keyboard reaches.
var views = []struct {
	name  string
	view  pages.View
	stops []string
}{
	{"unready", pages.View{Kind: pages.Unready}, nil},
	{"unknown", pages.View{Kind: pages.Unknown}, nil},
	{"asleep", pages.View{Name: name, Kind: pages.Asleep}, []string{"Wake it up"}},
	{"asleep, and too many wake", pages.View{Name: name, Kind: pages.Asleep, Wait: 25}, []string{"Try again"}},
	{"waking", pages.View{Name: name, Kind: pages.Waking}, nil},
	{"queued", pages.View{Name: name, Kind: pages.Queued}, nil},
	{"starting", pages.View{Name: name, Kind: pages.Starting}, nil},
	{"building", pages.View{Name: name, Kind: pages.Building}, nil},
	{"held", pages.View{Name: name, Kind: pages.Held}, nil},
	{"gone", pages.View{Name: name, Kind: pages.Gone}, nil},
	{
		"asleep, signed in", known(pages.Asleep, pages.Line{Name: "Why", Value: "It was not used for 1 hour"}),
		[]string{"Wake it up", "acme/shop#7"},
	},
	{
		"waking, signed in", progress(pages.Waking, 1, pages.Line{Name: "Why", Value: "It was visited"},
			pages.Line{Name: "Waking takes", Value: "about 40 seconds, like the last time"}),
		[]string{"acme/shop#7"},
	},
	{
		"held, signed in", known(pages.Held, pages.Line{Name: "Why", Value: "Its author has 3 environments, and 3 is the most"},
			pages.Line{Name: "What to do", Value: "Close another pull request, or take its label off"}),
		[]string{"acme/shop#7"},
	},
	{
		"hostile",
		pages.View{Name: longName, Kind: pages.Waking, Details: &pages.Details{
			Progress: endless + " " + hostile, Workloads: []pages.Workload{{Name: endless, Ready: 7, Replicas: 3}, {Name: hostile}},
			Lines: []pages.Line{
				{Name: "Title", Value: hostile},
				{Name: "Purpose", Value: endless + endless},
				{Name: "Link", Value: "javascript", URL: "javascript:document.title='taken'"},
			},
		}},
		[]string{"javascript"},
	},
}

func TestPagesAreReadableAndUsable(t *testing.T) {
	t.Parallel()
	pictures := t.ArtifactDir()
	for _, v := range views {
		for _, width := range []int64{360, 1440} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s at %d in %s", v.name, width, scheme), func(t *testing.T) {
					t.Parallel()
					b := newTab(t, size(width, 800), media("prefers-color-scheme", scheme))
					b.open(t, newSite(t, showing(v.view)).URL)
					if moved := b.shift(t); moved > visibleShift {
						t.Errorf("layout shift %v", moved)
					}
					name := strings.ReplaceAll(strings.ReplaceAll(v.name, ",", ""), " ", "-")
					b.picture(t, filepath.Join(pictures, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)))
					if got := eval[string](t, b, "document.title"); got != v.view.Title() {
						t.Errorf("title %q", got)
					}
					if wide := eval[int64](t, b, "document.documentElement.scrollWidth"); wide > width {
						t.Errorf("width %d", wide)
					}
					for _, found := range b.violations(t) {
						t.Error(found)
					}
					if diff := cmp.Diff(v.stops, b.stops(t, len(v.stops)+1)); diff != "" {
						t.Errorf("the keyboard reaches: %s", diff)
					}
				})
			}
		}
	}
}

// picture saves a screenshot.
func (b tab) picture(t *testing.T, file string) {
	t.Helper()
	png, err := chromedp.Run(b, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stops are the elements that the tab key reaches, in order. Each must have a visible focus.
func (b tab) stops(t *testing.T, presses int) []string {
	t.Helper()
	var stops []string
	for range presses {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		at := eval[struct{ Text, Outline string }](t, b, `(({innerText, localName}, e) =>
  ({Text: localName === "body" ? "" : innerText, Outline: getComputedStyle(e).outlineStyle}))(
    document.activeElement, document.activeElement)`)
		if at.Text == "" {
			continue
		}
		if at.Outline == "none" {
			t.Errorf("the focus of %q isn't visible", at.Text)
		}
		stops = append(stops, at.Text)
	}
	return stops
}

func TestPagesAreSmallAndComplete(t *testing.T) {
	t.Parallel()
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, newSite(t, showing(v.view)).URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", "text/html")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			if err != nil || len(page) >= maxPage || !strings.HasSuffix(string(page), "</html>\n") {
				t.Errorf("%v: %d bytes", err, len(page))
			}
			t.Logf("%d bytes", len(page))
		})
	}
}
