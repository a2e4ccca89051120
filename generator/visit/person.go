package visit

import (
	"net/http"
	"slices"
	"strings"

	"github.com/x-way/crawlerdetect"

	"github.com/previewset/previewset/generator/visit/pages"
)

// isPerson says whether a person opens the page. Everything else doesn't wake environments: programs, crawlers, link
// previews, monitors, prefetching browsers, and our own page that reloads itself. This isn't security: a program that
// looks like a browser passes, and then the same limits apply to it.
func isPerson(r *http.Request) bool {
	h := r.Header
	return r.Method == http.MethodGet && pages.AcceptsPage(r) && isNavigation(h) && !isReload(h) && !isPrefetch(h) &&
		isBrowser(r.UserAgent())
}

// isNavigation reads Fetch Metadata (https://www.w3.org/TR/fetch-metadata/). Browsers send these headers over HTTPS
// only, so missing headers say nothing.
func isNavigation(h http.Header) bool {
	return hasOnly(h, "Sec-Fetch-Dest", "document") && hasOnly(h, "Sec-Fetch-Mode", "navigate")
}

// isReload recognises our page when it reloads itself: the page's own origin, and no user action.
func isReload(h http.Header) bool {
	return len(h["Sec-Fetch-Site"]) > 0 && hasOnly(h, "Sec-Fetch-Site", "same-origin") && len(h["Sec-Fetch-User"]) == 0
}

// hasOnly reports whether a header is missing or has only this value.
func hasOnly(h http.Header, name, want string) bool {
	return !slices.ContainsFunc(h[name], func(value string) bool { return !strings.EqualFold(value, want) })
}

// isPrefetch reports whether a browser loads a page that its user hasn't opened.
func isPrefetch(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range h[name] {
			value = strings.ToLower(value)
			if strings.Contains(value, "prefetch") || strings.Contains(value, "prerender") ||
				strings.Contains(value, "preview") {
				return true
			}
		}
	}
	return false
}

const (
	// browserPrefix begins the User-Agent of every browser since 2013. Command-line tools, HTTP libraries, probes and most
	// monitors have another one, so no list of them is needed.
	browserPrefix = "Mozilla/5.0 ("
	// maxUserAgent bounds the part of a User-Agent that is compared with the list of crawlers, in bytes. Browsers have 80
	// to 250; matching takes about 7 µs a byte.
	maxUserAgent = 256
)

// isBrowser says whether a User-Agent is a browser's. Crawlers, link previews and monitors that imitate one are in the
// list of crawlerdetect, which is kept up to date with https://github.com/JayBizzle/Crawler-Detect.
func isBrowser(userAgent string) bool {
	if !strings.HasPrefix(userAgent, browserPrefix) {
		return false
	}
	if n := len(userAgent); n > maxUserAgent { // a crawler's name is usually at the end
		userAgent = userAgent[:maxUserAgent/2] + userAgent[n-maxUserAgent/2:]
	}
	return !crawlerdetect.IsCrawler(userAgent)
}
