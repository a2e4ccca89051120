// Package pages renders responses for the host of an environment that Argo CD doesn't serve now: a page for browsers,
// JSON for programs. It knows neither snapshots nor permissions; the caller decides about the content.
//
// The pages work without JavaScript: they reload every few seconds. With JavaScript, a small script replaces only the
// changed parts, announces them to screen readers and keeps the keyboard focus.
package pages

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var (
	//go:embed style.css
	style string
	//go:embed live.js
	script string
	//go:embed page.html
	text string

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(style) }, //nolint:gosec // G203: our own file
		"script": func() template.JS { return template.JS(script) },  //nolint:gosec // G203: our own file
	}).Parse(text))
)

// headers keep pages out of caches, search engines and frames, and allow only the page's own style and script.
var headers = map[string]string{
	"Cache-Control": "no-store",
	"Content-Security-Policy": "default-src 'none'; style-src " + source(style) + "; script-src " + source(script) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"Vary":                         "Accept",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"X-Robots-Tag":                 "noindex, nofollow",
}

// source names an inline style or script in a Content-Security-Policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// View is an environment as a visitor sees it. Its texts may contain anything that users wrote.
type View struct {
	Name string // empty if there is no environment
	Kind Kind
	// Wait is the number of seconds until the environment can be woken, if too many were woken lately.
	Wait int
	// NeedsSignIn says that only people who have signed in wake the environment. Page is the address at which they do that;
	// empty if there is none.
	NeedsSignIn bool
	Page        string
	// Details are nil for visitors who may know only name and state.
	Details *Details
}

// Details are for signed-in users.
type Details struct {
	Lines []Line
	// Progress describes how far the whole environment is.
	Progress  string
	Workloads []Workload
}

// Line is one property of an environment.
type Line struct{ Name, Value, URL string }

// Workload is a workload with its ready and desired replicas.
type Workload struct {
	Name            string
	Ready, Replicas int
}

// Done reports whether all replicas are ready.
func (w Workload) Done() bool { return w.Replicas > 0 && w.Ready >= w.Replicas }

// Word returns the state's name.
func (v View) Word() string { return presentations[v.Kind].word }

// Title returns the page's title. It begins with the state, because browser tabs are narrow.
func (v View) Title() string { return v.Word() + " – " + cmp.Or(v.Name, "preview") }

// Moving reports whether the page reloads itself.
func (v View) Moving() bool { return presentations[v.Kind].moving }

// Says returns a sentence about the state and what to do.
func (v View) Says() string {
	says := strings.ReplaceAll(presentations[v.Kind].says, namePlaceholder, v.Name)
	if v.needsSignIn() {
		return says + " Only people who have signed in can wake it."
	}
	if v.Wait > 0 {
		return fmt.Sprintf("%s Too many previews were woken just now. Wake this one in %d seconds.", says, v.Wait)
	}
	return says
}

func (v View) needsSignIn() bool { return v.NeedsSignIn && v.Kind == Asleep }

// Target returns the address of the link that wakes the environment; the same page if it is empty.
func (v View) Target() string {
	if v.needsSignIn() {
		return v.Page
	}
	return ""
}

// Act returns the text of the link that wakes the environment; empty if there is none.
func (v View) Act() string {
	switch {
	case v.Kind != Asleep || (v.NeedsSignIn && v.Page == ""):
		return ""
	case v.NeedsSignIn:
		return "Sign in to wake it"
	case v.Wait > 0:
		return "Try again"
	}
	return "Wake it up"
}

// Answer writes the response with a view.
func Answer(w http.ResponseWriter, r *http.Request, v View) error {
	kind, write := "application/json; charset=utf-8", v.json
	if AcceptsPage(r) {
		kind, write = "text/html; charset=utf-8", v.page
	}
	body, err := write()
	if err != nil {
		return err
	}
	h := w.Header()
	for name, value := range headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", kind)
	h.Set("Previewset-State", string(v.Kind))
	if retry := cmp.Or(v.Wait, presentations[v.Kind].retry); retry > 0 {
		h.Set("Retry-After", strconv.Itoa(retry))
	}
	w.WriteHeader(presentations[v.Kind].code)
	if r.Method == http.MethodHead {
		body = nil
	}
	_, _ = w.Write(body) // an empty body too, because gin would write its own; the client may be gone
	return nil
}

func (v View) page() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, v)
	return b.Bytes(), err
}

func (v View) json() ([]byte, error) {
	return json.Marshal(
		map[string]string{"message": cmp.Or(v.Name, "preview") + ": " + v.Says(), "state": string(v.Kind)},
	)
}

// AcceptsPage reports whether a request accepts a page.
func AcceptsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	kinds := strings.ToLower(strings.Join(r.Header["Accept"], ","))
	for kind := range strings.SplitSeq(strings.ReplaceAll(kinds, " ", ""), ",") {
		name, parameters, _ := strings.Cut(kind, ";")
		if name == "text/html" && !refused.MatchString(parameters) {
			return true
		}
	}
	return false
}

// refused matches the weight of a media type that the client refuses.
var refused = regexp.MustCompile(`(^|;)q=0(\.0*)?(;|$)`)
