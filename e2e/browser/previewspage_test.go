package browser

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const access = `apiVersion: previewset.dev/v1alpha1
kind: Access
developer: {groups: [team]}
people: {alice@example.dev: alice}
`

const slots = `apiVersion: previewset.dev/v1alpha1
kind: SlotPool
slots:
  red: {holders: [dave], purpose: The launch}
  blue: {}
`

// service is the generator with its previews page and an identity provider.
type service struct {
	*testworld.Service
	url string
}

func newService(t *testing.T) service {
	t.Helper()
	w := testworld.New()
	w.Now = time.Now()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	w.Tree.Files[config.SlotsFile] = config.File{Content: []byte(slots)}
	policy := strings.Replace(testworld.Policy, "profiles:", "slots: on\nlifetime: {deleteAfterIdle: 168h}\nprofiles:", 1)
	w.Tree.Files[config.PolicyFile] = config.File{Content: []byte(policy)}
	shop := w.Repositories["acme/shop"]
	shop.PullRequests[0].Title = hostile
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}

	server := httptest.NewUnstartedServer(nil)
	u := &url.URL{Scheme: "http", Host: server.Listener.Addr().String()}
	issuer := newProvider(t, u.JoinPath(signin.CallbackPath).String(), users{"alice": {"team"}, "mallory": {"others"}})
	s := testworld.Ready(t, w, testworld.WithApplications(argo), func(o *generator.Options) {
		o.Pages = &generator.Pages{URL: u, OIDC: &signin.OIDC{
			Issuer: issuer, ClientID: clientID, ClientSecret: testworld.NewSecret(t, clientSecret),
			Scopes: []string{"profile", "email"}, GroupsClaim: "groups",
		}}
	})
	for i, name := range testworld.AllNames {
		status := testworld.Synced(s.Environment(t, name).Row)
		if i == 1 {
			status.Health = "Degraded"
			status.Unhealthy = &preview.UnhealthyResource{
				Kind: "Pod", Name: "orders-6f", Health: "Degraded", Message: "container orders: exit code 1 (Error)",
			}
		}
		argo.Statuses["preview-"+name] = status
	}
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	server.Config.Handler = s.PublicHandler()
	server.Start()
	t.Cleanup(server.Close)
	return service{Service: s, url: u.String()}
}

// newPerson opens a browser of its own, without cookies, and signs a person in at the identity provider.
func (s service) newPerson(t *testing.T, name, path string, steps ...step) tab {
	t.Helper()
	own, closeIt := chromedp.NewContext(started, chromedp.WithNewBrowserContext())
	t.Cleanup(closeIt)
	b := newTabIn(t, own, steps...)
	b.open(t, s.url+path)
	b.do(t, shown("#username"))
	eval[bool](t, b, fmt.Sprintf(`(() => {
  document.querySelector("#username").value = %q
  document.querySelector("#password").value = %q
  return true
})()`, name, password))
	b.do(t, chromedp.Click(chromedp.CSS("button[type=submit]")), shown("header .person"))
	return b
}

func (b tab) text(t *testing.T, selector string) string {
	t.Helper()
	return eval[string](t, b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// A person signs in at a real identity provider, and comes back to the page that was asked for.
func TestPreviewsPages(t *testing.T) {
	t.Parallel()
	s, pictures := newService(t), t.ArtifactDir()
	for _, width := range []int64{360, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			b := s.newPerson(t, "alice", "/previews/shop-pr-7?x=1", size(width, 900), media("prefers-color-scheme", scheme))
			if at := eval[string](t, b, "location.pathname + location.search"); at != "/previews/shop-pr-7?x=1" {
				t.Errorf("after the sign-in at %s", at)
			}
			for name, path := range map[string]string{
				"list": "/", "detail": "/previews/shop-pr-7", "failed": "/previews/gateway-pr-2", "none": "/?q=nothing",
				"missing": "/previews/other", "changes": "/changes",
			} {
				b.open(t, s.url+path)
				b.picture(t, filepath.Join(pictures, fmt.Sprintf("previews-%s-%d-%s.png", name, width, scheme)))
				if wide := eval[int64](t, b, "document.documentElement.scrollWidth"); wide > width {
					t.Errorf("%s at %d: width %d", name, width, wide)
				}
				for _, found := range b.violations(t) {
					t.Errorf("%s at %d in %s: %s", name, width, scheme, found)
				}
			}
		}
	}
}

func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := s.newPerson(t, "alice", "/previews/shop-pr-7", size(1440, 900))
	want := []string{
		"Previews", "Recent changes", "Sign out", "All previews", "Open the preview", "Put to sleep",
		"Redeploy", "Share with guests", "24h\n72h\n168h", "acme/shop#7",
	}
	if diff := cmp.Diff(want, b.stops(t, len(want))); diff != "" {
		t.Errorf("the keyboard reaches (-want +got):\n%s", diff)
	}
}

// A button changes the preview, and the page follows the change without a reload.
func TestPageFollowsAnAction(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := s.newPerson(t, "alice", "/previews/shop-pr-7", size(1440, 900))
	b.do(t, chromedp.Click(chromedp.CSS(`form[action$="/sleep"] button`)), shown(".done"))
	eval[bool](t, b, `document.body.append(document.createElement("i")), true`)
	s.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	b.do(t, shown(`form[action$="/wake"] button`), shown(".state.asleep"))
	if n := eval[int](t, b, `document.querySelectorAll("i").length`); n != 1 {
		t.Error("the page was loaded anew")
	}
	if events := b.text(t, ".events"); !strings.Contains(events, "alice asked to sleep") {
		t.Errorf("events: %s", events)
	}
	wake := chromedp.Click(chromedp.CSS(`form[action$="/wake"] button`))
	b.do(t, wake, chromedp.WaitNotPresent(chromedp.CSS("i")), shown(".done")) // the first one's sentence is still shown
	s.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	if state := s.States(t)["shop-pr-7"]; state == preview.Asleep {
		t.Errorf("shop-pr-7 is %s", state)
	}
}

// Another person's preview has no buttons, and a person without a role sees nothing.
func TestStrangersInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := s.newPerson(t, "alice", "/previews/gateway-pr-2")
	if n := eval[int](t, b, `document.querySelectorAll("main form").length`); n != 0 {
		t.Errorf("%d buttons", n)
	}
	m := s.newPerson(t, "mallory", "/")
	if text := m.text(t, "main"); !strings.Contains(text, "access.yaml") || strings.Contains(text, "shop-pr-7") {
		t.Errorf("mallory sees: %s", text)
	}
	m.do(t, chromedp.Click(chromedp.CSS("header button")), shown("main.notice a.button"))
	if at := eval[string](t, m, "location.pathname"); at != "/signed-out" {
		t.Errorf("after signing out at %s", at)
	}
	if cookies := eval[string](t, m, "document.cookie"); cookies != "" {
		t.Errorf("scripts can read cookies: %s", cookies)
	}
}

func TestListWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := s.newPerson(t, "alice", "/")
	b.do(t, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.open(t, s.url+"/")
	b.do(t, chromedp.Click(chromedp.CSS("input[name=mine]")), chromedp.Click(chromedp.CSS(".filter button")), shown("#list"))
	b.do(t, chromedp.WaitReady(chromedp.CSS(`input[name=mine][checked]`)))
	if count := b.text(t, ".count"); count != "2 of 4 previews" {
		t.Errorf("the list says %q", count)
	}
}

// The page of a guest changes by itself when the preview becomes ready.
func TestGuestsPageFollows(t *testing.T) {
	t.Parallel()
	s := newService(t)
	owner := s.newPerson(t, "alice", "/previews/shop-pr-7")
	owner.do(t, chromedp.Click(chromedp.CSS(`form[action$="/share"] button`)), shown("pre"))
	link := owner.text(t, "pre")
	s.Request(t, "shop-pr-7", "sleep", "")
	s.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	guest := newTab(t, size(360, 700))
	guest.open(t, link)
	if title := eval[string](t, guest, "document.title"); title != "Asleep – preview shop-pr-7" {
		t.Errorf("the title is %q", title)
	}
	guest.picture(t, filepath.Join(t.ArtifactDir(), "guest.png"))
	for _, found := range guest.violations(t) {
		t.Error(found)
	}
	mark := func() { eval[bool](t, guest, `document.body.append(document.createElement("i")), true`) }
	mark()
	guest.do(t, chromedp.Click(chromedp.CSS(".actions button")), chromedp.WaitNotPresent(chromedp.CSS("i")), shown("main"))
	mark()
	for range 12 { // it wakes, and counts as ready after a while; a larger step would count as a clock jump
		s.AdvanceClock(2 * time.Minute)
		s.Refresh(t.Context())
	}
	guest.do(t, shown(".state.ready"), shown("a.button"))
	if n := eval[int](t, guest, `document.querySelectorAll("i").length`); n != 1 {
		t.Error("the page was loaded anew")
	}
}
