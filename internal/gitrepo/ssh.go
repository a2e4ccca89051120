package gitrepo

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

var errNoKey = errors.New("the SSH agent has no key, and ~/.ssh none without a passphrase")

// sshAuth returns a method with the key of the options, or with the keys of the agent and of ~/.ssh.
func (c *credentials) sshAuth() (transport.AuthMethod, error) {
	auth := &sshUser{name: cmp.Or(c.endpoint.User, gitssh.DefaultUsername), timeout: c.opts.Timeout, keys: c.availableKeys}
	if c.opts.SSHKeyFile != "" {
		key, err := gitssh.NewPublicKeysFromFile(auth.name, c.opts.SSHKeyFile, "")
		if err != nil {
			return nil, fmt.Errorf("SSH key %s: %w", c.opts.SSHKeyFile, err)
		}
		auth.keys = func() ([]ssh.Signer, error) { return []ssh.Signer{key.Signer}, nil }
	}
	files := c.knownHostsFiles()
	known, err := gitssh.NewKnownHostsDb(files...)
	if err != nil {
		return nil, fmt.Errorf("known hosts %s: %w; connect once with ssh and compare the server's key",
			strings.Join(files, ", "), err)
	}
	host := net.JoinHostPort(c.endpoint.Host, strconv.Itoa(cmp.Or(c.endpoint.Port, gitssh.DefaultPort)))
	auth.checkHostKey, auth.algorithms = known.HostKeyCallback(), known.HostKeyAlgorithms(host)
	return auth, nil
}

func (c *credentials) knownHostsFiles() []string {
	if c.opts.KnownHostsFile != "" {
		return []string{c.opts.KnownHostsFile}
	}
	return []string{filepath.Join(lookupEnv(c.opts.Environ, "HOME"), ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
}

// availableKeys returns the keys of the agent and the keys of ~/.ssh that have no passphrase.
func (c *credentials) availableKeys() ([]ssh.Signer, error) {
	if c.opts.Unattended {
		return nil, errNoKey
	}
	keys, err := agentKeys(lookupEnv(c.opts.Environ, "SSH_AUTH_SOCK"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		file := filepath.Join(lookupEnv(c.opts.Environ, "HOME"), ".ssh", name)
		content, err := os.ReadFile(file) //nolint:gosec // the user's own key
		if err != nil {
			continue
		}
		if key, err := ssh.ParsePrivateKey(content); err == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

// agentKeys returns the keys of the agent; none if no agent runs. The keys use the connection to the agent, so it
// stays open.
func agentKeys(socket string) ([]ssh.Signer, error) {
	if socket == "" {
		return nil, nil
	}
	var dialer net.Dialer
	conn, err := dialer.Dial("unix", socket)
	if err != nil {
		return nil, nil //nolint:nilerr // no agent is no error: there may be key files
	}
	keys, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, fmt.Errorf("SSH agent: %w", err)
	}
	return keys, nil
}

// sshUser is go-git's AuthMethod for SSH: a user with keys, and a check of the server's key.
type sshUser struct {
	name         string
	timeout      time.Duration
	keys         func() ([]ssh.Signer, error)
	checkHostKey ssh.HostKeyCallback
	algorithms   []string
}

// Name returns go-git's name of the method.
func (u *sshUser) Name() string { return gitssh.PublicKeysCallbackName }

// String returns a text for messages.
func (u *sshUser) String() string { return "SSH user " + u.name }

// ClientConfig returns the configuration of a connection. go-git calls it for each one.
func (u *sshUser) ClientConfig() (*ssh.ClientConfig, error) {
	return &ssh.ClientConfig{
		User: u.name, Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(u.keys)},
		HostKeyCallback: u.checkHostKey, HostKeyAlgorithms: u.algorithms, Timeout: u.timeout,
	}, nil
}
