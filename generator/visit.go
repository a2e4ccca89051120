package generator

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/pages"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// wakePending is how long a wake that was asked for counts as on its way: it is answered long before that.
	wakePending = 30 * time.Second
	// activityEvery is how often a visit to an environment that is awake is told of.
	activityEvery = time.Minute
)

// What visits may wake. One person opens a few at a time; a team that begins its day opens them all within minutes. Without
// proxies that are trusted all visits come from the ingress's few addresses.
var (
	perEnvironment = rate{burst: 4, every: time.Minute}
	perAddress     = rate{burst: 20, every: 10 * time.Second}
	inTotal        = rate{burst: 60, every: time.Second}
)

// visits are what was lately asked for by visits. Their memory is bounded: names are those of environments that exist, and
// addresses share a table of a fixed size.
type visits struct {
	mu           sync.Mutex
	environments map[string]visited
	addresses    addressBuckets
	total        bucket
}

// visited is what was lately asked of one environment.
type visited struct {
	bucket
	woken, seen time.Time
}

// wake says whether an environment is to be woken now, or is on its way already, or how long it is until it may be.
func (v *visits) wake(name string, from guest, now time.Time) (ask bool, wait time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e := v.environments[name]
	if now.Sub(e.woken) < wakePending {
		return false, 0
	}
	address := v.addresses.of(from)
	if wait = max(e.wait(perEnvironment, now), address.wait(perAddress, now), v.total.wait(inTotal, now)); wait > 0 {
		return false, wait
	}
	e.take(perEnvironment, now)
	address.take(perAddress, now)
	v.total.take(inTotal, now)
	e.woken, e.seen = now, now
	v.keep(name, e, now)
	return true, 0
}

// pending says whether a visit has asked for a wake that the snapshot doesn't show yet.
func (v *visits) pending(name string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return now.Sub(v.environments[name].woken) < wakePending
}

// see says whether a visit to an environment that is awake is to be told of.
func (v *visits) see(name string, from guest, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, address := v.environments[name], v.addresses.of(from)
	if now.Sub(e.seen) < activityEvery || max(address.wait(perAddress, now), v.total.wait(inTotal, now)) > 0 {
		return false
	}
	address.take(perAddress, now)
	v.total.take(inTotal, now)
	e.seen = now
	v.keep(name, e, now)
	return true
}

// keep forgets those that nothing is limited of any more.
func (v *visits) keep(name string, e visited, now time.Time) {
	if v.environments == nil {
		v.environments = map[string]visited{}
	}
	for other, o := range v.environments {
		if now.Sub(o.seen) >= activityEvery && now.Sub(o.full) >= 0 {
			delete(v.environments, other)
		}
	}
	v.environments[name] = e
}

// visit answers what comes to the public listener beside webhooks, by the host that it came for: a person's visit wakes a
// sleeping environment. That is all that it can do.
func (g *Generator) visit(c *gin.Context) {
	v := pages.View{State: pages.Unready}
	if s := g.served.Load(); s != nil {
		at, ok := s.visited().at(c.Request.Host)
		if !ok {
			fail(c, http.StatusNotFound, "there is nothing at this path")
			return
		}
		from := g.guest(c.Request)
		v = pages.View{Name: at.name, State: g.stateOf(s, at)}
		if isPerson(c.Request) {
			g.visitBy(from, &v)
		}
		if from.signedIn && pages.Wanted(c.Request) {
			v.Details = g.details(c.Request.Context(), s, at)
		}
	}
	if err := pages.Answer(c.Writer, c.Request, v); err != nil {
		_ = c.Error(err)
	}
}

// visitBy is what a person's visit does to an environment.
func (g *Generator) visitBy(from guest, v *pages.View) {
	now, ask := g.opts.Now(), false
	switch v.State {
	case pages.Asleep:
		var wait time.Duration
		if ask, wait = g.visits.wake(v.Name, from, now); wait > 0 {
			v.Wait = int(wait/time.Second) + 1
			return
		}
		v.State = pages.Waking
	case pages.Starting:
		ask = g.visits.see(v.Name, from, now)
	default: // it is on its way, or not there
	}
	if ask {
		g.request(preview.Request{Environment: v.Name, Action: preview.ActionWake, By: visitor, At: now})
	}
}

// isPerson tells a person who opens the page from whatever else asks for it: programs, robots, link previews, monitors,
// browsers that read ahead, and our own page that looks again.
func isPerson(r *http.Request) bool {
	h := r.Header
	looksAgain := saysOnly(h, "Sec-Fetch-Site", "same-origin") && len(h["Sec-Fetch-Site"]) > 0 && len(h["Sec-Fetch-User"]) == 0
	return r.Method == http.MethodGet && pages.Wanted(r) && !looksAgain && !readsAhead(h) && !isRobot(r.UserAgent()) &&
		saysOnly(h, "Sec-Fetch-Dest", "document") && saysOnly(h, "Sec-Fetch-Mode", "navigate")
}

// saysOnly says whether a header, where it was sent, says nothing else.
func saysOnly(h http.Header, name, want string) bool {
	return !slices.ContainsFunc(h[name], func(is string) bool { return !strings.EqualFold(is, want) })
}

// readsAhead says whether a browser asks for what nobody has opened yet.
func readsAhead(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range h[name] {
			if value = strings.ToLower(value); strings.Contains(value, "prefetch") || strings.Contains(value, "prerender") || strings.Contains(value, "preview") {
				return true
			}
		}
	}
	return false
}

// robots are parts of the names, lower case, of what asks for pages without a person: crawlers, link previews, monitors and
// programs. They are no security: whoever hides is limited as everybody is.
var robots = []string{
	"+http", "bot/", "bot;", "bot)", "bot-", "slackbot", "twitterbot", "telegrambot", "discordbot", "linkedinbot", "googlebot", "bingbot", "applebot", "crawler", "spider",
	"slurp", "bingpreview", "google-", "googleother", "mediapartners", "yandex.com/bots", "baidu", "facebookexternalhit", "facebookcatalog", "meta-external", "whatsapp",
	"skypeuripreview", "microsoftpreview", "microsoft office", "slack-imgproxy", "mattermost", "iframely", "embedly", "vkshare", "pinterestbot", "pinterest.com/bot", "linkpreview",
	"kube-probe", "googlehc", "elb-healthchecker", "healthcheck", "health check", "uptime", "pingdom", "statuscake", "prometheus", "blackbox", "site24x7", "newrelicpinger",
	"datadog", "nagios", "check_http", "zabbix", "monitor", "gatus", "updown.io", "betterstack", "better uptime", "checkly", "amazon-route53", "amazon cloudfront",
	"curl", "wget", "httpie", "go-http-client", "python", "aiohttp", "java/", "okhttp", "axios", "node-fetch", "undici", "libwww", "ruby", "php/", "guzzle",
	"postman", "insomnia", "apachebench", "hey/", "k6/", "vegeta", "nmap", "masscan", "zgrab", "nuclei", "nikto", "censys", "expanse",
}

func isRobot(userAgent string) bool {
	name := strings.ToLower(userAgent)
	return strings.TrimSpace(name) == "" || slices.ContainsFunc(robots, func(part string) bool { return strings.Contains(name, part) })
}
