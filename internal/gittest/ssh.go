package gittest

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
)

// Key is a key of an SSH server or user.
type Key struct {
	ssh.Signer
	private ed25519.PrivateKey
}

// NewKey returns a new key.
func NewKey(tb testing.TB) Key {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return Key{signer, private}
}

// PEM returns the private key as a key file.
func (k Key) PEM(tb testing.TB) string {
	tb.Helper()
	block, err := ssh.MarshalPrivateKey(k.private, "")
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// KnownHost returns the line of a known_hosts file that expects the key at the address.
func KnownHost(address string, key Key) string {
	return knownhosts.Line([]string{knownhosts.Normalize(address)}, key.PublicKey()) + "\n"
}

// ServeSSH runs Git's programs for the user with the key until the test ends, and returns the server's address. The
// path of a repository in a URL is its path on disk.
func ServeSSH(tb testing.TB, host Key, user string, client Key) (address string) {
	tb.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != user || !bytes.Equal(key.Marshal(), client.PublicKey().Marshal()) {
			return nil, errors.New("unknown user or key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	l := listen(tb, "tcp", "127.0.0.1:0")
	go accept(l, func(conn net.Conn) { handle(conn, config) })
	return l.Addr().String()
}

// ServeAgent runs an SSH agent with the keys until the test ends, and returns its socket.
func ServeAgent(tb testing.TB, keys ...Key) (socket string) {
	tb.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k.private}); err != nil {
			tb.Fatal(err)
		}
	}
	socket = filepath.Join(ShortDir(tb), "agent")
	go accept(listen(tb, "unix", socket), func(conn net.Conn) { _ = agent.ServeAgent(ring, conn) })
	return socket
}

// ReadKey reads a key file without passphrase.
func ReadKey(tb testing.TB, file string) Key {
	tb.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ssh.ParseRawPrivateKey(content)
	if err != nil {
		tb.Fatal(err)
	}
	return Key{private: *key.(*ed25519.PrivateKey)}
}

// ShortDir returns a temporary folder with a path that is short enough for sockets.
func ShortDir(tb testing.TB) string {
	tb.Helper()
	folder, err := os.MkdirTemp("/tmp", "k") //nolint:usetesting // the path of tb.TempDir is too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func listen(tb testing.TB, network, address string) net.Listener {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), network, address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
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

func handle(conn net.Conn, config *ssh.ServerConfig) {
	defer func() { _ = conn.Close() }()
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
		go runCommand(channel, requests)
	}
}

// runCommand runs the command of the first exec request, such as git-upload-pack '/path'.
func runCommand(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer func() { _ = channel.Close() }()
	for r := range requests {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		name, path, _ := strings.Cut(command.Text, " ")
		subcommand := strings.TrimPrefix(name, "git-")
		cmd := exec.Command("git", subcommand, strings.Trim(path, "'")) //nolint:noctx // ends with the channel
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
