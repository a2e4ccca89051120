package scaffold

import (
	"testing"
)

func TestIsRepoURL(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"https://github.com/acme/previews.git":       true,
		"http://127.0.0.1:3000/previews":             true,
		"ssh://git@git.test:22/acme/previews.git":    true,
		"git@github.com:acme/previews.git":           true,
		"file:///srv/git/previews.git":               true,
		"https://token@github.com/acme/previews.git": false,
		"https://u:p@github.com/acme/previews.git":   false,
		"https://github.com/acme/previews.git?x=1":   false,
		"https://github.com/a b":                     false,
		"https://github.com/a: b":                    false,
		"ext::sh -c id":                              false,
		"--upload-pack=id":                           false,
		"/srv/previews":                              false,
		"https://github.com/a\nb":                    false,
	}
	for address, want := range tests {
		if got := isRepoURL(address); got != want {
			t.Errorf("isRepoURL(%q) = %v", address, got)
		}
	}
}

func TestScalar(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"main": "main", "release/1": "release/1", "1.10": `"1.10"`, "true": `"true"`, "null": `"null"`, "on": `"on"`,
		"2026-01-02": `"2026-01-02"`,
	} {
		if got := scalar(in); got != want {
			t.Errorf("scalar(%q) = %s, want %s", in, got, want)
		}
	}
}
