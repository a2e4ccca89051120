package gitrepo

import (
	"testing"
	"time"
)

func TestReviewURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ remote, want string }{
		{"https://github.com/acme/config.git", "https://github.com/acme/config/compare/main...previewctl/a?expand=1"},
		{"git@github.com:acme/config.git", "https://github.com/acme/config/compare/main...previewctl/a?expand=1"},
		{"ssh://git@github.example.dev:2222/acme/config", "https://github.example.dev/acme/config/compare/main...previewctl/a?expand=1"},
		{"https://gitlab.com/acme/platform/config.git", "https://gitlab.com/acme/platform/config/-/merge_requests/new?merge_request%5Bsource_branch%5D=previewctl%2Fa&merge_request%5Btarget_branch%5D=main"},
		{"http://gitea.example.dev:3000/acme/config", "http://gitea.example.dev:3000/acme/config/compare/main...previewctl/a"},
		{"https://bitbucket.org/acme/config.git", "https://bitbucket.org/acme/config/pull-requests/new?dest=main&source=previewctl%2Fa"},
		{"https://git.example.dev/acme/config", ""},
		{"https://notgithub.com/acme/config", ""},
		{"file:///srv/github/config.git", ""},
	}
	for _, tt := range tests {
		e, err := parseURL(tt.remote)
		if err != nil {
			t.Fatal(err)
		}
		if got := reviewURL(e, "main", "previewctl/a"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.remote, got, tt.want)
		}
	}
}

func TestWaitsSpreadAndAreBounded(t *testing.T) {
	t.Parallel()
	r := Retry{}.defaults()
	tests := []struct {
		name        string
		n           int
		took, bound time.Duration
	}{
		{"a quick attempt", 1, time.Millisecond, r.Min},
		{"the first lost race", 1, 50 * time.Millisecond, 100 * time.Millisecond},
		{"the third", 3, 50 * time.Millisecond, 400 * time.Millisecond},
		{"the hundredth", 100, 50 * time.Millisecond, 800 * time.Millisecond},
		{"a slow remote", 5, 30 * time.Second, r.Max},
	}
	for _, tt := range tests {
		longest, different := time.Duration(0), map[time.Duration]bool{}
		for range 300 {
			d := r.wait(tt.n, tt.took)
			longest, different[d] = max(longest, d), true
		}
		if longest > tt.bound || longest < tt.bound*9/10 || len(different) < 250 {
			t.Errorf("%s: 300 waits have %d lengths up to %s, want many up to %s", tt.name, len(different), longest, tt.bound)
		}
	}
}

func TestTroubleIsToldFromRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{
		"failed to update ref": true,
		"cannot lock ref 'refs/heads/main': is at 1 but expected 2": true,
		"Unable to create '/srv/config.git/./refs/heads/main.lock'": true,
		"fetch first":                    true,
		"non-fast-forward":               true,
		"lock error":                     true,
		"pre-receive hook declined":      false,
		"protected branch hook declined": false,
		"GitLab: You are not allowed to push code to protected branches on this project.": false,
		"permission denied": false,
	} {
		if got := isTransient(status); got != want {
			t.Errorf("%q: %v, want %v", status, got, want)
		}
	}
}
