package previewspage

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/internal/config"
)

//go:embed html
var files embed.FS

var (
	style, script = file("style.css"), file("live.js")

	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"style":    func() template.CSS { return template.CSS(style) }, //nolint:gosec // G203: our own file
		"script":   func() template.JS { return template.JS(script) },  //nolint:gosec // G203: our own file
		"sentence": sentence,
		"word":     word,
		"duration": func(seconds int) string { return config.FormatDuration(time.Duration(seconds) * time.Second) },
		"join":     func(texts []string) string { return strings.Join(texts, ", ") },
	}).ParseFS(files, "html/*.html"))
)

func file(name string) string {
	content, err := files.ReadFile("html/" + name)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return string(content)
}

func setHeaders(h http.Header) {
	for name, value := range map[string]string{
		"Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; style-src " + source(style) + "; script-src " + source(script) +
			"; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "same-origin", // a form sends the Origin header only with this policy
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"X-Robots-Tag":                 "noindex, nofollow",
	} {
		h.Set(name, value)
	}
}

// source names an inline style or script in a Content-Security-Policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// person is the signed-in person as the pages show them.
type person struct {
	Name, Token string
	Role        config.Role
	CanSignOut  bool
}

func (s *Pages) personOf(v visitor) person {
	return person{
		Name: callerOf(v), Role: v.role, Token: s.SignIn.FormToken(v.Person), CanSignOut: s.SignIn.OIDC != nil,
	}
}

// notice is a page with a message.
type notice struct {
	Person                              person
	Title, Text, Remedy, Link, LinkText string
}

func (s *Pages) message(c *gin.Context, status int, n notice) { s.render(c, status, "notice", n) }

// render writes a page, compressed if the browser accepts that.
func (s *Pages) render(c *gin.Context, status int, name string, view any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, view); err != nil {
		_ = c.Error(err)
		return
	}
	c.Header("Vary", "Accept-Encoding")
	body := page.Bytes()
	if httpserver.AcceptsGzip(c.GetHeader("Accept-Encoding")) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body) // a buffer takes everything
		_ = w.Close()
		c.Header("Content-Encoding", "gzip")
		body = packed.Bytes()
	}
	c.Data(status, "text/html; charset=utf-8", body)
}

// sentence begins a reason or remedy with a capital letter and ends it with a full stop.
func sentence(s string) string {
	if s == "" || strings.HasPrefix(s, "previewctl ") {
		return s
	}
	first, _, _ := strings.Cut(s, " ")
	if s[0] >= 'a' && s[0] <= 'z' && !strings.Contains(first, ".") { // not a setting such as limits.perOwner
		s = string(s[0]-'a'+'A') + s[1:]
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// word returns a phase with a capital letter.
func word(phase any) string { return strings.TrimSuffix(sentence(fmt.Sprint(phase)), ".") }

// clock formats times relative to now.
type clock struct{ now time.Time }

// Relative says how far away a time is: "in 2 hours", "3 days ago".
func (c clock) Relative(t time.Time) string {
	d := t.Sub(c.now)
	if d > 0 {
		return "in " + roughly(d)
	}
	return roughly(-d) + " ago"
}

// RFC3339 formats a time for machines.
func (clock) RFC3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// UTC formats a time for people.
func (clock) UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// roughly rounds a duration down to its largest unit.
func roughly(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / u.length); n > 1 || n == 1 && u.name != "day" {
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	return "a moment"
}
