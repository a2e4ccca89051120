package previewspage_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

const (
	host        = "previews.preview.example.dev"
	loginHeader = "X-Login"
	access      = `apiVersion: previewset.dev/v1alpha1
kind: Access
viewer: {groups: [everybody]}
developer: {groups: [team]}
admin: {logins: [root]}
people: {carol@example.dev: carol}
`
)

// withPages turns on the pages behind a proxy that signs people in.
func withPages(t testing.TB) func(*generator.Options) {
	t.Helper()
	return func(o *generator.Options) {
		o.Pages = &generator.Pages{URL: &url.URL{Scheme: "https", Host: host}}
		o.SignInProxy = signin.Proxy{Secret: testworld.NewSecret(t, "proxy"), LoginHeader: loginHeader}
	}
}

// newWorld is a world with an access.yaml.
func newWorld(files ...string) *testworld.World {
	w := testworld.New()
	w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	for i := 0; i+1 < len(files); i += 2 {
		w.Tree.Files[files[i]] = config.File{Content: []byte(files[i+1])}
	}
	return w
}

// site is a service with pages.
type site struct{ *testworld.Service }

func newSite(t testing.TB, w *testworld.World, change ...func(*generator.Options)) site {
	t.Helper()
	return site{testworld.Ready(t, w, append(change, withPages(t))...)}
}

// someone are the headers that the proxy adds for a person.
func someone(login string, groups ...string) map[string]string {
	return map[string]string{
		"X-Forwarded-User": login, loginHeader: login, "X-Forwarded-Groups": strings.Join(groups, ","),
		signin.ProxySecretHeader: "proxy",
	}
}

// do sends a request to the host of the pages.
func (s site) do(t testing.TB, method, path, form string, header map[string]string) testworld.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://"+host+path, strings.NewReader(form))
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://"+host)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.PublicHandler().ServeHTTP(w, r)
	return testworld.ReadResponse(t, w.Result())
}

func (s site) get(t testing.TB, path string, header map[string]string) testworld.Response {
	t.Helper()
	return s.do(t, http.MethodGet, path, "", header)
}

var tokenPattern = regexp.MustCompile(`name="token" value="([^"]+)"`)

// post sends a form as the person's own page does.
func (s site) post(t testing.TB, path, fields string, header map[string]string) testworld.Response {
	t.Helper()
	token := ""
	page := s.get(t, strings.TrimSuffix(path, path[strings.LastIndexByte(path, '/'):]), header)
	if m := tokenPattern.FindStringSubmatch(page.Body); m != nil {
		token = m[1]
	}
	return s.do(t, http.MethodPost, path, fields+"&token="+token, header)
}

// texts returns the text of all elements of a kind.
func texts(t testing.TB, page, kind string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == kind {
			found = append(found, strings.Join(strings.Fields(textOf(n)), " "))
		}
	}
	return found
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return b.String()
}

// names returns the names of the previews in a list.
func names(t testing.TB, page string) []string {
	t.Helper()
	var found []string
	for _, row := range texts(t, page, "th") {
		if name, _, _ := strings.Cut(row, " "); strings.Contains(name, "-") {
			found = append(found, name)
		}
	}
	return found
}

// getAt asks another host for its first page, as a person that may see everything.
func (s site) getAt(t testing.TB, hostName string) testworld.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+hostName+"/", http.NoBody)
	r.Header.Set("Accept", "text/html")
	for name, value := range someone("alice", "everybody") {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.PublicHandler().ServeHTTP(w, r)
	return testworld.ReadResponse(t, w.Result())
}
