package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// credentials authenticate at a remote, with the options or with Git's usual sources.
type credentials struct {
	opts       Options
	endpoint   *transport.Endpoint
	helperAuth *http.BasicAuth // answer of a credential helper
	isUnproven bool            // no request has succeeded or failed with helperAuth yet
}

// initial returns the credentials for the first request; nil means none.
func (c *credentials) initial() (transport.AuthMethod, error) {
	switch c.endpoint.Protocol {
	case "http", "https":
		return c.basicAuth()
	case "ssh":
		return c.sshAuth()
	}
	return nil, nil
}

// basicAuth sends a token in the form that GitHub, GitLab and Gitea accept.
func (c *credentials) basicAuth() (transport.AuthMethod, error) {
	if c.helperAuth != nil {
		return c.helperAuth, nil
	}
	if c.opts.Token == nil {
		return nil, nil
	}
	token, err := c.opts.Token()
	if err != nil || token == "" {
		return nil, err
	}
	return &http.BasicAuth{Username: "x-access-token", Password: token}, nil
}

// askHelper asks Git's credential helpers after the server has asked for credentials. It returns nil without an
// answer. It doesn't prompt on a terminal, because the caller may be a program.
func (c *credentials) askHelper(ctx context.Context) transport.AuthMethod {
	if c.isUnproven || c.opts.Unattended || c.hasToken() {
		return nil
	}
	answer, err := c.runHelper(ctx, "fill", nil)
	if err != nil {
		return nil // there is no git program, no helper, or no answer
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
	c.helperAuth, c.isUnproven = auth, true
	return auth
}

func (c *credentials) hasToken() bool {
	if c.opts.Token == nil {
		return false
	}
	token, err := c.opts.Token()
	return err == nil && token != ""
}

// approve reports to the helpers, once, that their answer works; reject reports that it doesn't.
func (c *credentials) approve(ctx context.Context) { c.answerHelper(ctx, "approve") }

func (c *credentials) reject(ctx context.Context) { c.answerHelper(ctx, "reject"); c.helperAuth = nil }

func (c *credentials) answerHelper(ctx context.Context, verdict string) {
	if !c.isUnproven || c.helperAuth == nil {
		return
	}
	c.isUnproven = false
	_, _ = c.runHelper(ctx, verdict, c.helperAuth) // an error changes only what the helper remembers
}

// runHelper runs git credential, which reads and prints lines of the form "key=value".
func (c *credentials) runHelper(ctx context.Context, action string, auth *http.BasicAuth) ([]byte, error) {
	var in bytes.Buffer
	host := c.endpoint.Host
	if c.endpoint.Port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(c.endpoint.Port))
	}
	path := strings.TrimPrefix(c.endpoint.Path, "/")
	fmt.Fprintf(&in, "protocol=%s\nhost=%s\npath=%s\n", c.endpoint.Protocol, host, path)
	if auth != nil {
		fmt.Fprintf(&in, "username=%s\npassword=%s\n", auth.Username, auth.Password)
	}
	environ := append(slices.Clip(c.opts.Environ), "GIT_TERMINAL_PROMPT=0")
	return runProgram(ctx, c.opts.Folder, environ, in.Bytes(), "git", "credential", action)
}

// remedies returns the remedies for refused credentials.
func (c *credentials) remedies() authRemedies {
	if c.opts.Unattended {
		const check = "check that the token or key may read the repository"
		return authRemedies{missing: check, forbidden: check, key: check}
	}
	return authRemedies{
		missing:   "give a token, or set up a Git credential helper",
		forbidden: "check that the token or account may write to the repository",
		key:       "check that the agent or ~/.ssh holds a key that the server accepts",
	}
}
