package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const (
	extensionToken  = "a token of the extension"
	extensionScript = "../../appsets/argocd-ui/extension-previewset.js"
	extensionAccess = `apiVersion: previewset.dev/v1alpha1
kind: Access
developer: {logins: [alice]}
viewer: {emails: [tester@example.dev]}
people: {alice@example.dev: alice}
tokens:
  argocd-ui: {actsFor: argocd, sha256: 604a510b9f4f524e72034ba72cdf78907a00988cc6721d96014aa341e72fe798}
`
)

// host is what Argo CD's UI does for an extension: it registers components, and shows one of them.
const host = `
const parts = {}
window.extensionsAPI = {
  registerResourceExtension: (component, group, kind) => { parts[group + "/" + kind] = component },
  registerStatusPanelExtension: component => { parts.status = component },
  registerSystemLevelExtension: (component, title, path) => { parts[path] = component },
}
window.addEventListener("load", async () => {
  const {items} = await (await fetch("/api/v1/applications")).json()
  const query = new URLSearchParams(location.search)
  const application = items.find(a => a.metadata.name === query.get("application"))
  const openFlyout = () => { document.title = "opened" }
  show(React.createElement(parts[query.get("part")], {application, openFlyout}), document.querySelector("main"))
})
`

// argoUI serves the extension as Argo CD's UI does, and its requests as Argo CD's proxy extension: it checks the
// Application, removes cookies and authorization, and adds its token and the person. `make e2e-ui` does the same with the
// real Argo CD.
type argoUI struct {
	*testworld.Service
	person atomic.Pointer[string]
	url    string
}

func newArgoUI(t *testing.T, react string) *argoUI {
	t.Helper()
	w := testworld.New()
	w.Now = time.Now()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(extensionAccess)}
	policy := strings.Replace(testworld.Policy, "profiles:", "lifetime: {deleteAfterIdle: 168h}\nprofiles:", 1)
	w.Tree.Files[config.PolicyFile] = config.File{Content: []byte(policy)}
	shop := w.Repositories["acme/shop"]
	shop.PullRequests[0].Title = hostile
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo), testworld.WithClock, func(o *generator.Options) { o.Now = w.Clock })
	for _, name := range testworld.AllNames {
		argo.Statuses["preview-"+name] = testworld.Synced(s.Environment(t, name).Row)
	}
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context())
	u := &argoUI{Service: s}
	u.is("alice@example.dev")
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/applications", u.applications)
	mux.Handle("/extensions/previewset/", u.proxy(t))
	for path, file := range map[string]string{"/react.js": react, "/extensions.js": extensionScript} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	mux.HandleFunc("/host.js", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(host)) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><title>Argo CD</title><base href="/"><header><h1>Argo CD</h1></header><main></main>
<script src="react.js"></script><script src="host.js"></script><script src="extensions.js"></script>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	u.url = server.URL
	return u
}

// is changes the person who is signed in.
func (u *argoUI) is(person string) { u.person.Store(&person) }

// list returns the Applications with their labels and annotations, as the ApplicationSet makes them, and one more.
func (u *argoUI) list() []map[string]any {
	items := []map[string]any{{
		"metadata": map[string]any{"name": "other", "namespace": "argocd"}, "spec": map[string]any{"project": "previews"},
	}}
	for _, row := range u.Published().Snapshot.Rows {
		items = append(items, map[string]any{
			"metadata": map[string]any{
				"name": row.Namespace, "namespace": "argocd",
				"labels": map[string]string{"previewset.dev/environment": row.Name, "previewset.dev/state": string(row.State)},
				"annotations": map[string]string{
					"previewset.dev/owner": row.Owner, "previewset.dev/repository": row.Repository,
					"previewset.dev/pull-request": row.Number, "previewset.dev/url": row.URL,
					"link.argocd.argoproj.io/pull-request": "Pull request|" + row.PullRequestURL,
				},
			},
			"spec":   map[string]any{"project": "previews"},
			"status": map[string]any{"health": map[string]string{"status": "Healthy"}, "sync": map[string]string{"status": "Synced"}},
		})
	}
	return items
}

func (u *argoUI) applications(w http.ResponseWriter, r *http.Request) {
	items := u.list()
	if r.URL.Query().Get("selector") == "previewset.dev/environment" {
		items = items[1:]
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func (u *argoUI) proxy(t *testing.T) http.Handler {
	t.Helper()
	service := httptest.NewServer(u.Handler())
	t.Cleanup(service.Close)
	to, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Del("Cookie")
		r.Out.Header.Set("Authorization", "Bearer "+extensionToken)
		r.Out.Header.Set("Argocd-Namespace", "argocd")
		r.Out.Header.Set("Argocd-Username", *u.person.Load())
	}}
	return http.StripPrefix("/extensions/previewset", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name := r.Header.Get("Argocd-Application-Name"); {
		case *u.person.Load() == "stranger":
			http.Error(w, "Unauthorized extension request", http.StatusUnauthorized)
		case !strings.HasPrefix(name, "argocd:preview-") || r.Header.Get("Argocd-Project-Name") != "previews":
			http.Error(w, "Invalid headers", http.StatusBadRequest)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
}

// show opens a part of the extension.
func (u *argoUI) show(t *testing.T, b tab, part, application string) {
	t.Helper()
	b.open(t, u.url+"/?"+url.Values{"part": {part}, "application": {application}}.Encode())
}

const tabOfApplication = "argoproj.io/Application"

// The tab shows the preview and changes it, with each React that Argo CD provides.
func TestExtensionInEachReact(t *testing.T) {
	t.Parallel()
	for version, react := range reacts {
		u := newArgoUI(t, react)
		b := newTab(t, size(900, 900))
		u.show(t, b, tabOfApplication, "preview-shop-pr-7")
		b.do(t, shown(".previewset-preview button"))
		text := b.text(t, "main")
		for _, want := range []string{
			"shop-pr-7", "ready", "acme/shop#7", "alice", "orders", "Why it exists", "{{ .Name }}",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the tab lacks %q:\n%s", version, want, text)
			}
		}
		if title := eval[string](t, b, "document.title"); title != "Argo CD" {
			t.Errorf("%s: a text of a stranger ran as a script", version)
		}
		b.picture(t, filepath.Join(t.ArtifactDir(), "argocd-"+strings.ReplaceAll(version, " ", "-")+".png"))
		for _, found := range b.violations(t) {
			t.Errorf("%s: %s", version, found)
		}
		eval[bool](t, b, `[...document.querySelectorAll("main button")].find(e => e.innerText === "Redeploy").click(), true`)
		b.do(t, chromedp.WaitReady(chromedp.CSS("[role=status]:not(:empty)")))
		u.Refresh(t.Context())
		isRedeployed := !u.Published().Snapshot.Memory.Requests["shop-pr-7"].Redeployed.IsZero()
		if said := b.text(t, "[role=status]"); said != "shop-pr-7 starts new Pods." || !isRedeployed {
			t.Errorf("%s says %q; redeployed: %v", version, said, isRedeployed)
		}
		u.show(t, b, tabOfApplication, "preview-shop-pr-7")
		b.do(t, shown(".previewset-preview button"))
		b.do(t, chromedp.Click(chromedp.CSS("main button")), chromedp.WaitReady(chromedp.CSS("[role=status]:not(:empty)")))
		if said := b.text(t, "[role=status]"); !strings.HasPrefix(said, "shop-pr-7 goes to sleep. ") {
			t.Errorf("%s says %q", version, said)
		}
		u.AdvanceClock(time.Minute)
		u.Refresh(t.Context())
		b.do(t, shown("main select")) // a sleeping preview has an end, which can be moved
		if text := b.text(t, "main"); !strings.Contains(text, "Wake") || !strings.Contains(text, "asleep") || !strings.Contains(text, "Ends") {
			t.Errorf("%s: the tab doesn't follow:\n%s", version, text)
		}
		eval[bool](t, b, `[...document.querySelectorAll("main button")].find(e => e.innerText === "Extend").click(), true`)
		said := eval[string](t, b, `new Promise(done => {
  const look = () => {
    const text = document.querySelector("[role=status]").innerText
    text.includes("stays") ? done(text) : requestAnimationFrame(look)
  }
  look()
})`)
		u.Refresh(t.Context())
		isExtended := !u.Published().Snapshot.Memory.Requests["shop-pr-7"].Renewed.IsZero()
		if !strings.HasPrefix(said, "shop-pr-7 stays at least until ") || !isExtended {
			t.Errorf("%s: the tab says %q; extended: %v", version, said, isExtended)
		}
	}
}

// People see only buttons that work for them, and why the rest is missing.
func TestExtensionForOthers(t *testing.T) {
	t.Parallel()
	for person, want := range map[string]string{
		"tester@example.dev":  "acme/shop#7",
		"mallory@example.dev": "access.yaml gives mallory@example.dev no role",
		"stranger":            `the permission "extensions, invoke, previewset"`,
	} {
		u := newArgoUI(t, reacts["React 16"])
		u.is(person)
		b := newTab(t)
		u.show(t, b, tabOfApplication, "preview-shop-pr-7")
		b.do(t, shown("table, [role=alert]"))
		if text := b.text(t, "main"); !strings.Contains(text, want) {
			t.Errorf("%s sees %q", person, text)
		}
		if n := eval[int](t, b, `document.querySelectorAll("button").length`); n != 0 {
			t.Errorf("%s has %d buttons", person, n)
		}
	}
}

// Applications that aren't previews get no state in their status panel, and a sentence in the tab.
func TestExtensionOfOtherApplications(t *testing.T) {
	t.Parallel()
	u := newArgoUI(t, reacts["React 16"])
	b := newTab(t)
	u.show(t, b, tabOfApplication, "other")
	b.do(t, shown("main p"))
	if text := b.text(t, "main"); text != "This Application isn't a preview of PreviewSet." {
		t.Errorf("the tab says %q", text)
	}
	u.show(t, b, tabOfApplication, "preview-gateway-pr-2")
	b.do(t, shown(".previewset-preview"))
	if text := b.text(t, "main"); !strings.Contains(text, "bob") || strings.Contains(text, "Put to sleep") {
		t.Errorf("the tab of another person's preview says %q", text)
	}
	u.show(t, b, tabOfApplication, "preview-gateway-pr-1")
	b.do(t, shown(".previewset-preview"))
	if text := b.text(t, "main"); !strings.Contains(text, "Linked services") {
		t.Errorf("the tab of a preview with links says %q", text)
	}
	u.show(t, b, "status", "preview-shop-pr-7")
	b.do(t, shown("main button"))
	if text := b.text(t, "main"); !strings.Contains(text, "PREVIEW\nready") {
		t.Errorf("the status panel says %q", text)
	}
	b.do(t, chromedp.Click(chromedp.CSS("main button")))
	if title := eval[string](t, b, "document.title"); title != "opened" {
		t.Error("the button doesn't open the preview")
	}
	u.show(t, b, "status", "other")
	if text := eval[string](t, b, `new Promise(done => setTimeout(() => done(document.querySelector("main").innerText), 300))`); text != "" {
		t.Errorf("the status panel of another Application says %q", text)
	}
}

// The page lists the previews, finds some by words, and shows one.
func TestPreviewsInArgoCD(t *testing.T) {
	t.Parallel()
	u := newArgoUI(t, reacts["React 19"])
	b := newTab(t, size(1440, 900))
	u.show(t, b, "/previews", "")
	b.do(t, shown("tbody tr"))
	if said := b.text(t, "[role=status]"); said != "3 of 3 previews" {
		t.Errorf("it says %q", said)
	}
	for _, found := range b.violations(t) {
		t.Error(found)
	}
	b.do(t, chromedp.SendKeys(chromedp.CSS("input[type=search]"), "ALICE shop"))
	if said := b.text(t, "[role=status]"); said != "1 of 3 previews" {
		t.Errorf("it says %q", said)
	}
	b.do(t, chromedp.Click(chromedp.CSS("tbody button")), shown(".previewset-preview"))
	b.picture(t, filepath.Join(t.ArtifactDir(), "argocd-previews.png"))
	link := eval[string](t, b, `document.querySelector("tbody a[href*=applications]").pathname`)
	if link != "/applications/argocd/preview-shop-pr-7" {
		t.Errorf("the Application's link is %s", link)
	}
	for _, found := range b.violations(t) {
		t.Error(found)
	}
}

func TestExtensionIsSmall(t *testing.T) {
	t.Parallel()
	if info, err := os.Stat(extensionScript); err != nil || info.Size() > 50<<10 {
		t.Errorf("the script: %v, %v", info, err)
	}
}
