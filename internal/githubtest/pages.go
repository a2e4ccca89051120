package githubtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pageRange is the part of a list that a request asks for: items from..to-1, and the Link header that leads to other
// pages.
type pageRange struct {
	from, to int
	link     string
}

// pageOf returns the requested range of a list with total items.
func pageOf(c *call, repo *repository, total int) pageRange {
	size := bounded(c.query("per_page", ""), 30, 100)
	page := bounded(c.query("page", ""), 1, 1<<30)
	last := max(1, (total+size-1)/size)
	from := min((page-1)*size, total)
	var links []string
	add := func(n int, rel string) {
		links = append(links, fmt.Sprintf("<%s>; rel=%q", pageURL(c, repo, n), rel))
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
	return pageRange{from: from, to: min(from+size, total), link: strings.Join(links, ", ")}
}

// setLink adds the Link header; there is none if the whole list fits on one page.
func (p pageRange) setLink(h http.Header) {
	if p.link != "" {
		h.Set("Link", p.link)
	}
}

// pageURL returns the address of another page. GitHub names the repository by its ID there.
func pageURL(c *call, repo *repository, page int) string {
	parts := strings.SplitN(c.request.URL.EscapedPath(), "/", 5) // "", repos, owner, name, rest
	path := fmt.Sprintf("%s/repositories/%d/%s", c.prefix, repo.id, parts[4])
	u := url.URL{Scheme: "http", Host: c.request.Host, Path: path}
	q := c.request.URL.Query()
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

// listPage answers with one page of items.
func listPage[T any](c *call, repo *repository, items []T, show func(T) any) *answer {
	return wrappedPage(c, repo, items, show, func(page []any) any { return page })
}

// wrappedPage answers with one page of items inside another JSON value, which wrap makes.
func wrappedPage[T any](c *call, repo *repository, items []T, show func(T) any, wrap func(page []any) any) *answer {
	p := pageOf(c, repo, len(items))
	page := make([]any, 0, p.to-p.from)
	for _, item := range items[p.from:p.to] {
		page = append(page, show(item))
	}
	a := ok(wrap(page))
	p.setLink(a.header)
	return a
}
