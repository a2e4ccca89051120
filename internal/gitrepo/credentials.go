package gitrepo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

var errNoKey = errors.New("the SSH agent has no key, and ~/.ssh none without a passphrase")

// credentials find out who we are for a remote, the way that Git users expect.
type credentials struct {
	opts     Options
	endpoint *transport.Endpoint
	auth     *http.BasicAuth // what is used over HTTP
	asked    bool            // auth is Git's credential helper's, who wants to hear whether it worked
}

func newCredentials(o Options, e *transport.Endpoint) *credentials {
	return &credentials{opts: o, endpoint: e}
}

// known is what to begin with.
func (c *credentials) known() (transport.AuthMethod, error) {
	switch c.endpoint.Protocol {
	case "http", "https":
		return c.basic()
	case "ssh":
		return c.ssh()
	}
	return nil, nil
}

// basic sends a token the way that GitHub, GitLab and Gitea take it.
func (c *credentials) basic() (transport.AuthMethod, error) {
	if c.auth == nil && c.opts.Token != nil {
		token, err := c.opts.Token()
		if err != nil {
			return nil, err
		}
		if token != "" {
			return &http.BasicAuth{Username: "x-access-token", Password: token}, nil
		}
	}
	if c.auth == nil {
		return nil, nil
	}
	return c.auth, nil
}

// ask asks Git's credential helpers, once the server wants to know. Nil is nobody knows: no terminal is asked, because
// whoever waits for us may not be a person.
func (c *credentials) ask(ctx context.Context) transport.AuthMethod {
	if c.asked || c.isTokenGiven() {
		return nil
	}
	answer, err := c.helper(ctx, "fill", nil)
	if err != nil {
		return nil // no git program, no helper, or one that doesn't know: as if it weren't there
	}
	auth := &http.BasicAuth{}
	for line := range strings.Lines(string(answer)) {
		switch key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "="); key {
		case "username":
			auth.Username = value
		case "password":
			auth.Password = value
		}
	}
	if auth.Password == "" {
		return nil
	}
	c.auth, c.asked = auth, true
	return auth
}

func (c *credentials) isTokenGiven() bool {
	if c.opts.Token == nil {
		return false
	}
	token, err := c.opts.Token()
	return err == nil && token != ""
}

// approve tells the helpers that what they said is right, once; reject that it is wrong.
func (c *credentials) approve(ctx context.Context) { c.tell(ctx, "approve") }
func (c *credentials) reject(ctx context.Context)  { c.tell(ctx, "reject"); c.auth = nil }

func (c *credentials) tell(ctx context.Context, what string) {
	if !c.asked || c.auth == nil {
		return
	}
	c.asked = false
	// What a helper remembers is its own business; nothing here depends on it.
	_, _ = c.helper(ctx, what, c.auth)
}

// helper runs git credential, which takes and gives lines "key=value".
func (c *credentials) helper(ctx context.Context, what string, auth *http.BasicAuth) ([]byte, error) {
	var in bytes.Buffer
	host := c.endpoint.Host
	if c.endpoint.Port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(c.endpoint.Port))
	}
	fmt.Fprintf(&in, "protocol=%s\nhost=%s\npath=%s\n", c.endpoint.Protocol, host, strings.TrimPrefix(c.endpoint.Path, "/"))
	if auth != nil {
		fmt.Fprintf(&in, "username=%s\npassword=%s\n", auth.Username, auth.Password)
	}
	o := c.opts
	o.Environ = append(slices.Clip(o.Environ), "GIT_TERMINAL_PROMPT=0")
	return run(ctx, o, in.Bytes(), "git", "credential", what)
}

// ssh takes the key that is given, else those of the agent and of ~/.ssh.
func (c *credentials) ssh() (transport.AuthMethod, error) {
	auth := &sshAuth{user: cmp.Or(c.endpoint.User, gitssh.DefaultUsername), timeout: c.opts.Timeout, signers: c.signers}
	if c.opts.SSHKeyFile != "" {
		key, err := gitssh.NewPublicKeysFromFile(auth.user, c.opts.SSHKeyFile, "")
		if err != nil {
			return nil, fmt.Errorf("SSH key %s: %w", c.opts.SSHKeyFile, err)
		}
		auth.signers = func() ([]ssh.Signer, error) { return []ssh.Signer{key.Signer}, nil }
	}
	known, err := gitssh.NewKnownHostsDb(c.knownHosts()...)
	if err != nil {
		return nil, fmt.Errorf("known hosts: %w; connect once with ssh, and compare the server's key", err)
	}
	host := net.JoinHostPort(c.endpoint.Host, strconv.Itoa(cmp.Or(c.endpoint.Port, gitssh.DefaultPort)))
	auth.hostKey, auth.algorithms = known.HostKeyCallback(), known.HostKeyAlgorithms(host)
	return auth, nil
}

func (c *credentials) knownHosts() []string {
	if c.opts.KnownHostsFile != "" {
		return []string{c.opts.KnownHostsFile}
	}
	return []string{filepath.Join(lookup(c.opts.Environ, "HOME"), ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"}
}

// signers are all keys that can be used without asking anybody.
func (c *credentials) signers() ([]ssh.Signer, error) {
	var all []ssh.Signer
	if socket := lookup(c.opts.Environ, "SSH_AUTH_SOCK"); socket != "" {
		var dialer net.Dialer
		if conn, err := dialer.Dial("unix", socket); err == nil {
			// The connection lives as long as the signers, that is as long as the program.
			signers, err := agent.NewClient(conn).Signers()
			if err != nil {
				return nil, fmt.Errorf("SSH agent: %w", err)
			}
			all = signers
		}
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		content, err := os.ReadFile(filepath.Join(lookup(c.opts.Environ, "HOME"), ".ssh", name)) //nolint:gosec // the user's own key
		if err != nil {
			continue
		}
		if key, err := ssh.ParsePrivateKey(content); err == nil {
			all = append(all, key)
		}
	}
	if len(all) == 0 {
		return nil, errNoKey
	}
	return all, nil
}

// sshAuth is one user with keys, and what is known of the server.
type sshAuth struct {
	user       string
	timeout    time.Duration
	signers    func() ([]ssh.Signer, error)
	hostKey    ssh.HostKeyCallback
	algorithms []string
}

// Name is go-git's name of the method.
func (a *sshAuth) Name() string { return gitssh.PublicKeysCallbackName }

// String tells who.
func (a *sshAuth) String() string { return "SSH user " + a.user }

// ClientConfig is what a connection is made with.
func (a *sshAuth) ClientConfig() (*ssh.ClientConfig, error) {
	return &ssh.ClientConfig{
		User: a.user, Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(a.signers)},
		HostKeyCallback: a.hostKey, HostKeyAlgorithms: a.algorithms, Timeout: a.timeout,
	}, nil
}
