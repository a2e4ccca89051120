package gitrepo_test

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// refuse returns a hook that answers requests with the text in their URI.
func refuse(status int, text string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.RequestURI(), text) {
			http.Error(w, "says the server", status)
			return true
		}
		return false
	}
}

var updateErrorTests = []struct {
	name    string
	bare    func(testing.TB) string
	before  func(http.ResponseWriter, *http.Request) bool
	options func(o *gitrepo.Options)
	hook    string
	want    error
	words   []string
}{
	{
		name: "no credentials", before: refuse(401, "receive-pack"), want: gitrepo.ErrNoPermission,
		words: []string{"asks for credentials", "give a token"},
	},
	{
		name: "the token may only read", before: refuse(403, "service=git-receive-pack"), want: gitrepo.ErrNoPermission,
		words: []string{"says the server", "write"},
	},
	{
		name: "the push itself is forbidden", before: refuse(403, "config.git/git-receive-pack"), want: gitrepo.ErrNoPermission,
		words: []string{"write"},
	},
	{name: "there is no repository", before: refuse(404, "receive-pack"), want: gitrepo.ErrNotFound, words: []string{"address"}},
	{
		name: "the server is down", before: refuse(503, "receive-pack"), want: gitrepo.ErrUnreachable,
		words: []string{"HTTP 503", "says the server"},
	},
	{
		name: "no server listens", options: func(o *gitrepo.Options) { o.URL = "http://127.0.0.1:1/x.git" }, want: gitrepo.ErrUnreachable,
		words: []string{"refused", "address"},
	},
	{
		name: "there is no such branch", options: func(o *gitrepo.Options) { o.Branch = "mian" }, want: gitrepo.ErrNoBranch,
		words: []string{"mian", `there is ["main"]`},
	},
	{name: "the repository is empty", bare: gittest.NewEmpty, want: gitrepo.ErrEmpty, words: []string{"push a first commit"}},
	{
		name: "a hook declines", hook: "echo 'environments need an owner' >&2; exit 1", want: gitrepo.ErrRefused,
		words: []string{"pre-receive hook declined", "environments need an owner"},
	},
	{
		name: "no author is set", options: func(o *gitrepo.Options) { o.Environ = []string{"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"} },
		want: gitrepo.ErrNoAuthor, words: []string{"git config --global user.name"},
	},
}

func TestUpdateErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range updateErrorTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.bare == nil {
				tt.bare = newBare
			}
			bare := tt.bare(t)
			if tt.hook != "" {
				gittest.WriteFile(t, filepath.Join(bare, "hooks", "pre-receive"), "#!/bin/sh\n"+tt.hook+"\n", 0o755)
			}
			before := gittest.Git(t, bare, "for-each-ref")
			server := gittest.Serve(t, bare)
			server.Before = tt.before
			o := gitrepo.Options{URL: server.Address()}
			if tt.options != nil {
				tt.options(&o)
			}
			result, err := open(t, o).Update(t.Context(), writes("a", "b"))
			if !errors.Is(err, tt.want) {
				t.Fatalf("error is %v, want %v", err, tt.want)
			}
			for _, words := range tt.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("error %q lacks %q", err, words)
				}
			}
			if after := gittest.Git(t, bare, "for-each-ref"); after != before {
				t.Errorf("the refs became %q", after)
			}
			if result.Attempts > 1 {
				t.Errorf("%d attempts, want 1", result.Attempts)
			}
		})
	}
}
