package gitrepo_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// home creates a home folder with a Git configuration, and returns it with an environment that uses it.
func home(tb testing.TB, config string, more ...string) (string, []string) {
	tb.Helper()
	folder := tb.TempDir()
	gittest.WriteFile(tb, filepath.Join(folder, ".gitconfig"), config, 0o600)
	base := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "GIT_CONFIG_SYSTEM=" + filepath.Join(folder, "system")}
	return folder, append(base, more...)
}

const globalConfig = "[user]\nname = Global\nemail = global@example.com\n[include]\npath = included\n"

var authorTests = []struct {
	name, config, system, local string
	environ                     []string
	given                       gitrepo.Person
	want                        string
}{
	{name: "global configuration", config: globalConfig, want: "Global <global@example.com>|Global <global@example.com>"},
	{
		name: "system configuration", system: "[user]\nname = System\nemail = s@example.com\n",
		want: "System <s@example.com>|System <s@example.com>",
	},
	{
		name: "global before system", config: globalConfig, system: "[user]\nname = System\nemail = s@example.com\n",
		want: "Global <global@example.com>|Global <global@example.com>",
	},
	{
		name: "the folder's own before global", config: globalConfig, local: "Local",
		want: "Local <global@example.com>|Local <global@example.com>",
	},
	{
		name: "environment before configuration", config: globalConfig,
		environ: []string{"GIT_AUTHOR_NAME=Env", "GIT_AUTHOR_EMAIL=e@example.com"},
		want:    "Env <e@example.com>|Global <global@example.com>",
	},
	{
		name: "environment alone, author also as committer", environ: []string{"GIT_AUTHOR_NAME=Env", "GIT_AUTHOR_EMAIL=e@example.com"},
		want: "Env <e@example.com>|Env <e@example.com>",
	},
	{
		name: "options before everything", config: globalConfig, environ: []string{"GIT_AUTHOR_NAME=Env"},
		given: gitrepo.Person{Name: "Given", Email: "g@example.com"}, want: "Given <g@example.com>|Global <global@example.com>",
	},
	{
		name: "author.name before user.name", config: globalConfig + "[author]\nname = Writer\n",
		want: "Writer <global@example.com>|Global <global@example.com>",
	},
	{
		name: "an included file", config: "[include]\npath = system\n", system: "[user]\nname = In\nemail = i@example.com\n",
		want: "In <i@example.com>|In <i@example.com>",
	},
	{name: "nothing"},
	{name: "a name without an address", config: "[user]\nname = Global\n"},
	{name: "a name that breaks the commit", config: globalConfig, given: gitrepo.Person{Name: "a <x@y> 1 +0000\nparent x", Email: "e"}},
}

func TestAuthorEqualsGits(t *testing.T) {
	t.Parallel()
	for _, tt := range authorTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			folder, env := home(t, tt.config, tt.environ...)
			gittest.WriteFile(t, filepath.Join(folder, "system"), tt.system, 0o600)
			work := t.TempDir()
			gittest.Git(t, work, "init", "--quiet")
			if tt.local != "" {
				gittest.Git(t, work, "config", "user.name", tt.local)
			}
			repo := open(t, gitrepo.Options{URL: "file://" + bare, Environ: env, Folder: work, Author: tt.given})
			_, err := repo.Update(t.Context(), writes("a", "b"))
			if tt.want == "" {
				if !errors.Is(err, gitrepo.ErrNoAuthor) {
					t.Errorf("error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := gittest.Git(t, bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>", "main"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
