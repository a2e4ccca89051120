package githubtest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way to a handler.
type call struct {
	server *Server
	r      *http.Request
	prefix string // "/api/v3" where the client asked there
	key    string // the token that came, empty without
	token  token
}

// answer is what a handler gives back. A body that is costly to make is given as render and version instead, so that a
// 304 doesn't need it.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	render  func() []byte
	version string
}

func ok(v any) *answer { return reply(http.StatusOK, v) }

func reply(status int, v any) *answer {
	a := &answer{status: status, header: http.Header{}}
	if v != nil {
		a.body = encode(v)
		a.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	return a
}

func problem(status int, message string) *answer {
	return reply(status, object{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func notFound() *answer { return problem(http.StatusNotFound, "Not Found") }

func unprocessable(message string) *answer { return problem(http.StatusUnprocessableEntity, message) }

type object = map[string]any

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("githubtest: encode an answer: " + err.Error()) // all values are ours
	}
	return b
}

// decode reads a request's JSON body into v; an empty one leaves v alone.
func (c *call) decode(v any) *answer {
	d := json.NewDecoder(http.MaxBytesReader(nil, c.r.Body, 1<<20))
	if err := d.Decode(v); err != nil && c.r.ContentLength != 0 {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

func (c *call) value(name string) string { return c.r.PathValue(name) }

func (c *call) number(name string) int {
	n, _ := strconv.Atoi(c.value(name))
	return n
}

func (c *call) query(name, otherwise string) string {
	if v := c.r.URL.Query().Get(name); v != "" {
		return v
	}
	return otherwise
}

// page returns which of total things the request asks for and sets the Link header that leads to the others.
func (c *call) page(repo *repository, total int) (from, to int, link string) {
	size := bounded(c.query("per_page", ""), 30, 100)
	page := bounded(c.query("page", ""), 1, 1<<30)
	last := max(1, (total+size-1)/size)
	from = min((page-1)*size, total)
	to = min(from+size, total)
	var links []string
	add := func(n int, rel string) {
		links = append(links, fmt.Sprintf("<%s>; rel=%q", c.pageURL(repo, n), rel))
	}
	if page > 1 {
		add(min(page-1, last), "prev")
	}
	if page < last {
		add(page+1, "next")
		add(last, "last")
	}
	if page > 1 {
		add(1, "first")
	}
	return from, to, strings.Join(links, ", ")
}

// pageURL is the address of another page; GitHub names the repository by its ID there.
func (c *call) pageURL(repo *repository, page int) string {
	parts := strings.SplitN(c.r.URL.EscapedPath(), "/", 5) // "", repos, owner, name, rest
	u := url.URL{Scheme: "http", Host: c.r.Host, Path: fmt.Sprintf("%s/repositories/%d/%s", c.prefix, repo.id, parts[4])}
	q := c.r.URL.Query()
	q.Set("page", strconv.Itoa(page))
	u.RawQuery = q.Encode()
	return u.String()
}

func bounded(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}

// listed answers with one page of items, made only for that page.
func listed[T any](c *call, repo *repository, items []T, show func(T) any) *answer {
	from, to, link := c.page(repo, len(items))
	page := make([]any, 0, to-from)
	for _, item := range items[from:to] {
		page = append(page, show(item))
	}
	a := ok(page)
	if link != "" {
		a.header.Set("Link", link)
	}
	return a
}

func withPath(r *http.Request, escaped string) *http.Request {
	r2 := r.Clone(r.Context())
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return r
	}
	r2.URL.Path, r2.URL.RawPath = path, escaped
	return r2
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SHA returns a name for a commit that depends on the text only, to write tests with.
func SHA(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
