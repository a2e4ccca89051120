package githubtest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestPagination(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	for range 5 {
		r.Open(PullRequest{})
	}
	r.Close(3)
	for query, want := range map[string]struct {
		numbers []int
		links   string
	}{
		"":                          {[]int{5, 4, 2, 1}, ""},
		"?direction=asc":            {[]int{1, 2, 4, 5}, ""},
		"?state=all&direction=asc":  {[]int{1, 2, 3, 4, 5}, ""},
		"?state=closed":             {[]int{3}, ""},
		"?head=acme:change-4":       {[]int{4}, ""},
		"?base=dev":                 {[]int{}, ""},
		"?per_page=2&direction=asc": {[]int{1, 2}, "next 2, last 2"},
		"?per_page=2&page=2":        {[]int{2, 1}, "prev 1, first 1"},
		"?per_page=1&page=2":        {[]int{4}, "prev 1, next 3, last 4, first 1"},
		"?per_page=2&page=9":        {[]int{}, "prev 2, first 1"},
	} {
		got := g.expect(200, g.get("/repos/ACME/shop/pulls"+query))
		diff(t, want.numbers, numbers(t, got))
		diff(t, want.links, links(got.header.Get("Link")))
	}
	next := g.get("/api/v3/repos/acme/shop/pulls?per_page=2").header.Get("Link")
	next = strings.TrimPrefix(strings.Split(next, ">")[0], "<"+g.url)
	diff(t, fmt.Sprintf("/api/v3/repositories/%d/pulls?page=2&per_page=2", r.ID), next)
	diff(t, []int{2, 1}, numbers(t, g.get(next)))
}

// links shortens a Link header to its relations and pages.
func links(header string) string {
	var out []string
	for l := range strings.SplitSeq(header, ", ") {
		address, rel, found := strings.Cut(l, ">; rel=")
		if found {
			u, _ := url.Parse(strings.Trim(address, "<"))
			out = append(out, strings.Trim(rel, `"`)+" "+u.Query().Get("page"))
		}
	}
	return strings.Join(out, ", ")
}
