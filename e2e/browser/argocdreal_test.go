//go:build e2e_ui

package browser

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// withUI chooses the real Argo CD. Its web pages take a quarter of an hour to build, so CI doesn't build this file.
var withUI = flag.String("argocd-ui", "",
	"`version` of Argo CD to test with its web pages, or the address that the sandbox prints to sign in")

// sandboxAddress is in the line in which the sandbox says where to sign in.
var sandboxAddress = regexp.MustCompile(`signed in as alice: (https://[^/]+)/`)

// startSandbox runs the sandbox with Argo CD's web pages until the end of the test, and returns the address that signs
// people in.
func startSandbox(t *testing.T) string {
	t.Helper()
	if strings.HasPrefix(*withUI, "https://") {
		return *withUI
	}
	program := filepath.Join(t.TempDir(), "sandbox")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/sandbox")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sandbox := exec.Command(program, "-ui", "-argocd="+*withUI) // no context: it ends by a signal, and removes its files
	sandbox.Dir, sandbox.Stderr = "..", os.Stderr
	out, err := sandbox.StdoutPipe()
	if err == nil {
		err = sandbox.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sandbox.Process.Signal(os.Interrupt)
		_ = sandbox.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		t.Log(lines.Text())
		if found := sandboxAddress.FindStringSubmatch(lines.Text()); found != nil {
			go func() {
				for lines.Scan() { // so that the sandbox never waits for a reader
				}
			}()
			return found[1]
		}
	}
	t.Fatal("the sandbox ended without an address")
	return ""
}

// as opens a page of Argo CD in a browser of its own, signed in as a person.
func as(t *testing.T, address, person, path, theme string) tab {
	t.Helper()
	own, closeIt := chromedp.NewContext(started, chromedp.WithNewBrowserContext())
	t.Cleanup(closeIt)
	b := newTabFor(t, own, 10*time.Minute, size(1440, 1000))
	b.open(t, address+"/applications?as="+person)
	b.waitFor(t, `document.querySelector(".sidebar")`)
	eval[bool](t, b, `(() => {
  const preferences = JSON.parse(localStorage.getItem("view_preferences") || "{}")
  localStorage.setItem("view_preferences", JSON.stringify({...preferences, theme: "`+theme+`"}))
  return true
})()`)
	b.open(t, address+path+"?as="+person)
	return b
}

// click clicks the first element of a kind with a text, in any case: Argo CD shows some in capital letters.
func (b tab) click(t *testing.T, selector, text string) {
	t.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll(%q)].find(e => e.innerText.trim().toLowerCase() === %q)", selector,
		strings.ToLower(text))
	b.waitFor(t, find)
	eval[bool](t, b, "("+find+".click(), true)")
}

// waitFor waits until an expression is true. It asks again and again, because Argo CD's pages may load themselves anew.
func (b tab) waitFor(t *testing.T, expression string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end) && b.Err() == nil; {
		short, cancel := context.WithTimeout(b, 5*time.Second)
		later := "new Promise(done => setTimeout(() => done(!!(" + expression + ")), 200))"
		ok, err := chromedp.Run(short, chromedp.Evaluate[bool](later, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil && ok {
			return
		}
	}
	b.picture(t, filepath.Join(t.ArtifactDir(), "failed.png"))
	t.Fatalf("never true: %s\n%s", expression, b.text(t, "body"))
}

// slid waits until Argo CD's panels have slid. Its spinners never end.
const slid = `Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().iterations < Infinity)
  .map(a => a.finished)).then(() => true)`

// The extension works in the real Argo CD: its own pages, its proxy extension and its RBAC, before the real service.
func TestRealArgoCD(t *testing.T) {
	address, pictures := startSandbox(t), t.ArtifactDir()
	picture := func(b tab, name string) {
		eval[bool](t, b, slid)
		b.picture(t, filepath.Join(pictures, "argocd-"+name+".png"))
	}
	const application = "/applications/argocd/preview-gateway-pr-1"
	b := as(t, address, "alice@example.dev", application, "light")
	b.waitFor(t, `document.querySelector(".application-status-panel")`)
	b.waitFor(t, `document.body.innerText.includes("Show the preview")`)
	b.waitFor(t, `document.querySelector(".application-status-panel").innerText.includes("ready")`)
	picture(b, "status")
	b.click(t, ".application-status-panel button", "Show the preview")
	b.waitFor(t, `document.querySelector(".previewset-preview table")`)
	picture(b, "flyout")
	b.click(t, ".previewset-preview button", "Put to sleep")
	b.waitFor(t, `document.querySelector(".previewset-preview").innerText.includes("goes to sleep")`)
	b.waitFor(t, `document.querySelector(".previewset-preview h2 + span").innerText === "asleep"`)
	picture(b, "asleep")
	b.click(t, ".previewset-preview button", "Wake")
	b.waitFor(t, `document.querySelector(".previewset-preview h2 + span").innerText === "ready"`)

	b = as(t, address, "alice@example.dev", application, "dark")
	b.waitFor(t, `document.querySelector(".application-status-panel")`)
	b.click(t, ".top-bar button, .top-bar a", "DETAILS")
	b.click(t, ".tabs__nav a", "PREVIEW")
	b.waitFor(t, `document.querySelector(".previewset-preview table")`)
	picture(b, "tab")

	for _, theme := range []string{"light", "dark"} {
		b = as(t, address, "alice@example.dev", "/previews", theme)
		b.click(t, "tbody button", "shop-pr-1")
		b.waitFor(t, `document.querySelector(".previewset-preview table")`)
		picture(b, "page-"+theme)
	}
	if n := eval[int](t, b, `document.querySelectorAll(".previewset-preview button").length`); n != 0 {
		t.Errorf("alice has %d buttons for bob's preview", n)
	}
}
