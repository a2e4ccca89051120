package envfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("a", 40)
	for text, want := range map[string]any{
		"branch:main":    map[string]string{"branch": "main"},
		"tag:v1.2":       map[string]string{"tag": "v1.2"},
		"sha:" + sha:     map[string]string{"sha": sha},
		"pr:12":          map[string]int{"pullRequest": 12},
		"pr:acme/shop#7": map[string]int{"pullRequest": 7},
		"default":        nil,
	} {
		got := valueOf(t, text, parseRef)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", "main", "branch:", "branch:a b", "tag:-x", "sha:abc", "pr:x", "env:alice"} {
		if _, err := parseRef("products", text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestParseLink(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"env:alice":      map[string]string{"environment": "alice"},
		"pr:acme/shop#7": map[string]string{"pullRequest": "acme/shop#7"},
		"default":        nil,
		"baseline":       nil,
	} {
		if diff := cmp.Diff(want, valueOf(t, text, parseLink)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"", "alice", "env:../x", "pr:7", "branch:main"} {
		if _, err := parseLink("products", text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// valueOf parses a ref of service products, which comes from acme/shop.
func valueOf(t *testing.T, text string, parse func(service, text string) (refValue, error)) any {
	t.Helper()
	value, err := parse("products", text)
	if err != nil {
		t.Fatal(err)
	}
	if value == nil {
		return nil
	}
	got, err := value(&config.Policy{Services: config.Services{{Name: "products", Repository: "acme/shop"}}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestParseRefRefusesAnotherRepository(t *testing.T) {
	t.Parallel()
	value, err := parseRef("products", "pr:acme/gateway#1")
	if err != nil {
		t.Fatal(err)
	}
	policy := &config.Policy{Services: config.Services{{Name: "products", Repository: "acme/shop"}}}
	if got, err := value(policy); err == nil {
		t.Errorf("the value is %v, want an error", got)
	}
}
