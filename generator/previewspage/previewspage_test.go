package previewspage_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	for query, want := range map[string][]string{
		"":                             {"gateway-pr-1", "gateway-pr-2", "shop-pr-7"},
		"?mine=1":                      {"gateway-pr-1", "shop-pr-7"},
		"?q=CHANGE+7":                  {"shop-pr-7"},
		"?q=acme/gateway%232":          {"gateway-pr-2"},
		"?repository=ACME/gateway":     {"gateway-pr-1", "gateway-pr-2"},
		"?owner=bob":                   {"gateway-pr-2"},
		"?state=ready":                 nil,
		"?state=deploying&owner=alice": {"gateway-pr-1", "shop-pr-7"},
		"?q=%3Cscript%3E":              nil,
		"?q=%00&unknown=1":             {"gateway-pr-1", "gateway-pr-2", "shop-pr-7"},
	} {
		got := s.get(t, "/"+query, someone("alice", "everybody"))
		found := names(t, got.Body)
		slices.Sort(found)
		if diff := cmp.Diff(want, found); got.Code != http.StatusOK || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", query, got.Code, diff)
		}
	}
}

// The list shows pull requests without a preview if they ask for one, with the reason.
func TestListShowsHeldPullRequests(t *testing.T) {
	t.Parallel()
	policy := strings.Replace(testworld.Policy, "profiles:", "limits: {perOwner: 1}\nprofiles:", 1)
	s := newSite(t, newWorld("previewset.yaml", policy))
	got := s.get(t, "/?state=queued", someone("alice", "everybody"))
	rows := texts(t, got.Body, "tr")
	if len(rows) != 2 || !strings.Contains(rows[1], "limits.perOwner") || !strings.Contains(rows[1], "Queued") {
		t.Errorf("rows: %q", rows)
	}
	for _, unlabelled := range []string{"shop-pr-8", "acme/shop#8"} {
		if strings.Contains(s.get(t, "/", someone("alice", "everybody")).Body, unlabelled) {
			t.Errorf("%s asks for no preview", unlabelled)
		}
	}
}

func TestListShowsSlots(t *testing.T) {
	t.Parallel()
	slots := "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots:\n  red: {holders: [alice, bob], purpose: the launch}\n" +
		"  blue: {}\n"
	policy := strings.Replace(testworld.Policy, "profiles:", "slots: on\nprofiles:", 1)
	s := newSite(t, newWorld("slots.yaml", slots, "previewset.yaml", policy))
	page := s.get(t, "/", someone("carol", "everybody")).Body
	items := texts(t, page, "li")
	want := []string{"blue free", "red alice, bob: the launch"}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
}

func TestDetail(t *testing.T) {
	t.Parallel()
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := newSite(t, newWorld(), testworld.WithApplications(argo), func(o *generator.Options) {
		o.Workloads = testworld.Workloads{"preview-shop-pr-7": {
			{Kind: "Deployment", Name: "orders", Replicas: 2, Ready: 1, CPU: 100, Memory: 64 << 20},
		}}
	})
	row := s.Environment(t, "shop-pr-7").Row
	status := testworld.Synced(row)
	status.Health = "Degraded"
	status.Unhealthy = &preview.UnhealthyResource{Kind: "Pod", Name: "orders-1", Health: "Degraded", Message: "exit code 1"}
	argo.Statuses["preview-shop-pr-7"] = status
	s.AdvanceClock(2e9)
	s.Request(t, "shop-pr-7", "sleep", `{"caller": "alice"}`)
	got := s.get(t, "/previews/shop-pr-7", someone("alice", "everybody"))
	text := strings.Join(texts(t, got.Body, "main"), "")
	for _, want := range []string{
		"Degraded", "exit code 1", "acme/shop#7", "Change 7", "orders", "1 of 2", "200 m CPU, 128 MiB", row.HeadSHA[:8],
		"alice asked to sleep (API)", "Profile changed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in: %s", want, text)
		}
	}
	if !strings.Contains(got.Body, `href="https://github.example/acme/shop/commit/`+row.HeadSHA+`"`) {
		t.Error("the commit isn't linked")
	}
}

// A person's role and the preview's owner decide which actions are allowed.
func TestRoles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		person  map[string]string
		see     int
		buttons map[string][]string // by environment
	}{
		"no role":         {someone("alice"), http.StatusForbidden, nil},
		"another group":   {someone("alice", "others", "Team"), http.StatusForbidden, nil},
		"viewer":          {someone("alice", "everybody"), http.StatusOK, nil},
		"developer":       {someone("alice", "team"), http.StatusOK, map[string][]string{"shop-pr-7": {"redeploy", "sleep"}}},
		"other developer": {someone("dave", "team"), http.StatusOK, nil},
		"unknown login":   {map[string]string{"X-Forwarded-Email": "x@example.dev", "X-Forwarded-Groups": "team"}, http.StatusOK, nil},
		"admin": {
			someone("ROOT"), http.StatusOK, map[string][]string{
				"shop-pr-7": {"redeploy", "sleep"}, "gateway-pr-2": {"redeploy", "sleep"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, newWorld())
			tt.person[signin.ProxySecretHeader] = "proxy"
			for _, environment := range []string{"shop-pr-7", "gateway-pr-2"} {
				page := s.get(t, "/previews/"+environment, tt.person)
				for _, action := range []string{"redeploy", "sleep", "confirm", "delete"} {
					isShown := strings.Contains(page.Body, `action="/previews/`+environment+`/`+action+`"`)
					isAllowed := slices.Contains(tt.buttons[environment], action)
					answer := s.post(t, "/previews/"+environment+"/"+action, "", tt.person)
					isDone := answer.Code == http.StatusSeeOther
					if page.Code != tt.see || isShown != isAllowed || isDone != isAllowed {
						t.Errorf("%s of %s: page %d, shown %v, answer %d", action, environment, page.Code, isShown, answer.Code)
					}
				}
				s.Refresh(t.Context())
				isAsleep := s.States(t)[environment] == preview.Asleep
				if isAsleep != slices.Contains(tt.buttons[environment], "sleep") {
					t.Errorf("%s is asleep: %v", environment, isAsleep)
				}
			}
		})
	}
}

// access.yaml maps an e-mail address to a login: the person has that login's previews.
func TestPeople(t *testing.T) {
	t.Parallel()
	w := newWorld()
	pr := w.Repositories["acme/shop"].PullRequests
	pr[1] = testworld.WithPaths(testworld.PullRequest(8, "Carol", "preview"), "orders/main.go")
	s := newSite(t, w)
	carol := map[string]string{
		"X-Forwarded-Email": "CAROL@example.dev", "X-Forwarded-Groups": "team", signin.ProxySecretHeader: "proxy",
	}
	if got := names(t, s.get(t, "/?mine=1", carol).Body); !slices.Equal(got, []string{"shop-pr-8"}) {
		t.Errorf("carol's previews: %v", got)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := newSite(t, w)
	w.Change(func() {
		w.Tree = testworld.Tree(2, testworld.DeployPolicy)
		w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	})
	s.Refresh(t.Context())
	if got := s.post(t, "/previews/shop-pr-7/confirm", "", someone("alice", "team")); got.Code != http.StatusForbidden {
		t.Errorf("a developer's confirmation is answered %d", got.Code)
	}
	if got := s.get(t, "/?confirm=1", someone("root")); !slices.Contains(names(t, got.Body), "shop-pr-7") {
		t.Errorf("previews that wait for confirmation: %v", names(t, got.Body))
	}
	s.Refresh(t.Context())
	if got := s.post(t, "/previews/shop-pr-7/confirm", "", someone("root")); got.Code != http.StatusOK {
		t.Errorf("the question is answered %d", got.Code)
	}
	s.Refresh(t.Context())
	if _, live := s.States(t)["shop-pr-7"]; !live {
		t.Error("the first click removes it")
	}
	if got := s.post(t, "/previews/shop-pr-7/confirm", "sure=1", someone("root")); got.Code != http.StatusOK {
		t.Errorf("an admin's confirmation is answered %d", got.Code)
	}
	s.Refresh(t.Context())
	if got := s.get(t, "/previews/shop-pr-7", someone("root")); got.Code != http.StatusNotFound ||
		!strings.Contains(got.Body, "isn&#39;t live") || !strings.Contains(got.Body, "no label") {
		t.Errorf("the page of a removed preview: %d %s", got.Code, got.Body)
	}
	left := s.States(t)
	if _, live := left["shop-pr-7"]; live || len(left) != 2 {
		t.Errorf("live after the confirmation: %v", left)
	}
	if !strings.Contains(s.Log.String(), `"caller":"root"`) {
		t.Error("the log doesn't say who confirmed")
	}
}

// Without the proxy's secret no person sees anything, and every form needs its token and its origin.
func TestRequestsOfStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	without := someone("root")
	delete(without, signin.ProxySecretHeader)
	wrong := someone("root")
	wrong[signin.ProxySecretHeader] = "Proxy"
	for _, header := range []map[string]string{nil, without, wrong, {"Authorization": "Bearer " + testworld.APIToken}} {
		for _, path := range []string{"/", "/previews/shop-pr-7", "/changes", "/events", "/nothing", "/signin", "/signin/callback?code=1"} {
			got := s.get(t, path, header)
			if got.Code != http.StatusUnauthorized || strings.Contains(got.Body, "acme") {
				t.Errorf("%s with %v: %d %s", path, header, got.Code, got.Body)
			}
		}
	}
	for name, header := range map[string]map[string]string{
		"another origin": {"Origin": "https://shop-pr-7.preview.example.dev"}, "no origin": {"Origin": ""},
		"another site": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
	} {
		h := someone("root")
		maps.Copy(h, header)
		if got := s.post(t, "/previews/shop-pr-7/sleep", "", h); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if got := s.do(t, http.MethodPost, "/previews/shop-pr-7/sleep", "", someone("root")); got.Code != http.StatusForbidden {
		t.Errorf("a form without token: %d", got.Code)
	}
	if got := s.get(t, "/previews/shop-pr-7/sleep", someone("root")); got.Code != http.StatusNotFound {
		t.Errorf("an action by GET: %d", got.Code)
	}
	s.Refresh(t.Context())
	if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
		t.Errorf("shop-pr-7 is %s", got)
	}
}

// Other hosts don't get the pages, and the pages' host gets no wake page.
func TestHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	for name, want := range map[string]bool{
		host: true, "PREVIEWS.preview.example.dev": true, "previews.preview.example.dev.evil.example": false,
		"shop-pr-7.preview.example.dev": false, "generator": false,
	} {
		r := s.getAt(t, name)
		if isPage := strings.Contains(r.Body, "<title>Previews</title>"); isPage != want {
			t.Errorf("%s gets the page: %v", name, isPage)
		}
	}
}

// A preview must not be able to get the pages' host.
func TestHostOfAPreview(t *testing.T) {
	t.Parallel()
	for name, isRefused := range map[string]bool{
		host: false, "dash.preview.example.dev": true, "a.b.preview.example.dev": true, "preview.example.dev": false,
		"dash.example.dev": false,
	} {
		s := site{testworld.Ready(t, newWorld(), withPages(t), func(o *generator.Options) { o.Pages.URL.Host = name })}
		got := s.getAt(t, name)
		if want := map[bool]int{true: http.StatusServiceUnavailable, false: http.StatusOK}[isRefused]; got.Code != want {
			t.Errorf("%s: %d, want %d", name, got.Code, want)
		}
	}
}

func TestBeforeTheFirstSnapshot(t *testing.T) {
	t.Parallel()
	s := site{testworld.NewService(t, newWorld(), withPages(t))}
	if got := s.get(t, "/", someone("alice", "everybody")); got.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", got.Code)
	}
}

// Texts of users stay texts, and each page forbids foreign content.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const attack = `</td></table><script>alert(1)</script><img src=x onerror=alert(1)>"'{{.Name}}`
	w := newWorld()
	prs := w.Repositories["acme/shop"].PullRequests
	prs[0].Title, prs[0].URL, prs[0].Author = attack, "javascript:alert(1)", attack
	s := newSite(t, w)
	s.Request(t, "shop-pr-7", "sleep", fmt.Sprintf(`{"caller": %q}`, attack))
	person := someone("root")
	person["X-Forwarded-User"], person[loginHeader] = attack, "root"
	for _, path := range []string{"/", "/previews/shop-pr-7", "/?q=" + strings.ReplaceAll(attack, " ", "+"), "/" + attack[:9]} {
		got := s.get(t, strings.NewReplacer("<", "%3C", ">", "%3E", `"`, "%22", "{", "%7B", "}", "%7D").Replace(path), person)
		if n := len(texts(t, got.Body, "script")); n > 1 {
			t.Errorf("%s has %d scripts", path, n)
		}
		if n := len(texts(t, got.Body, "img")); n > 0 || strings.Contains(got.Body, `href="javascript`) {
			t.Errorf("%s has foreign elements", path)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
			got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", path, got.Header)
		}
	}
}

// The list of 1,000 previews is small enough for a slow connection.
func TestSizeOfTheList(t *testing.T) {
	t.Parallel()
	w := testworld.NewLarge(1000, 1000)
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	s := newSite(t, w)
	person := someone("alice", "everybody")
	person["Accept-Encoding"] = "gzip"
	got := s.do(t, http.MethodGet, "/", "", person)
	if n := len(names(t, got.Body)); n < 1000 {
		t.Fatalf("%d previews", n)
	}
	if size := got.Size; !got.Compressed || size > 200<<10 {
		t.Errorf("the page has %d bytes", size)
	}
}
