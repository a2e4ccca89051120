package visit_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// signedIn returns the headers that a proxy with the secret adds.
func signedIn(changes map[string]string) map[string]string {
	h := person(map[string]string{"X-Forwarded-User": "bob", signin.ProxySecretHeader: testworld.ArgoToken})
	maps.Copy(h, changes)
	return h
}

func TestDetailsNeedSecretOfProxy(t *testing.T) {
	t.Parallel()
	secrets := []string{"alice", "Change 7", "https://github.example/pull/7", "acme/shop", "labelled"}
	tests := []struct {
		name   string
		header map[string]string
		shown  bool
	}{
		{"a user", nil, true},
		{"no user", map[string]string{"X-Forwarded-User": ""}, false},
		{"a user in another proxy's header", map[string]string{"X-Forwarded-User": "", "X-Auth-Request-User": "bob"}, true},
		{"a user's e-mail address", map[string]string{"X-Forwarded-User": "", "X-Forwarded-Email": "bob@example.dev"}, true},
		{"a trusted proxy without the secret", map[string]string{signin.ProxySecretHeader: ""}, false},
		{"a trusted proxy with a wrong secret", map[string]string{signin.ProxySecretHeader: testworld.ArgoToken + "x"}, false},
		{"the secret from any address", map[string]string{"Remote": "198.51.100.7:999"}, true},
		{"blanks", map[string]string{"X-Forwarded-User": "  "}, false},
		{"an unrelated header", map[string]string{"X-Forwarded-User": "", "X-User": "bob"}, false},
		{
			"another token of the generator",
			map[string]string{signin.ProxySecretHeader: "", "Authorization": "Bearer " + testworld.ArgoToken},
			false,
		},
	}
	s := newSite(testworld.Ready(t, testworld.New()), "10.0.0.0/8", "2001:db8::/64")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := signedIn(map[string]string{"Remote": "10.0.0.1:4000"})
			maps.Copy(header, tt.header)
			got := s.visit(t, http.MethodGet, "/", header)
			for _, secret := range secrets {
				if strings.Contains(got.Body, secret) != tt.shown {
					t.Errorf("%q is shown: %v", secret, !tt.shown)
				}
			}
			if strings.Contains(got.Body, "bob") {
				t.Error("the user's name is shown")
			}
		})
	}
}

func TestWithoutSecretNoUserIsSignedIn(t *testing.T) {
	t.Parallel()
	service := testworld.Ready(t, testworld.New())
	service.Token = nil
	s := newSite(service, "10.0.0.0/8")
	if got := s.visit(t, http.MethodGet, "/", signedIn(map[string]string{"Remote": "10.0.0.1:4000"})); strings.Contains(got.Body, "alice") {
		t.Error("details are shown")
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	s := newSite(testworld.Ready(t, testworld.New()), "10.0.0.0/8")
	pageOf := func(host string) string {
		return s.visit(t, http.MethodGet, "/", signedIn(map[string]string{"Host": host})).Body
	}
	for host, want := range map[string][]string{
		"shop-pr-7.preview.example.dev": {
			`<a href="https://github.example/pull/7">acme/shop#7</a>`, "<dd>Change 7</dd>", "<dd>alice</dd>",
			"Argo CD hasn&#39;t made its Application yet",
		},
		"shop-pr-8.preview.example.dev": {"<dt>Why</dt>", "<dt>What to do</dt><dd>Label it", "<dd>carol</dd>"},
	} {
		page := pageOf(host)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %s: %s", host, part, page)
			}
		}
	}
	if page := pageOf("other.preview.example.dev"); strings.Contains(page, "<dl") {
		t.Errorf("an unknown environment has details: %s", page)
	}
}

func TestDetailsShowLastWakeDuration(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]string{
		0: "", -time.Second: "", 41600 * time.Millisecond: "about 42 seconds, like the last time",
		170 * time.Second: "about 3 minutes, like the last time",
	} {
		s := newSiteIn(t, preview.Waking, "192.0.2.1/32")
		s.changeSnapshot(func(snapshot *preview.Snapshot) {
			snapshot.Memory.Lives = map[string]preview.Life{"shop-pr-7": {Took: took}}
		})
		page := s.visit(t, http.MethodGet, "/", signedIn(nil)).Body
		_, rest, _ := strings.Cut(page, "<dt>Waking takes</dt><dd>")
		got, _, _ := strings.Cut(rest, "<")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: %s", took, diff)
		}
	}
}
