package configrepo

import (
	"testing"
)

func TestAddressOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://github.com/acme/previews.git":      "https://github.com/acme/previews.git",
		"https://me:token@github.com/acme/previews": "https://github.com/acme/previews",
		"ssh://git@github.com/acme/previews.git":    "ssh://git@github.com/acme/previews.git",
		"git@github.com:acme/previews.git":          "git@github.com:acme/previews.git",
		"/srv/previews.git":                         "file:///srv/previews.git",
		"../previews.git":                           "file:///home/previews.git",
		"file:///srv/previews.git":                  "file:///srv/previews.git",
	} {
		if got := addressOf("/home/clone", address); got != want {
			t.Errorf("addressOf(%q) = %q, want %q", address, got, want)
		}
	}
}
