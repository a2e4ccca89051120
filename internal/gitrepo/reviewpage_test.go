package gitrepo

import (
	"testing"
)

func TestReviewPage(t *testing.T) {
	t.Parallel()
	tests := []struct{ remote, want string }{
		{"https://github.com/acme/config.git", "https://github.com/acme/config/compare/main...previewctl/a?expand=1"},
		{"git@github.com:acme/config.git", "https://github.com/acme/config/compare/main...previewctl/a?expand=1"},
		{"ssh://git@github.example.dev:2222/acme/config", "https://github.example.dev/acme/config/compare/main...previewctl/a?expand=1"},
		{
			"https://gitlab.com/acme/platform/config.git",
			"https://gitlab.com/acme/platform/config/-/merge_requests/new" +
				"?merge_request%5Bsource_branch%5D=previewctl%2Fa&merge_request%5Btarget_branch%5D=main",
		},
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
		if got := reviewPage(e, "main", "previewctl/a"); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.remote, got, tt.want)
		}
	}
}
