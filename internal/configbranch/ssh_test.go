package configbranch_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
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
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/previewset/previewset/internal/configbranch"
)

func TestReadOverSSH(t *testing.T) {
	t.Parallel()
	remote := newRemote(t)
	commit := remote.push(t, example())
	host, mine, foreign := newKey(t), newKey(t), newKey(t)
	addr := serveSSH(t, host, mine.PublicKey(), "deployer")
	folder := t.TempDir()
	keyFile, foreignFile := filepath.Join(folder, "key"), filepath.Join(folder, "foreign")
	mine.write(t, keyFile)
	foreign.write(t, foreignFile)
	known, impostor := filepath.Join(folder, "known"), filepath.Join(folder, "impostor")
	knownHost(t, known, addr, host)
	knownHost(t, impostor, addr, foreign)
	tests := []struct{ name, user, key, hosts, want string }{
		{"with the key and the user that the address names", "deployer", keyFile, known, ""},
		{"as a user that the server doesn't know", "git", keyFile, known, "unable to authenticate"},
		{"with a key that the server doesn't know", "deployer", foreignFile, known, "unable to authenticate"},
		{"from a server that isn't the one that is known", "deployer", keyFile, impostor, "key mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t, configbranch.Options{
				URL: "ssh://" + tt.user + "@" + addr + remote.bare, SSHKeyFile: tt.key, KnownHostsFile: tt.hosts,
			})
			tree, err := r.Read(t.Context())
			switch {
			case tt.want == "" && (err != nil || tree.Commit != commit):
				t.Errorf("read %q: %v", tree.Commit, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestSSHFilesThatAreNoneAreErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	key, garbage, hosts := filepath.Join(folder, "key"), filepath.Join(folder, "garbage"), filepath.Join(folder, "hosts")
	newKey(t).write(t, key)
	for _, f := range []string{garbage, hosts} {
		if err := os.WriteFile(f, []byte("# nothing\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, key, hosts, want string }{
		{"a missing key", key + "x", hosts, "SSH key " + key + "x: "},
		{"a key that is none", garbage, hosts, "SSH key " + garbage + ": "},
		{"missing known hosts", key, hosts + "x", "known hosts " + hosts + "x: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newReader(t, configbranch.Options{URL: "ssh://git@127.0.0.1:1/a/b", SSHKeyFile: tt.key, KnownHostsFile: tt.hosts}).Read(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

type sshKey struct {
	ssh.Signer
	private ed25519.PrivateKey
}

func newKey(t *testing.T) sshKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return sshKey{signer, private}
}

func (k sshKey) write(t *testing.T, path string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func knownHost(t *testing.T, path, addr string, key sshKey) {
	t.Helper()
	line := knownhosts.Line([]string{knownhosts.Normalize(addr)}, key.PublicKey())
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serveSSH runs git-upload-pack for whoever has the key and the name.
func serveSSH(t *testing.T, host ssh.Signer, client ssh.PublicKey, user string) (addr string) {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != user || !bytes.Equal(key.Marshal(), client.Marshal()) {
			return nil, errors.New("nobody knows you")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handleSSH(conn, config)
		}
	}()
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
		go uploadPack(channel, requests)
	}
}

// uploadPack runs the one command that a reader needs.
func uploadPack(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for r := range requests {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		path := strings.Trim(strings.TrimPrefix(command.Text, "git-upload-pack "), "'")
		cmd := exec.Command("git", "upload-pack", path)
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
