// Package pages answers requests that come to the host of an environment whose application isn't there: a person gets a page
// that says what has become of it, and a program the same as JSON. It knows neither snapshots nor who may do what: who calls
// it decides what is shown.
//
// The pages work without JavaScript: they are loaded again every few seconds. With it a small script looks instead and puts
// in place what has changed, which is announced to those who can't see it and keeps the keyboard's place.
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
		"style":  func() template.CSS { return template.CSS(style) }, //nolint:gosec // G203: a file of ours
		"script": func() template.JS { return template.JS(script) },  //nolint:gosec // G203: a file of ours
	}).Parse(text))
)

// headers keep pages out of caches, search engines and frames, and let nothing but their own style and script be used.
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

// source is how a Content-Security-Policy names an inline style or script.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// State is what can have become of an environment.
type State string

// The states.
const (
	Unready  State = "unready" // the service itself has only started
	Unknown  State = "unknown"
	Asleep   State = "asleep"
	Queued   State = "queued" // it is to wake, and waits for a limit
	Waking   State = "waking"
	Starting State = "starting" // it is awake, and its route isn't there
	Building State = "building"
	Held     State = "held"
	Gone     State = "gone"
)

// standing is how a state is told. Whatever isn't there is 503 or 404, so that nobody takes the page for the site.
type standing struct {
	word, says string
	code       int
	// retry is when to come again, in seconds; 0 where nothing changes by itself.
	retry int
	// moving pages look again by themselves.
	moving bool
}

// becomes is said where something moves. Such texts fit into the lines that the page keeps free for them, so that nothing
// shifts when one follows another.
const becomes = " This page becomes the application by itself."

// ownName stands for the environment's name. A pull request itself says nothing of its preview, unless --report is status.
const ownName = "{name}"

var standings = map[State]standing{
	Unready: {
		word: "Starting", code: http.StatusServiceUnavailable, retry: 5, moving: true,
		says: "Previews can’t be looked up yet: their service has only just started." + becomes,
	},
	Unknown: {
		word: "Not found", code: http.StatusNotFound,
		says: "No preview has this address. Compare it with the link that you were given. To see what has become of a pull request’s preview, run: previewctl why owner/repo#12",
	},
	Asleep: {
		word: "Asleep", code: http.StatusServiceUnavailable, retry: 30,
		says: "Nothing of this preview runs while nobody uses it. Its data is kept.",
	},
	Queued: {
		word: "Waiting to wake", code: http.StatusServiceUnavailable, retry: 30, moving: true,
		says: "It wakes as soon as there is room: as many previews are awake as may be." + becomes,
	},
	Waking: {
		word: "Waking up", code: http.StatusServiceUnavailable, retry: 10, moving: true,
		says: "It was asleep, and is starting again with all its data." + becomes,
	},
	Starting: {
		word: "Starting", code: http.StatusServiceUnavailable, retry: 10, moving: true,
		says: "It is being started or updated." + becomes + " If it takes minutes, previewctl show says why.",
	},
	Building: {
		word: "Building", code: http.StatusServiceUnavailable, retry: 30, moving: true,
		says: "Its newest commit is still being built." + becomes + " If that fails, its pull request says so.",
	},
	Held: {
		word: "On hold", code: http.StatusServiceUnavailable, retry: 300,
		says: "This preview doesn’t run: something has to be done first. To see what, run: previewctl why " + ownName,
	},
	Gone: {
		word: "Gone", code: http.StatusNotFound,
		says: "This preview was taken away. To have it back, push to its pull request, or reopen or label it again.",
	},
}

// View is what is shown of an environment. Texts may be anybody's.
type View struct {
	Name  string // empty where there is none
	State State
	// Wait is in how many seconds it may be woken, where too many were lately; else 0.
	Wait int
	// Details are nil for whoever may only know name and state.
	Details *Details
}

// Details are for people who have signed in.
type Details struct {
	Lines []Line
	// Progress is how far it is as a whole.
	Progress  string
	Workloads []Workload
}

// Line is one thing that is known of an environment.
type Line struct{ Name, Value, URL string }

// Workload is how many of what is to run do.
type Workload struct {
	Name            string
	Ready, Replicas int
}

// Done says that all of it runs.
func (w Workload) Done() bool { return w.Replicas > 0 && w.Ready >= w.Replicas }

// Word is the state's, for people.
func (v View) Word() string { return standings[v.State].word }

// Title names the state first: tabs are narrow.
func (v View) Title() string { return v.Word() + " – " + cmp.Or(v.Name, "preview") }

// Moving says that the page looks again by itself.
func (v View) Moving() bool { return standings[v.State].moving }

// Says tells what is the matter, and what to do.
func (v View) Says() string {
	says := strings.ReplaceAll(standings[v.State].says, ownName, v.Name)
	if v.Wait > 0 {
		return fmt.Sprintf("%s Too many previews were woken just now; this one can be in %d seconds.", says, v.Wait)
	}
	return says
}

// Act is what a link to the same page says; empty where there is nothing to do here.
func (v View) Act() string {
	switch {
	case v.State != Asleep:
		return ""
	case v.Wait > 0:
		return "Try again"
	}
	return "Wake it up"
}

// Answer answers a request with a view.
func Answer(w http.ResponseWriter, r *http.Request, v View) error {
	kind, write := "application/json; charset=utf-8", v.json
	if Wanted(r) {
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
	h.Set("Previewset-State", string(v.State))
	if retry := cmp.Or(v.Wait, standings[v.State].retry); retry > 0 {
		h.Set("Retry-After", strconv.Itoa(retry))
	}
	w.WriteHeader(standings[v.State].code)
	if r.Method == http.MethodHead {
		body = nil
	}
	_, _ = w.Write(body) // also where it is nothing: gin would write its own; the client may go
	return nil
}

func (v View) page() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, v)
	return b.Bytes(), err
}

func (v View) json() ([]byte, error) {
	return json.Marshal(map[string]string{"message": cmp.Or(v.Name, "preview") + ": " + v.Says(), "state": string(v.State)})
}

// Wanted says whether a request can be answered with a page.
func Wanted(r *http.Request) bool {
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

// refused matches the weight of what somebody doesn't take.
var refused = regexp.MustCompile(`(^|;)q=0(\.0*)?(;|$)`)
