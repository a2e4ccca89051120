package gitrepo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func program(tb testing.TB, environ []string, name string, args ...string) {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), name, args...)
	cmd.Env = environ
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v: %s", name, err, out)
	}
}

// signer is a home folder with a key for SSH and one for OpenPGP.
type signer struct {
	folder  string
	environ []string
	key     string // file
	public  string // SSH public key
	agent   string // socket
}

func newSigner(t *testing.T) signer {
	t.Helper()
	config := "[user]\nname = Signer\nemail = signer@example.com\n[gpg \"ssh\"]\nallowedSignersFile = ~/allowed\n"
	folder, env := home(t, config, "GNUPGHOME="+gittest.ShortDir(t))
	key := filepath.Join(folder, "key")
	program(t, env, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	gittest.WriteFile(t, filepath.Join(folder, "allowed"), "signer@example.com "+string(public), 0o600)
	program(t, env, "gpg", "--batch", "--quiet", "--passphrase", "",
		"--quick-generate-key", "Signer <signer@example.com>", "ed25519", "sign", "never")
	t.Cleanup(func() { _ = exec.Command("gpgconf", "--homedir", valueOf(env, "GNUPGHOME"), "--kill", "all").Run() })
	agent := gittest.ServeAgent(t, gittest.ReadKey(t, key))
	return signer{folder: folder, environ: env, key: key, public: strings.TrimSpace(string(public)), agent: agent}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	tests := []struct {
		name, config string
		environ      []string
		options      gitrepo.Options
		want         string // "" means unsigned
		err          string
	}{
		{name: "no signature", config: ""},
		{name: "SSH, as configured", config: "[commit]\ngpgSign\n[gpg]\nformat = ssh\n[user]\nsigningKey = ~/key\n", want: "SSH"},
		{
			name: "SSH by option", config: "[gpg]\nformat = ssh\n[user]\nsigningKey = ~/key\n",
			options: gitrepo.Options{Signing: gitrepo.SignAlways}, want: "SSH",
		},
		{
			name: "SSH, with a key of the options", config: "[gpg]\nformat = ssh\n",
			options: gitrepo.Options{Signing: gitrepo.SignAlways, SigningKey: s.key}, want: "SSH",
		},
		{
			name:    "SSH, with a key of the agent",
			config:  "[commit]\ngpgSign = true\n[gpg]\nformat = ssh\n[user]\nsigningKey = \"key::" + s.public + "\"\n",
			environ: []string{"SSH_AUTH_SOCK=" + s.agent}, want: "SSH",
		},
		{name: "configured, but never by option", config: "[commit]\ngpgSign = true\n", options: gitrepo.Options{Signing: gitrepo.SignNever}},
		{name: "OpenPGP", config: "[commit]\ngpgSign = true\n", want: "PGP"},
		{name: "OpenPGP, a key by its address", config: "[commit]\ngpgSign = true\n[user]\nsigningKey = signer@example.com\n", want: "PGP"},
		{
			name: "OpenPGP, a missing key", config: "[commit]\ngpgSign = true\n[user]\nsigningKey = x@example.com\n",
			err: "sign commit: gpg",
		},
		{name: "SSH without a key", config: "[commit]\ngpgSign = true\n[gpg]\nformat = ssh\n", err: "user.signingKey"},
		{name: "an unknown format", config: "[commit]\ngpgSign = true\n[gpg]\nformat = x509\n", err: "gpg.format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			config := filepath.Join(t.TempDir(), "config")
			gittest.WriteFile(t, config, "[include]\npath = "+filepath.Join(s.folder, ".gitconfig")+"\n"+tt.config, 0o600)
			o := tt.options
			o.URL, o.Environ = "file://"+bare, append(append([]string{"GIT_CONFIG_GLOBAL=" + config}, s.environ...), tt.environ...)
			_, err := open(t, o).Update(t.Context(), writes("a", "b"))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error is %v, want %q in it", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkSignature(t, bare, o.Environ, tt.want)
		})
	}
}

// checkSignature checks that the commit has a valid signature of the kind; "" means none.
func checkSignature(t *testing.T, bare string, environ []string, kind string) {
	t.Helper()
	raw := gittest.Git(t, bare, "cat-file", "commit", "main")
	if strings.Contains(raw, "gpgsig") != (kind != "") || !strings.Contains(raw, kind) {
		t.Fatalf("the commit is %s", raw)
	}
	if kind != "" {
		gittest.GitWith(t, bare, environ, "", "verify-commit", "main")
	}
}

func valueOf(environ []string, name string) string {
	for _, e := range environ {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
