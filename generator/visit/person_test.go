package visit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestPersonsVisitWakesEnvironment(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, preview.Asleep)
	got := s.visit(t, http.MethodGet, "/cart?x=1", person(nil))
	if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body, "Waking up") ||
		!strings.Contains(got.Body, "<h1>shop-pr-7</h1>") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	want := []preview.Request{{Environment: "shop-pr-7", Action: "wake", By: "a visit", At: testworld.Start}}
	if diff := cmp.Diff(want, s.takeRequests()); diff != "" {
		t.Error(diff)
	}
}

// agent returns the headers of a person with another user agent.
func agent(name string) map[string]string { return person(map[string]string{"User-Agent": name}) }

var onlyPersonsWakeEnvironmentsCases = []struct {
	name, method string
	header       map[string]string
	wakes        bool
}{
	{"a browser", "GET", person(nil), true},
	{
		"a browser in an app", "GET",
		agent("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]"),
		true,
	},
	{"an old browser without Fetch Metadata", "GET", map[string]string{"User-Agent": firefox, "Accept": acceptsHTML}, true},
	{"a link on another site", "GET", person(map[string]string{"Sec-Fetch-Site": "cross-site"}), true},
	{"a redirect after sign-in", "GET", person(map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": ""}), true},
	{"the page's own link", "GET", person(map[string]string{"Sec-Fetch-Site": "same-origin"}), true},
	{
		"a phone with a name that ends in bot", "GET",
		agent("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"), true,
	},
	{"the page that reloads itself", "GET", person(map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": ""}), false},
	{
		"the page's script", "GET",
		person(map[string]string{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}),
		false,
	},
	{"a frame", "GET", person(map[string]string{"Sec-Fetch-Dest": "iframe"}), false},
	{"an image", "GET", person(map[string]string{"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"}), false},
	{"a script that fetches a page", "GET", person(map[string]string{"Sec-Fetch-Dest": "empty"}), false},
	{"another mode", "GET", person(map[string]string{"Sec-Fetch-Mode": "no-cors"}), false},
	{"prefetch", "GET", person(map[string]string{"Sec-Purpose": "prefetch;prerender"}), false},
	{"prefetch by Safari", "GET", person(map[string]string{"Purpose": "prefetch"}), false},
	{"prefetch by an older Firefox", "GET", person(map[string]string{"X-Moz": "Prefetch"}), false},
	{"a page preview", "GET", person(map[string]string{"X-Purpose": "preview"}), false},
	{"no user agent", "GET", agent(""), false},
	{"a blank user agent", "GET", agent("  "), false},
	{"POST", "POST", person(nil), false},
	{"HEAD", "HEAD", person(nil), false},
	{"OPTIONS", "OPTIONS", person(nil), false},
	{"a program", "GET", person(map[string]string{"Accept": "*/*"}), false},
	{"a program that accepts JSON", "GET", person(map[string]string{"Accept": "application/json"}), false},
	{"a program that accepts no HTML", "GET", person(map[string]string{"Accept": "text/html;q=0, */*"}), false},
	{"no Accept header", "GET", person(map[string]string{"Accept": ""}), false},
	{"Slack", "GET", agent("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), false},
	{"Slack's pictures", "GET", agent("Slack-ImgProxy (+https://api.slack.com/robots)"), false},
	{"Twitter", "GET", agent("Twitterbot/1.0"), false},
	{"Facebook", "GET", agent("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"), false},
	{"WhatsApp", "GET", agent("WhatsApp/2.23.20.0"), false},
	{"Telegram", "GET", agent("TelegramBot (like TwitterBot)"), false},
	{"Discord", "GET", agent("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"), false},
	{"LinkedIn", "GET", agent("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"), false},
	{"Teams", "GET", agent("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"), false},
	{"Google", "GET", agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), false},
	{
		"Bing", "GET",
		agent("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
		false,
	},
	{"an unknown crawler", "GET", agent("Mozilla/5.0 (compatible; NewsBot/1.0)"), false},
	{"Kubernetes", "GET", agent("kube-probe/1.34"), false},
	{"Google's load balancer", "GET", agent("GoogleHC/1.0"), false},
	{"Amazon's load balancer", "GET", agent("ELB-HealthChecker/2.0"), false},
	{"UptimeRobot", "GET", agent("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"), false},
	{"Pingdom", "GET", agent("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"), false},
	{
		"StatusCake", "GET",
		agent("Mozilla/5.0 (Windows NT 6.2; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98 Safari/537.36 StatusCake"),
		false,
	},
	{"the blackbox exporter", "GET", agent("Blackbox Exporter/0.27.0"), false},
	{"Prometheus", "GET", agent("Prometheus/3.5.0"), false},
	{"curl", "GET", agent("curl/8.14.1"), false},
	{"wget", "GET", agent("Wget/1.25.0"), false},
	{"Go", "GET", agent("Go-http-client/1.1"), false},
	{"Python", "GET", agent("python-requests/2.32.4"), false},
}

func TestOnlyPersonsWakeEnvironments(t *testing.T) {
	t.Parallel()
	for _, tt := range onlyPersonsWakeEnvironmentsCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSiteIn(t, preview.Asleep)
			s.visit(t, tt.method, "/", tt.header)
			if requests := s.takeRequests(); (len(requests) > 0) != tt.wakes {
				t.Errorf("wake requests: %v", requests)
			}
		})
	}
}
