package generator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

var (
	//go:embed pages/style.css
	pageStyle string
	//go:embed pages/live.js
	pageScript string
	//go:embed pages/page.html
	pageText string

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(pageStyle) }, //nolint:gosec // G203: a file of ours
		"script": func() template.JS { return template.JS(pageScript) },  //nolint:gosec // G203: a file of ours
	}).Parse(pageText))

	// pagePolicy lets the page's own style and script be used, the script ask for the page again, and nothing else.
	pagePolicy = "default-src 'none'; style-src " + sourceHash(pageStyle) + "; script-src " + sourceHash(pageScript) +
		"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// sourceHash is how a Content-Security-Policy names an inline style or script.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// What the public listener can say of a host.
const (
	stateUnready  = "unready" // the service itself
	stateUnknown  = "unknown"
	stateAsleep   = "asleep"
	stateQueued   = "queued" // it is to wake, and waits for a limit
	stateWaking   = "waking"
	stateStarting = "starting" // awake, and its route isn't there yet
	stateBuilding = "building"
	stateHeld     = "held"
	stateGone     = "gone"
)

// standing is what the public may know of a state, and how it is answered.
type standing struct {
	word string
	says string
	code int
	// retry is when to come again, in seconds; 0 where nothing changes by itself.
	retry int
	// moving pages look again by themselves.
	moving bool
}

var standings = map[string]standing{
	stateUnready: {"Starting", "Previews can't be looked up yet: their service has only just started. This page goes on by itself.", http.StatusServiceUnavailable, 5, true},
	stateUnknown: {"Unknown", "No preview has this address. Compare it with the link that you were given. Of a pull request, its own page says what has become of its preview.", http.StatusNotFound, 0, false},
	stateAsleep:  {"Asleep", "Nobody has used this preview for a while, or somebody has put it to sleep. Nothing of it runs; its data is kept.", http.StatusServiceUnavailable, 30, false},
	stateQueued:  {"Waiting to wake", "It was asleep and is to wake, as soon as fewer other previews are awake. This page becomes the application by itself.", http.StatusServiceUnavailable, 30, true},
	stateWaking:  {"Waking up", "It was asleep and is starting again, with its data. This page becomes the application by itself.", http.StatusServiceUnavailable, 10, true},
	stateStarting: {"Starting", "It is being started or updated. This page becomes the application by itself. If that takes more than a few minutes, " +
		"look at its pull request for what is wrong.", http.StatusServiceUnavailable, 10, true},
	stateBuilding: {"Building", "Its newest commit is still being built. This page becomes the application by itself. If the build fails, its pull request says why.", http.StatusServiceUnavailable, 30, true},
	stateHeld:     {"Held", "This preview was asked for and doesn't run yet. Its pull request says why, and what to do; so does previewctl why, with its name.", http.StatusServiceUnavailable, 300, false},
	stateGone:     {"Gone", "This preview was taken away. If you still need it, reopen or label its pull request, or create it again.", http.StatusNotFound, 0, false},
}

// view is what a page shows.
type view struct {
	Name, State string
	// Limited says that it would have been woken, but that too many were lately.
	Limited bool
	// Retry is when to come again, in seconds; 0 where nothing changes by itself.
	Retry int
	// Details are nil for who hasn't signed in.
	Details *details
}

// Word is the state's, for people.
func (v view) Word() string { return standings[v.State].word }

// Title names the state first: tabs are narrow.
func (v view) Title() string { return v.Word() + " – " + cmp.Or(v.Name, "preview") }

// Moving says that the page looks again by itself.
func (v view) Moving() bool { return standings[v.State].moving }

// Says are the paragraphs that tell what is the matter, and what to do.
func (v view) Says() []string {
	says := []string{standings[v.State].says}
	if v.Limited {
		says = append(says, fmt.Sprintf("Too many previews were woken just now. Try again in %d seconds.", v.Retry))
	}
	return says
}

// Act is what a link to the same page says; empty where none is needed.
func (v view) Act() string {
	switch {
	case v.Limited:
		return "Try again"
	case v.State == stateAsleep:
		return "Wake it up"
	}
	return ""
}

// details are for people who have signed in at a proxy that is trusted.
type details struct {
	Lines       []detail
	Application string // what Argo CD has made of it
	Workloads   []workloadView
}

type detail struct{ Name, Value, URL string }

type workloadView struct {
	Name, Says      string
	Ready, Replicas int
}

// details are what is known of a place.
func (g *Generator) details(ctx context.Context, s *served, at place) *details {
	if at.name == "" {
		return nil
	}
	d := &details{Lines: at.lines(s.snapshot.Memory.Lives[at.name])}
	if at.row == nil {
		return d
	}
	d.Application = "The cluster can't be asked; nobody knows how far it is."
	if g.opts.Applications == nil {
		return d
	}
	status := g.environmentStatus(ctx, *at.row)
	d.Application = cmp.Or(sentence(status.Reason), "Argo CD has started everything.")
	if at.row.State == preview.Asleep {
		d.Application = "Nothing runs while it is asleep."
	}
	for _, w := range workloadsOf(status) {
		d.Workloads = append(d.Workloads, workloadView{
			Name: w.Name, Says: fmt.Sprintf("%d of %d ready", w.Ready, w.Replicas), Ready: min(w.Ready, w.Replicas), Replicas: w.Replicas,
		})
	}
	return d
}

// lines tell what an environment is, and why it is as it is.
func (at place) lines(life preview.Life) []detail {
	row, d := at.row, at.decision
	if row == nil {
		row = &preview.Row{Owner: d.Owner, Title: d.Title, Repository: d.Repository, PullRequestURL: d.URL}
		if d.Number > 0 {
			row.Number = strconv.Itoa(d.Number)
		}
	}
	pullRequest := row.Repository
	if row.Number != "" {
		pullRequest += "#" + row.Number
	}
	return slices.DeleteFunc([]detail{
		{Name: "Why", Value: sentence(d.Reason)},
		{Name: "What to do", Value: sentence(d.Remedy)},
		{Name: "Waking takes", Value: tookLast(row, life)},
		{Name: "Pull request", Value: pullRequest, URL: row.PullRequestURL},
		{Name: "Title", Value: row.Title},
		{Name: "Owner", Value: row.Owner},
		{Name: "Purpose", Value: row.Purpose},
		{Name: "Profile", Value: row.Profile},
	}, func(l detail) bool { return l.Value == "" })
}

// tookLast is how long an environment that is awaited took to wake the last time.
func tookLast(row *preview.Row, life preview.Life) string {
	if life.Took <= 0 || (row.State != preview.Asleep && row.State != preview.Waking) {
		return ""
	}
	amount, unit := life.Took.Round(time.Second)/time.Second, "seconds"
	if life.Took > 2*time.Minute {
		amount, unit = life.Took.Round(time.Minute)/time.Minute, "minutes"
	}
	return fmt.Sprintf("about %d %s, as the last time", amount, unit)
}

// sentence begins with a capital; reasons and remedies are parts of sentences.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.HasPrefix(s, "previewctl ") {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// show answers a person with the page, and a program with as much as JSON.
func (g *Generator) show(c *gin.Context, v view) {
	h, code := c.Writer.Header(), standings[v.State].code
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "Content-Security-Policy": pagePolicy, "Cross-Origin-Resource-Policy": "same-origin",
		"Previewset-State": v.State, "Referrer-Policy": "no-referrer", "Vary": "Accept", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "X-Robots-Tag": "noindex, nofollow",
	} {
		h.Set(name, value)
	}
	if v.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(v.Retry))
	}
	switch {
	case c.Request.Method == http.MethodHead:
		c.Status(code)
		c.Writer.WriteHeaderNow()
		return
	case !takesPages(c.Request):
		c.JSON(code, gin.H{"message": strings.TrimSpace(v.Name + ": " + strings.Join(v.Says(), " ")), "state": v.State})
		return
	}
	var text bytes.Buffer
	if err := page.Execute(&text, v); err != nil {
		_ = c.Error(err)
		return
	}
	c.Data(code, "text/html; charset=utf-8", text.Bytes())
}
