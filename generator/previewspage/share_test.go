package previewspage_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

var (
	linkPattern = regexp.MustCompile(`https://` + regexp.QuoteMeta(host) + `(/share/[A-Z0-9]+)`)
	idPattern   = regexp.MustCompile(`name="id" value="([0-9a-f]{64})"`)
)

// newLink makes a link for guests of shop-pr-7 as alice, and returns its path.
func (s site) newLink(t *testing.T) string {
	t.Helper()
	page := s.post(t, "/previews/shop-pr-7/share", "for=24h", someone("alice", "team"))
	m := linkPattern.FindStringSubmatch(page.Body)
	if page.Code != http.StatusOK || m == nil {
		t.Fatalf("no link: %d %s", page.Code, page.Body)
	}
	return m[1]
}

// A guest sees and wakes exactly one preview, without signing in.
func TestGuest(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	link := s.newLink(t)
	page := s.get(t, link, nil)
	text := strings.Join(texts(t, page.Body, "main"), "")
	if page.Code != http.StatusOK || !strings.Contains(text, "shop-pr-7") || !strings.Contains(text, "in 23 hours") &&
		!strings.Contains(text, "in 1 day") && !strings.Contains(text, "in 24 hours") {
		t.Errorf("%d %s", page.Code, text)
	}
	for _, secret := range []string{"Change 7", "acme/shop", "alice", "gateway-pr-1", "labelled"} {
		if strings.Contains(page.Body, secret) {
			t.Errorf("a guest sees %q", secret)
		}
	}
	if title := strings.Join(texts(t, page.Body, "title"), ""); title != "Deploying – preview shop-pr-7" ||
		!strings.Contains(page.Body, `data-poll="3"`) || !strings.Contains(page.Body, `http-equiv="refresh" content="3"`) {
		t.Errorf("a page that waits: %s", page.Body)
	}
	s.Request(t, "shop-pr-7", "sleep", "")
	s.Refresh(t.Context())
	if page := s.get(t, link, nil); !strings.Contains(page.Body, link+"/wake") {
		t.Errorf("no button to wake: %s", page.Body)
	}
	foreign := map[string]string{"Origin": "https://evil.example"}
	if got := s.do(t, http.MethodPost, link+"/wake", "", foreign); got.Code != http.StatusNotFound {
		t.Errorf("a form of another site: %d", got.Code)
	}
	if got := s.do(t, http.MethodPost, link+"/wake", "", nil); got.Code != http.StatusSeeOther || got.Header.Get("Location") != link {
		t.Errorf("waking: %d %v", got.Code, got.Header)
	}
	s.AdvanceClock(60e9)
	s.Refresh(t.Context())
	if state := s.States(t)["shop-pr-7"]; state == preview.Asleep {
		t.Errorf("shop-pr-7 is %s", state)
	}
	for _, action := range []string{"/sleep", "/extend", "/confirm", "/share", "/revoke"} {
		if got := s.do(t, http.MethodPost, link+action, "", nil); got.Code != http.StatusNotFound {
			t.Errorf("%s: %d", action, got.Code)
		}
	}
}

func TestLinkIsRevoked(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	link := s.newLink(t)
	id := idPattern.FindStringSubmatch(s.get(t, "/previews/shop-pr-7", someone("alice", "team")).Body)[1]
	if page := s.get(t, "/previews/shop-pr-7", someone("dave", "team")); strings.Contains(page.Body, id) {
		t.Error("a person who may not change the preview sees its links")
	}
	if got := s.post(t, "/previews/shop-pr-7/revoke", "id="+id, someone("dave", "team")); got.Code != http.StatusForbidden {
		t.Errorf("another person revokes it: %d", got.Code)
	}
	if got := s.post(t, "/previews/shop-pr-7/revoke", "id="+id, someone("alice", "team")); got.Code != http.StatusSeeOther {
		t.Errorf("revoking: %d", got.Code)
	}
	for _, path := range []string{link, "/share/", "/share/" + id, link + "x"} {
		if got := s.get(t, path, nil); got.Code != http.StatusNotFound || strings.Contains(got.Body, "shop-pr-7") {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	link := s.newLink(t)
	s.AdvanceClock(24 * 3600e9)
	if got := s.get(t, link, nil); got.Code != http.StatusNotFound {
		t.Errorf("after its end: %d", got.Code)
	}
	if got := s.post(t, "/previews/shop-pr-7/share", "for=9000h", someone("alice", "team")); got.Code != http.StatusBadRequest {
		t.Errorf("a link without end: %d", got.Code)
	}
}

// A link outlives a restart, and the log never has its secret.
func TestLinkIsSaved(t *testing.T) {
	t.Parallel()
	_, withStore := testworld.NewStore(t)
	w := newWorld()
	s := newSite(t, w, withStore)
	link := s.newLink(t)
	s.Refresh(t.Context())
	restarted := newSite(t, w, withStore, func(o *generator.Options) { o.Registry = nil })
	if got := restarted.get(t, link, nil); got.Code != http.StatusOK {
		t.Errorf("after a restart: %d", got.Code)
	}
	if strings.Contains(s.Log.String(), strings.TrimPrefix(link, "/share/")) || !strings.Contains(s.Log.String(), "link for guests") {
		t.Error("the log has the secret, or doesn't say who made the link")
	}
}
