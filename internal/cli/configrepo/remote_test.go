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

func TestTokenOf(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://github.com/acme/previews.git":                        "",
		"https://me@github.com/acme/previews.git":                     "",
		"https://x-access-token:ghs_1@github.com/acme/previews":       "ghs_1",
		"https://oauth2:glpat-1@git.test/acme/previews":               "glpat-1",
		"https://ghp_1@github.com/acme/previews":                      "ghp_1",
		"https://github_pat_1:x-oauth-basic@github.com/acme/previews": "github_pat_1",
		"ssh://git:secret@github.com/acme/previews.git":               "",
		"git@github.com:acme/previews.git":                            "",
		"/srv/previews.git":                                           "",
	} {
		if got := tokenOf(address); got != want {
			t.Errorf("tokenOf(%q) = %q, want %q", address, got, want)
		}
	}
}
