package visit_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
)

func TestHostNamesEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, host, want string }{
		{"its host", "shop-pr-7.preview.example.dev", "starting shop-pr-7"},
		{"another public service's host", "gateway-shop-pr-7.preview.example.dev", "starting shop-pr-7"},
		{"with a port", "shop-pr-7.preview.example.dev:8443", "starting shop-pr-7"},
		{"in capitals with a final dot", "Shop-PR-7.Preview.Example.DEV.", "starting shop-pr-7"},
		{"with final dot and port", "SHOP-pr-7.preview.example.dev.:443", "starting shop-pr-7"},
		{"a held environment", "shop-pr-8.preview.example.dev", "held shop-pr-8"},
		{"a public service of a held environment", "gateway-shop-pr-8.preview.example.dev", "held shop-pr-8"},
		{"a service that isn't public", "orders-shop-pr-8.preview.example.dev", "unknown preview"},
		{"a public service of an unknown environment", "gateway-shop-pr-9.preview.example.dev", "unknown preview"},
		{"an unknown environment", "shop-pr-9.preview.example.dev", "unknown preview"},
		{"a subdomain of an environment", "x.shop-pr-7.preview.example.dev", "unknown preview"},
		{"the domain itself", "preview.example.dev", "unknown preview"},
		{"an empty name", ".preview.example.dev", "unknown preview"},
		{"markup", "<script>alert(1)</script>.preview.example.dev", "unknown preview"},
		{"two final dots", "shop-pr-7.preview.example.dev..", ""},
		{"another domain", "shop-pr-7.preview.example.com", ""},
		{"a domain with the same ending", "evilpreview.example.dev", ""},
		{"our host before another domain", "shop-pr-7.preview.example.dev.evil.example", ""},
		{"our host as a port", "evil.example:shop-pr-7.preview.example.dev", ""},
		{"two ports", "shop-pr-7.preview.example.dev:80:80", ""},
		{"an address", "127.0.0.1:4356", ""},
		{"an IPv6 address", "[::1]:4356", ""},
		{"an IPv6 address without a port", "[2001:db8::1]", ""},
		{"an unfinished address", "[", ""},
		{"no host", "", ""},
		{"a colon", ":", ""},
		{"a very long host", strings.Repeat("x.", 20_000) + "example.dev", ""},
		{"a very long host below the domain", strings.Repeat("x.", 20_000) + "preview.example.dev", "unknown preview"},
	}
	s := newSite(testworld.Ready(t, testworld.New()))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.stateAt(t, tt.host); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
