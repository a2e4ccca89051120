package generator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// toldAt is what is said of a host, as state and name; "" where it isn't one of ours.
func (s *service) toldAt(t *testing.T, host string) string {
	t.Helper()
	got := s.visit(t, http.MethodGet, "/", map[string]string{"Host": host, "Accept": "application/json"})
	var told struct{ Message, State string }
	if err := json.Unmarshal([]byte(got.body), &told); err != nil || told.Message == "" {
		t.Fatalf("%d %s", got.code, got.body)
	}
	if told.State == "" {
		if got.code != http.StatusNotFound || got.message(t) != nothingHere {
			t.Errorf("%d %s", got.code, got.body)
		}
		return ""
	}
	if code := map[bool]int{true: http.StatusNotFound, false: http.StatusServiceUnavailable}[told.State == "unknown" || told.State == "gone"]; got.code != code {
		t.Errorf("%s is answered %d", told.State, got.code)
	}
	name, _, _ := strings.Cut(told.Message, ":")
	return told.State + " " + name
}

func TestTheHostSaysWhichEnvironmentIsMeant(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, host, want string }{
		{"its host", "shop-pr-7.preview.example.dev", "starting shop-pr-7"},
		{"the host of another of its services", "gateway-shop-pr-7.preview.example.dev", "starting shop-pr-7"},
		{"with a port", "shop-pr-7.preview.example.dev:8443", "starting shop-pr-7"},
		{"in capitals, with the root's dot", "Shop-PR-7.Preview.Example.DEV.", "starting shop-pr-7"},
		{"with both", "SHOP-pr-7.preview.example.dev.:443", "starting shop-pr-7"},
		{"one that is held", "shop-pr-8.preview.example.dev", "held shop-pr-8"},
		{"the host of one of its services", "gateway-shop-pr-8.preview.example.dev", "held shop-pr-8"},
		{"the host of what isn't a public service", "orders-shop-pr-8.preview.example.dev", "unknown preview"},
		{"the host of a service of what there isn't", "gateway-shop-pr-9.preview.example.dev", "unknown preview"},
		{"one that there isn't", "shop-pr-9.preview.example.dev", "unknown preview"},
		{"one below one", "x.shop-pr-7.preview.example.dev", "unknown preview"},
		{"the domain itself", "preview.example.dev", "unknown preview"},
		{"nothing before the domain", ".preview.example.dev", "unknown preview"},
		{"a text that isn't a name", "<script>alert(1)</script>.preview.example.dev", "unknown preview"},
		{"two roots", "shop-pr-7.preview.example.dev..", ""},
		{"another domain", "shop-pr-7.preview.example.com", ""},
		{"a domain that ends alike", "evilpreview.example.dev", ""},
		{"ours in front of another", "shop-pr-7.preview.example.dev.evil.example", ""},
		{"ours as a port", "evil.example:shop-pr-7.preview.example.dev", ""},
		{"two ports", "shop-pr-7.preview.example.dev:80:80", ""},
		{"an address", "127.0.0.1:4356", ""},
		{"an IPv6 address", "[::1]:4356", ""},
		{"an IPv6 address without a port", "[2001:db8::1]", ""},
		{"half an address", "[", ""},
		{"none", "", ""},
		{"a colon", ":", ""},
		{"a very long one", strings.Repeat("x.", 20_000) + "example.dev", ""},
		{"a very long one of ours", strings.Repeat("x.", 20_000) + "preview.example.dev", "unknown preview"},
	}
	s := ready(t, newWorld())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.toldAt(t, tt.host); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatHasBecomeOfAnEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.tree = treeOf(1, strings.Replace(policy, `image: ghcr.io/acme/gateway,`, `image: ghcr.io/acme/gateway, ready: {check: image, app: ci},`, 1))
	s := newService(t, w)
	const host = ".preview.example.dev"
	if got := s.toldAt(t, "shop-pr-7"+host); got != "unready preview" {
		t.Errorf("at the beginning: %q", got)
	}
	s.Refresh(t.Context())
	if got := s.toldAt(t, "gateway-pr-1"+host); got != "building gateway-pr-1" {
		t.Errorf("before its check is green: %q", got)
	}
	w.repos["acme/shop"] = repository("acme/shop")
	s.Refresh(t.Context())
	if got := s.toldAt(t, "shop-pr-7"+host); got != "gone shop-pr-7" {
		t.Errorf("after its pull request was closed: %q", got)
	}
}

func TestWhatHasBecomeOfALiveEnvironment(t *testing.T) {
	t.Parallel()
	later := start.Add(time.Minute)
	tests := []struct {
		name, state  string
		woken, slept time.Time
		want         string
	}{
		{"awake, and its route isn't there", preview.Awake, start, time.Time{}, "starting"},
		{"asleep", preview.Asleep, time.Time{}, time.Time{}, "asleep"},
		{"asleep since it was woken the last time", preview.Asleep, start.Add(-time.Minute), time.Time{}, "asleep"},
		{"woken as it fell asleep, and there is no room", preview.Asleep, start, time.Time{}, "queued"},
		{"woken, and there is no room", preview.Asleep, later, start, "queued"},
		{"woken, and then sent to sleep", preview.Asleep, later, later.Add(time.Second), "asleep"},
		{"waking", preview.Waking, later, time.Time{}, "waking"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := in(t, tt.state)
			s.ServeChanged(func(snapshot *preview.Snapshot) {
				lives, intents := maps.Clone(snapshot.Memory.Lives), maps.Clone(snapshot.Memory.Intents)
				if lives == nil {
					lives = map[string]preview.Life{}
				}
				if intents == nil {
					intents = map[string]preview.Intent{}
				}
				lives["shop-pr-7"], intents["shop-pr-7"] = preview.Life{Changed: start}, preview.Intent{Woken: tt.woken, Slept: tt.slept}
				snapshot.Memory.Lives, snapshot.Memory.Intents = lives, intents
			})
			if got := s.toldAt(t, "shop-pr-7.preview.example.dev"); got != tt.want+" shop-pr-7" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestTheNameIsTheSnapshotsAndNothingIsReflected: what a request says comes back in no form.
func TestNothingOfARequestIsReflected(t *testing.T) {
	t.Parallel()
	const mark = "m4rk"
	for _, host := range []string{"shop-pr-7.preview.example.dev", "m4rk.preview.example.dev", "m4rk.example", "SHOP-PR-7.preview.example.dev:1"} {
		for _, accept := range []string{accepts, "application/json"} {
			s := in(t, preview.Asleep, trusting("192.0.2.1/32"))
			got := s.visit(t, http.MethodGet, "/m4rk?m4rk=m4rk", map[string]string{
				"Host": host, "Accept": accept, "User-Agent": firefox + mark, "Cookie": mark, "Referer": "https://m4rk.example/", "Origin": "https://m4rk.example",
				"X-Forwarded-Host": "m4rk.preview.example.dev", "X-Forwarded-User": mark, "X-Forwarded-For": mark, "X-Forwarded-Proto": mark, "Forwarded": "host=m4rk",
				"X-Original-URL": "/m4rk", "Accept-Language": mark,
			})
			all := got.body
			for name, values := range got.header {
				all += name + strings.Join(values, "")
			}
			if strings.Contains(strings.ToLower(all), mark) || strings.Contains(all, "SHOP") {
				t.Errorf("%s: %s", host, all)
			}
		}
	}
}

func trusting(networks ...string) func(*generator.Options) {
	return func(o *generator.Options) {
		for _, n := range networks {
			o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

func TestOnlyAProxyThatIsTrustedTellsWhoHasSignedIn(t *testing.T) {
	t.Parallel()
	secrets := []string{"alice", "Change 7", "https://github.example/pull/7", "acme/shop", "labelled"}
	tests := []struct {
		name   string
		header map[string]string
		told   bool
	}{
		{"nobody", nil, false},
		{"somebody", map[string]string{"X-Forwarded-User": "bob"}, true},
		{"as another proxy says it", map[string]string{"X-Auth-Request-User": "bob"}, true},
		{"by an address", map[string]string{"X-Forwarded-Email": "bob@example.dev"}, true},
		{"nobody, with the header", map[string]string{"X-Forwarded-User": ""}, false},
		{"blanks", map[string]string{"X-Forwarded-User": "  "}, false},
		{"a header that says nothing of that", map[string]string{"X-User": "bob", "Authorization": "Bearer " + apiToken}, false},
		{"who says so himself", map[string]string{"X-Forwarded-User": "bob", "Remote": "198.51.100.7:999"}, false},
		{"who says that a proxy says so", map[string]string{"X-Forwarded-User": "bob", "X-Forwarded-For": "10.0.0.1", "Remote": "198.51.100.7:999"}, false},
		{"without an address", map[string]string{"X-Forwarded-User": "bob", "Remote": "@"}, false},
		{"a proxy over IPv6", map[string]string{"X-Forwarded-User": "bob", "Remote": "[2001:db8::5]:999"}, true},
		{"a proxy's IPv4 address written as IPv6", map[string]string{"X-Forwarded-User": "bob", "Remote": "[::ffff:10.0.0.1]:999"}, true},
	}
	s := ready(t, newWorld(), trusting("10.0.0.0/8", "2001:db8::/64"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := personWith(map[string]string{"Remote": "10.0.0.1:4000"})
			maps.Copy(header, tt.header)
			got := s.visit(t, http.MethodGet, "/", header)
			for _, secret := range secrets {
				if strings.Contains(got.body, secret) != tt.told {
					t.Errorf("%q is told: %v", secret, !tt.told)
				}
			}
			if strings.Contains(got.body, "bob") {
				t.Error("who asks is told")
			}
		})
	}
}

func TestDetailsTellWhatIsTheMatter(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld(), trusting("10.0.0.0/8"), with(&argoStatuses{}))
	see := func(host string) string {
		return s.visit(t, http.MethodGet, "/", personWith(map[string]string{"Host": host, "X-Forwarded-User": "bob", "Remote": "10.0.0.1:4000"})).body
	}
	for host, want := range map[string][]string{
		"shop-pr-7.preview.example.dev": {`<a href="https://github.example/pull/7">acme/shop#7</a>`, "<dd>Change 7</dd>", "<dd>alice</dd>", "Argo CD hasn&#39;t made its Application yet"},
		"shop-pr-8.preview.example.dev": {"<dt>Why</dt>", "<dt>What to do</dt><dd>Label it", "<dd>carol</dd>"},
	} {
		page := see(host)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s doesn't say %s: %s", host, part, page)
			}
		}
	}
	if page := see("other.preview.example.dev"); strings.Contains(page, "<dl") {
		t.Errorf("of what there isn't, this is told: %s", page)
	}
}

func TestHowLongItTakesIsAsItTookLast(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]string{
		0: "", -time.Second: "", 41600 * time.Millisecond: "about 42 seconds, like the last time", 170 * time.Second: "about 3 minutes, like the last time",
	} {
		s := in(t, preview.Waking, trusting("192.0.2.1/32"))
		s.ServeChanged(func(snapshot *preview.Snapshot) {
			snapshot.Memory.Lives = map[string]preview.Life{"shop-pr-7": {Took: took}}
		})
		page := s.visit(t, http.MethodGet, "/", personWith(map[string]string{"X-Forwarded-User": "bob"})).body
		_, rest, _ := strings.Cut(page, "<dt>Waking takes</dt><dd>")
		got, _, _ := strings.Cut(rest, "<")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", took, diff)
		}
	}
}

func TestWhatLeftByItsLifetimeIsGone(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	s.ServeChanged(func(snapshot *preview.Snapshot) {
		snapshot.Rows = snapshot.Rows[:2]
		snapshot.Memory.Left = map[string]preview.Left{"shop-pr-7": {}}
		for i := range snapshot.Decisions {
			if d := &snapshot.Decisions[i]; d.Environment == "shop-pr-7" {
				d.Outcome = preview.Held
			}
		}
	})
	if got := s.toldAt(t, "shop-pr-7.preview.example.dev"); got != "gone shop-pr-7" {
		t.Errorf("%q", got)
	}
}
