package api_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// argoAccess has the tokens "ui-secret" and "wide-secret" for Argo CD, and "viewing" for a program.
const argoAccess = `apiVersion: previewset.dev/v1alpha1
kind: Access
admin: {groups: [platform], emails: [root@example.dev]}
developer: {logins: [alice], emails: [bob@example.dev, nologin@example.dev]}
viewer: {emails: [tester@example.dev]}
people: {alice@example.dev: alice, bob@example.dev: bob}
tokens:
  argocd-ui: {actsFor: argocd, sha256: a892f8af71f9ca57ec41cf549f89ecaf7bd17bde07c2713714f2dabdbbca971e}
  wide: {actsFor: argocd, role: developer, sha256: 26b1beaadc209e32b18f067cc0440dfd2500a62e81a8efaf8ff8756d5ddeee97}
  dashboard: {role: viewer, sha256: 094cc176f5f18334d1da293fdca2569385c158fed3705d2ceb62ff822d5335bc}
`

func newWorldWithArgoCD() *testworld.World {
	w := testworld.New()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(argoAccess)}
	return w
}

// through returns a request as Argo CD's proxy extension sends it for a person.
func through(token, person, method, path string) *http.Request {
	r := httptest.NewRequest(method, path, http.NoBody)
	environment, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/v1/environments/"), "/")
	r.Header = http.Header{
		"Authorization": {"Bearer " + token}, "Argocd-Namespace": {"argocd"}, "Argocd-Project-Name": {"previews"},
		"Argocd-Application-Name": {"argocd:preview-" + environment}, "Argocd-Username": {person},
	}
	return r
}

func serve(s *testworld.Service, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

const (
	ofAlice  = "/api/v1/environments/shop-pr-7"
	ofOthers = "/api/v1/environments/gateway-pr-2"
)

// People have through Argo CD the role of their e-mail address, at least that of the token.
func TestPeopleThroughArgoCD(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token, person   string
		own, others     int    // status codes of requests to sleep
		offers, message string // offers about the own preview; message about the others'
	}{
		"a developer":                        {"ui-secret", "Alice@example.dev", 202, 403, "sleep redeploy", "only its owner"},
		"a developer without such a preview": {"ui-secret", "bob@example.dev", 403, 202, "", ""},
		"a developer without a login":        {"ui-secret", "nologin@example.dev", 403, 403, "", "doesn't know the GitHub login"},
		"an admin":                           {"ui-secret", "root@example.dev", 202, 202, "sleep redeploy", ""},
		"a viewer":                           {"ui-secret", "tester@example.dev", 403, 403, "", "needs the role developer"},
		"a stranger": {"ui-secret", "mallory@example.dev", 403, 403, "none", "access.yaml gives " +
			"mallory@example.dev no role"},
		"a login in place of an address":     {"ui-secret", "alice", 403, 403, "none", "gives alice no role"},
		"a viewer with a wider token":        {"wide-secret", "tester@example.dev", 403, 403, "", "doesn't know the GitHub login"},
		"an admin with a lower token":        {"wide-secret", "root@example.dev", 202, 202, "sleep redeploy", ""},
		"a local account with a wider token": {"wide-secret", "admin", 403, 403, "", "doesn't know the GitHub login"},
	} {
		s := testworld.Ready(t, newWorldWithArgoCD())
		if got := offered(serve(s, through(tt.token, tt.person, http.MethodGet, ofAlice))); got != tt.offers {
			t.Errorf("%s gets the offers %q, want %q", name, got, tt.offers)
		}
		if got := serve(s, through(tt.token, tt.person, http.MethodPost, ofAlice+"/sleep")); got.Code != tt.own {
			t.Errorf("%s about shop-pr-7: %d %s", name, got.Code, got.Body)
		}
		got := serve(s, through(tt.token, tt.person, http.MethodPost, ofOthers+"/sleep"))
		if got.Code != tt.others || !strings.Contains(got.Body.String(), tt.message) {
			t.Errorf("%s about gateway-pr-2: %d %s", name, got.Code, got.Body)
		}
	}
}

// offered returns the actions that an answer offers; "none" for an error.
func offered(w *httptest.ResponseRecorder) string {
	var shown api.ShownEnvironment
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &shown) != nil {
		return "none"
	}
	var names []string
	for _, o := range shown.Offers {
		names = append(names, o.Action)
	}
	return strings.Join(names, " ")
}

// The headers of Argo CD count only with its token, as a whole, and for the preview of the Application that it checked.
func TestForgedRequestsOfArgoCD(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, newWorldWithArgoCD())
	for name, tt := range map[string]struct {
		target string // default: sleep the preview
		change func(h http.Header)
		want   int
	}{
		"no token":              {change: func(h http.Header) { h.Del("Authorization") }, want: 401},
		"another token":         {change: func(h http.Header) { h.Set("Authorization", "Bearer ui-secre") }, want: 401},
		"Argo CD's other token": {change: func(h http.Header) { h.Set("Authorization", "Bearer "+testworld.ArgoToken) }, want: 401},
		"a key that Argo CD didn't find": {
			change: func(h http.Header) { h.Set("Authorization", "$previewset-argocd-ui:authorization") }, want: 401,
		},
		"a program's token":        {change: func(h http.Header) { h.Set("Authorization", "Bearer viewing") }, want: 403},
		"no person":                {change: func(h http.Header) { h.Del("Argocd-Username") }, want: 403},
		"an empty person":          {change: func(h http.Header) { h.Set("Argocd-Username", " ") }, want: 403},
		"two people":               {change: func(h http.Header) { h.Add("Argocd-Username", "root@example.dev") }, want: 403},
		"another Application":      {change: setApplication("argocd:preview-gateway-pr-2"), want: 403},
		"an Application elsewhere": {change: setApplication("team-a:preview-shop-pr-7"), want: 403},
		"a name without namespace": {change: setApplication("preview-shop-pr-7"), want: 403},
		"a namespace only":         {change: setApplication("argocd:"), want: 403},
		"no Application":           {change: func(h http.Header) { h.Del("Argocd-Application-Name") }, want: 403},
		"two Applications":         {change: func(h http.Header) { h.Add("Argocd-Application-Name", "argocd:preview-shop-pr-7") }, want: 403},
		"no namespace":             {change: func(h http.Header) { h.Del("Argocd-Namespace") }, want: 403},
		"all previews":             {target: "GET /api/v1/environments", want: 403},
		"decisions":                {target: "GET /api/v1/decisions", want: 403},
		"facts":                    {target: "GET /api/v1/facts", want: 403},
		"usage":                    {target: "GET /api/v1/usage", want: 403},
		"confirm":                  {target: "POST /api/v1/confirm", want: 403},
		"rows":                     {target: "POST " + testworld.ParamsPath, want: 401},
		"another path":             {target: "POST /api/v1/environments/shop-pr-7/../gateway-pr-2/sleep", want: 404},
		"another path, encoded":    {target: "POST /api/v1/environments/shop-pr-7%2F..%2Fgateway-pr-2/sleep", want: 404},
	} {
		method, path, _ := strings.Cut(cmp.Or(tt.target, "POST "+ofAlice+"/sleep"), " ")
		r := through("ui-secret", "root@example.dev", method, path)
		r.Header.Set("Argocd-Application-Name", "argocd:preview-shop-pr-7")
		if tt.change != nil {
			tt.change(r.Header)
		}
		if got := serve(s, r); got.Code != tt.want {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

func setApplication(name string) func(h http.Header) {
	return func(h http.Header) { h.Set("Argocd-Application-Name", name) }
}

// Argo CD passes on the groups that a browser sends for a person without groups.
func TestGroupsThroughArgoCDDoNotCount(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, newWorldWithArgoCD())
	r := through("ui-secret", "mallory@example.dev", http.MethodPost, ofAlice+"/sleep")
	r.Header.Set("Argocd-User-Groups", "platform")
	if got := serve(s, r); got.Code != http.StatusForbidden {
		t.Errorf("with a group of admins: %d %s", got.Code, got.Body)
	}
}

func TestPersonThroughArgoCDIsLogged(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, newWorldWithArgoCD())
	r := through("ui-secret", "alice@example.dev", http.MethodPost, ofAlice+"/sleep")
	r.Body = http.NoBody
	serve(s, r)
	if log := s.Log.String(); !strings.Contains(log, `"caller":"alice@example.dev"`) || strings.Contains(log, "ui-secret") {
		t.Error("the log doesn't name the person, or has the token")
	}
}

// One environment is shown with its pull requests, its commits' addresses, and what the caller may ask.
func TestShownEnvironment(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree.Files[config.PolicyFile] = config.File{
		Content: []byte(strings.Replace(testworld.Policy, "profiles:", "lifetime: {deleteAfterIdle: 168h}\nprofiles:", 1)),
	}
	s := testworld.Ready(t, w, testworld.WithClock)
	s.Request(t, "shop-pr-7", "sleep", "")
	w.AdvanceClock(time.Minute)
	s.Refresh(t.Context()) // the end of a sleeping preview is known
	var got api.ShownEnvironment
	if err := json.Unmarshal([]byte(s.Get(t, ofAlice).Body), &got); err != nil {
		t.Fatal(err)
	}
	want := api.ShownEnvironment{
		PullRequests: []answer.PullRequest{{
			Repository: "acme/shop", Number: 7, Title: got.Title, Author: "alice", URL: got.PullRequestURL,
		}},
		Offers: []actions.Offer{{Action: "wake"}, {Action: "extend", For: []string{"24h", "72h", "168h"}}},
	}
	want.CommitURLs = map[string]string{"orders": "https://github.example/acme/shop/commit/" + got.HeadSHA} // others have no commit
	want.Status = got.Status
	if diff := gocmp.Diff(want, got); diff != "" || got.PullRequestURL == "" || len(got.Services) == 0 {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}
