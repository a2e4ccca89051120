package generator_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	accepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
)

// person is what a browser sends when somebody opens a link.
func person() map[string]string {
	return map[string]string{
		"User-Agent": firefox, "Accept": accepts, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1",
	}
}

// visit is a request to the public listener. Of header "Host" and "Remote" are no headers; "" takes one out.
func (s *service) visit(t testing.TB, method, path string, header map[string]string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://shop-pr-7.preview.example.dev"+path, http.NoBody)
	for name, value := range header {
		switch name {
		case "Host":
			r.Host = value
		case "Remote":
			r.RemoteAddr = value
		default:
			r.Header.Set(name, value)
		}
		if value == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	s.PublicHandler().ServeHTTP(w, r)
	return unpack(t, w.Result())
}

func personWith(change map[string]string) map[string]string {
	h := person()
	maps.Copy(h, change)
	return h
}

// in is a service whose environment shop-pr-7 is in a state.
func in(t testing.TB, state string, change ...func(*generator.Options)) *service {
	t.Helper()
	s := ready(t, newWorld(), change...)
	s.ServeChanged(func(snapshot *preview.Snapshot) { setState(snapshot, "shop-pr-7", state) })
	return s
}

func setState(s *preview.Snapshot, name, state string) {
	for i := range s.Rows {
		if s.Rows[i].Name == name {
			s.Rows[i].State = state
		}
	}
}

func TestAPersonsVisitWakesWhatIsAsleep(t *testing.T) {
	t.Parallel()
	s := in(t, preview.Asleep)
	got := s.visit(t, http.MethodGet, "/cart?x=1", person())
	if got.code != http.StatusServiceUnavailable || !strings.Contains(got.body, "Waking up") || !strings.Contains(got.body, "<h1>shop-pr-7</h1>") {
		t.Errorf("%d %s", got.code, got.body)
	}
	want := []preview.Request{{Environment: "shop-pr-7", Action: "wake", By: "a visit", At: start}}
	if diff := cmp.Diff(want, s.TakeRequests()); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAPersonWakes(t *testing.T) {
	t.Parallel()
	agent := func(name string) map[string]string { return personWith(map[string]string{"User-Agent": name}) }
	tests := []struct {
		name, method string
		header       map[string]string
		wakes        bool
	}{
		{"a browser", "GET", person(), true},
		{"a browser within another application", "GET", agent("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]"), true},
		{"an old browser, which says nothing of fetching", "GET", map[string]string{"User-Agent": firefox, "Accept": accepts}, true},
		{"a link on another site", "GET", personWith(map[string]string{"Sec-Fetch-Site": "cross-site"}), true},
		{"the way back from a sign-in", "GET", personWith(map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": ""}), true},
		{"the page's own link", "GET", personWith(map[string]string{"Sec-Fetch-Site": "same-origin"}), true},
		{"a phone whose name ends in bot", "GET", agent("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"), true},
		{"the page that looks again", "GET", personWith(map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": ""}), false},
		{"the page's script", "GET", personWith(map[string]string{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}), false},
		{"a frame", "GET", personWith(map[string]string{"Sec-Fetch-Dest": "iframe"}), false},
		{"an image", "GET", personWith(map[string]string{"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"}), false},
		{"a script that asks for a page", "GET", personWith(map[string]string{"Sec-Fetch-Dest": "empty"}), false},
		{"another mode", "GET", personWith(map[string]string{"Sec-Fetch-Mode": "no-cors"}), false},
		{"reading ahead", "GET", personWith(map[string]string{"Sec-Purpose": "prefetch;prerender"}), false},
		{"reading ahead, as Safari says it", "GET", personWith(map[string]string{"Purpose": "prefetch"}), false},
		{"reading ahead, as Firefox said it", "GET", personWith(map[string]string{"X-Moz": "Prefetch"}), false},
		{"a preview of a page", "GET", personWith(map[string]string{"X-Purpose": "preview"}), false},
		{"no name", "GET", agent(""), false},
		{"blanks for a name", "GET", agent("  "), false},
		{"anything but GET", "POST", person(), false},
		{"HEAD", "HEAD", person(), false},
		{"OPTIONS", "OPTIONS", person(), false},
		{"a program", "GET", personWith(map[string]string{"Accept": "*/*"}), false},
		{"a program that wants JSON", "GET", personWith(map[string]string{"Accept": "application/json"}), false},
		{"a program that wants anything but a page", "GET", personWith(map[string]string{"Accept": "text/html;q=0, */*"}), false},
		{"no word of what it takes", "GET", personWith(map[string]string{"Accept": ""}), false},
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
		{"Bing", "GET", agent("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"), false},
		{"a robot that nobody knows", "GET", agent("Mozilla/5.0 (compatible; NewsBot/1.0)"), false},
		{"Kubernetes", "GET", agent("kube-probe/1.34"), false},
		{"Google's load balancer", "GET", agent("GoogleHC/1.0"), false},
		{"Amazon's load balancer", "GET", agent("ELB-HealthChecker/2.0"), false},
		{"UptimeRobot", "GET", agent("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"), false},
		{"Pingdom", "GET", agent("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"), false},
		{"StatusCake", "GET", agent("Mozilla/5.0 (Windows NT 6.2; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98 Safari/537.36 StatusCake"), false},
		{"Prometheus' prober", "GET", agent("Blackbox Exporter/0.27.0"), false},
		{"Prometheus", "GET", agent("Prometheus/3.5.0"), false},
		{"curl", "GET", agent("curl/8.14.1"), false},
		{"wget", "GET", agent("Wget/1.25.0"), false},
		{"Go", "GET", agent("Go-http-client/1.1"), false},
		{"Python", "GET", agent("python-requests/2.32.4"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := in(t, preview.Asleep)
			s.visit(t, tt.method, "/", tt.header)
			if asked := s.TakeRequests(); (len(asked) > 0) != tt.wakes {
				t.Errorf("asked is %v", asked)
			}
		})
	}
}
