package gitrepo_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestUpdateOverSSH(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	host, mine, foreign := gittest.NewKey(t), gittest.NewKey(t), gittest.NewKey(t)
	addr := gittest.ServeSSH(t, host, "git", mine)
	known := gittest.KnownHost(addr, host)
	impostor := gittest.KnownHost(addr, foreign)
	tests := []struct {
		name        string
		files       map[string]string // in the home folder
		agent       []gittest.Key
		key, hosts  string // named by the options
		want        error
		words       string
		wantAuthors int
	}{
		{name: "with a key of the home folder", files: map[string]string{".ssh/id_ed25519": mine.PEM(t), ".ssh/known_hosts": known}},
		{name: "with a key of the agent", files: map[string]string{".ssh/known_hosts": known}, agent: []gittest.Key{foreign, mine}},
		{name: "with the files that are named", files: map[string]string{"key": mine.PEM(t), "hosts": known}, key: "key", hosts: "hosts"},
		{
			name:  "with a key that the server doesn't know",
			files: map[string]string{".ssh/id_rsa": foreign.PEM(t), ".ssh/known_hosts": known}, want: gitrepo.ErrNoPermission, words: "~/.ssh",
		},
		{name: "without a key", files: map[string]string{".ssh/known_hosts": known}, want: gitrepo.ErrNoPermission, words: "no key"},
		{
			name: "to an impostor", files: map[string]string{".ssh/id_ed25519": mine.PEM(t), ".ssh/known_hosts": impostor},
			want: gitrepo.ErrUnreachable, words: "key mismatch",
		},
		{
			name: "to an unknown server", files: map[string]string{".ssh/id_ed25519": mine.PEM(t), ".ssh/known_hosts": "# none\n"},
			want: gitrepo.ErrUnreachable, words: "key is unknown",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder, env := home(t, "[user]\nname = a\nemail = b\n")
			for name, content := range tt.files {
				gittest.WriteFile(t, filepath.Join(folder, name), content, 0o600)
			}
			if tt.agent != nil {
				env = append(env, "SSH_AUTH_SOCK="+gittest.ServeAgent(t, tt.agent...))
			}
			o := gitrepo.Options{URL: "ssh://git@" + addr + bare, Environ: env}
			if tt.key != "" {
				o.SSHKeyFile, o.KnownHostsFile = filepath.Join(folder, tt.key), filepath.Join(folder, tt.hosts)
			}
			name := "overlays/" + strings.ReplaceAll(tt.name, " ", "-")
			_, err := open(t, o).Update(t.Context(), writes(name, "x"))
			if !errors.Is(err, tt.want) || (err != nil && !strings.Contains(err.Error(), tt.words)) {
				t.Errorf("error is %v, want %v and %q", err, tt.want, tt.words)
			}
			if _, ok := gittest.Files(t, bare)[name]; ok != (tt.want == nil) {
				t.Errorf("the file is there: %v", ok)
			}
		})
	}
}
