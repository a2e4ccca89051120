package gitrepo_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
)

// home makes a home folder with a Git configuration, and the environment that leads to it.
func home(tb testing.TB, config string, more ...string) (string, []string) {
	tb.Helper()
	folder := tb.TempDir()
	writeFile(tb, filepath.Join(folder, ".gitconfig"), config, 0o600)
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "GIT_CONFIG_SYSTEM=" + filepath.Join(folder, "system")}
	return folder, append(base, more...)
}

func TestAuthorIsTheOneThatGitWouldTake(t *testing.T) {
	t.Parallel()
	const global = "[user]\nname = Global\nemail = global@example.com\n[include]\npath = included\n"
	tests := []struct {
		name, config, system, local string
		environ                     []string
		given                       gitrepo.Person
		want                        string
	}{
		{name: "global configuration", config: global, want: "Global <global@example.com>|Global <global@example.com>"},
		{name: "system configuration", system: "[user]\nname = System\nemail = s@example.com\n", want: "System <s@example.com>|System <s@example.com>"},
		{
			name: "global before system", config: global, system: "[user]\nname = System\nemail = s@example.com\n",
			want: "Global <global@example.com>|Global <global@example.com>",
		},
		{name: "the folder's own before global", config: global, local: "Local", want: "Local <global@example.com>|Local <global@example.com>"},
		{
			name: "environment before configuration", config: global, environ: []string{"GIT_AUTHOR_NAME=Env", "GIT_AUTHOR_EMAIL=e@example.com"},
			want: "Env <e@example.com>|Global <global@example.com>",
		},
		{
			name: "environment alone, author also as committer", environ: []string{"GIT_AUTHOR_NAME=Env", "GIT_AUTHOR_EMAIL=e@example.com"},
			want: "Env <e@example.com>|Env <e@example.com>",
		},
		{
			name: "options before everything", config: global, environ: []string{"GIT_AUTHOR_NAME=Env"},
			given: gitrepo.Person{Name: "Given", Email: "g@example.com"}, want: "Given <g@example.com>|Global <global@example.com>",
		},
		{name: "author.name before user.name", config: global + "[author]\nname = Writer\n", want: "Writer <global@example.com>|Global <global@example.com>"},
		{name: "an included file", config: "[include]\npath = system\n", system: "[user]\nname = In\nemail = i@example.com\n", want: "In <i@example.com>|In <i@example.com>"},
		{name: "nothing"},
		{name: "a name without an address", config: "[user]\nname = Global\n"},
		{name: "a name that breaks the commit", config: global, given: gitrepo.Person{Name: "a <x@y> 1 +0000\nparent x", Email: "e"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			folder, env := home(t, tt.config, tt.environ...)
			writeFile(t, filepath.Join(folder, "system"), tt.system, 0o600)
			work := t.TempDir()
			git(t, work, "init", "--quiet")
			if tt.local != "" {
				git(t, work, "config", "user.name", tt.local)
			}
			_, err := open(t, gitrepo.Options{URL: "file://" + bare, Environ: env, Folder: work, Author: tt.given}).Update(t.Context(), writes("a", "b"))
			if tt.want == "" {
				if !errors.Is(err, gitrepo.ErrNoAuthor) {
					t.Errorf("error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := git(t, bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>", "main"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTokensAndHelpers(t *testing.T) {
	t.Parallel()
	const helper = "[credential]\nhelper = \"!f() { echo $1 >>$HOME/log; test $1 = get && echo username=me && echo password=%s; cat >>$HOME/log; }; f\"\n[user]\nname=a\nemail=b\n"
	token := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	tests := []struct {
		name, password string
		token          func() (string, error)
		want           error
		log            []string
	}{
		{name: "a token", token: token("s3cret")},
		{name: "a wrong token asks no helper", token: token("wr0ng"), password: "s3cret", want: gitrepo.ErrNoPermission},
		{name: "a helper that knows is told so", password: "s3cret", log: []string{"get", "store", "password=s3cret"}},
		{name: "a helper that is wrong is told so", password: "wr0ng", want: gitrepo.ErrNoPermission, log: []string{"get", "erase"}},
		{name: "an empty token asks the helper", token: token(""), password: "s3cret", log: []string{"get", "store"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := serveGit(t, newBare(t))
			server.password = "s3cret"
			folder, env := home(t, strings.Replace(helper, "%s", tt.password, 1))
			_, err := open(t, gitrepo.Options{URL: server.url(), Token: tt.token, Environ: env}).Update(t.Context(), writes("a", "b"))
			if !errors.Is(err, tt.want) {
				t.Errorf("error is %v, want %v", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng")) {
				t.Errorf("the error tells the secret: %v", err)
			}
			checkHelper(t, filepath.Join(folder, "log"), tt.log)
		})
	}
}

func TestNoCredentialsGoToAnotherHost(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	var seen []string
	other := serveGit(t, bare)
	other.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if _, password, ok := r.BasicAuth(); ok {
			seen = append(seen, password)
		}
		return false
	}
	server := serveGit(t, bare)
	server.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusFound)
		return true
	}
	_, err := open(t, gitrepo.Options{URL: server.url(), Token: func() (string, error) { return "s3cret", nil }}).Update(t.Context(), writes("a", "b"))
	if len(seen) > 0 {
		t.Errorf("the other host was told %q (%v)", seen, err)
	}
	if other.count("") == 0 {
		t.Error("the redirect wasn't followed")
	}
}
