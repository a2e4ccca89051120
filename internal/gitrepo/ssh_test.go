package gitrepo_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/previewset/previewset/internal/gitrepo"
)

type sshKey struct {
	ssh.Signer
	private ed25519.PrivateKey
}

func newKey(tb testing.TB) sshKey {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return sshKey{signer, private}
}

func (k sshKey) pem(tb testing.TB) string {
	tb.Helper()
	block, err := ssh.MarshalPrivateKey(k.private, "")
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

func TestUpdateOverSSH(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	host, mine, foreign := newKey(t), newKey(t), newKey(t)
	addr := serveSSH(t, host, mine.PublicKey())
	known := knownhosts.Line([]string{knownhosts.Normalize(addr)}, host.PublicKey()) + "\n"
	impostor := knownhosts.Line([]string{knownhosts.Normalize(addr)}, foreign.PublicKey()) + "\n"
	tests := []struct {
		name        string
		files       map[string]string // in the home folder
		agent       []sshKey
		key, hosts  string // named by the options
		want        error
		words       string
		wantAuthors int
	}{
		{name: "with a key of the home folder", files: map[string]string{".ssh/id_ed25519": mine.pem(t), ".ssh/known_hosts": known}},
		{name: "with a key of the agent", files: map[string]string{".ssh/known_hosts": known}, agent: []sshKey{foreign, mine}},
		{name: "with the files that are named", files: map[string]string{"key": mine.pem(t), "hosts": known}, key: "key", hosts: "hosts"},
		{name: "with a key that the server doesn't know", files: map[string]string{".ssh/id_rsa": foreign.pem(t), ".ssh/known_hosts": known}, want: gitrepo.ErrNoPermission, words: "~/.ssh"},
		{name: "without a key", files: map[string]string{".ssh/known_hosts": known}, want: gitrepo.ErrNoPermission, words: "no key"},
		{name: "to an impostor", files: map[string]string{".ssh/id_ed25519": mine.pem(t), ".ssh/known_hosts": impostor}, want: gitrepo.ErrUnreachable, words: "key mismatch"},
		{name: "to a server that nobody knows", files: map[string]string{".ssh/id_ed25519": mine.pem(t), ".ssh/known_hosts": "# none\n"}, want: gitrepo.ErrUnreachable, words: "key is unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder, env := home(t, "[user]\nname = a\nemail = b\n")
			for name, content := range tt.files {
				writeFile(t, filepath.Join(folder, name), content, 0o600)
			}
			if tt.agent != nil {
				env = append(env, "SSH_AUTH_SOCK="+serveAgent(t, tt.agent))
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
			if _, ok := files(t, bare)[name]; ok != (tt.want == nil) {
				t.Errorf("the file is there: %v", ok)
			}
		})
	}
}

func serveAgent(tb testing.TB, keys []sshKey) string {
	tb.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k.private}); err != nil {
			tb.Fatal(err)
		}
	}
	socket := filepath.Join(shortDir(tb), "agent")
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "unix", socket)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go accept(l, func(conn net.Conn) { _ = agent.ServeAgent(ring, conn) })
	return socket
}

// startAgent serves the key of a file.
func startAgent(tb testing.TB, file string) string {
	tb.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ssh.ParseRawPrivateKey(content)
	if err != nil {
		tb.Fatal(err)
	}
	return serveAgent(tb, []sshKey{{private: *key.(*ed25519.PrivateKey)}})
}

func accept(l net.Listener, serve func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

// serveSSH runs Git's programs for whoever has the key.
func serveSSH(tb testing.TB, host ssh.Signer, client ssh.PublicKey) (addr string) {
	tb.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), client.Marshal()) {
			return nil, errors.New("nobody knows you")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go accept(l, func(conn net.Conn) { handleSSH(conn, config) })
	return l.Addr().String()
}

func handleSSH(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go runGit(channel, requests)
	}
}

func runGit(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		name, path, _ := strings.Cut(command.Text, " ")
		cmd := exec.Command("git", strings.TrimPrefix(name, "git-"), strings.Trim(path, "'"))
		cmd.Stdout = channel
		in, err := cmd.StdinPipe()
		if err == nil {
			go func() { _, _ = io.Copy(in, channel); _ = in.Close() }()
			err = cmd.Run()
		}
		status := struct{ Code uint32 }{}
		if err != nil {
			status.Code = 1
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
		return
	}
}
