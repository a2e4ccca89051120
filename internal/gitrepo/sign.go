package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Signing says whether commits are signed.
type Signing int

// Signing is as Git's commit.gpgSign says, unless somebody says otherwise.
const (
	SignAsConfigured Signing = iota
	SignAlways
	SignNever
)

// sign returns a commit's signature, or "". It runs the programs that Git runs, so that agents, passphrases, hardware
// keys and gpg.program work as people have set them up; a library would know none of them.
func (s *settings) sign(ctx context.Context, o Options, c *object.Commit) (string, error) {
	if o.Signing == SignNever || (o.Signing == SignAsConfigured && !isTrue(s.config["commit.gpgsign"])) {
		return "", nil
	}
	payload, err := payloadOf(c)
	if err != nil {
		return "", err
	}
	key := o.SigningKey
	if key == "" {
		key = s.config["user.signingkey"]
	}
	var signature []byte
	switch format := s.config["gpg.format"]; format {
	case "", "openpgp":
		signature, err = s.signPGP(ctx, o, key, c, payload)
	case "ssh":
		signature, err = s.signSSH(ctx, o, key, payload)
	default:
		err = fmt.Errorf("gpg.format is %q; openpgp and ssh can be used", format)
	}
	if err != nil {
		return "", fmt.Errorf("sign commit: %w", err)
	}
	return strings.ReplaceAll(string(signature), "\r\n", "\n"), nil
}

func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}

func payloadOf(c *object.Commit) ([]byte, error) {
	o := &plumbing.MemoryObject{}
	if err := c.EncodeWithoutSignature(o); err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	payload, err := io.ReadAll(r)
	return payload, errors.Join(err, r.Close())
}

// program is the one that the configuration names first, or the usual one.
func (s *settings) program(usual string, keys ...string) string {
	for _, key := range keys {
		if p := s.config[key]; p != "" {
			return p
		}
	}
	return usual
}

func (s *settings) signPGP(ctx context.Context, o Options, key string, c *object.Commit, payload []byte) ([]byte, error) {
	if key == "" {
		key = fmt.Sprintf("%s <%s>", c.Committer.Name, c.Committer.Email)
	}
	gpg := s.program("gpg", "gpg.openpgp.program", "gpg.program")
	return run(ctx, o, payload, gpg, "--detach-sign", "--armor", "--local-user", key)
}

// signSSH signs with a key file, or with a key of the agent where the public key itself is given.
func (s *settings) signSSH(ctx context.Context, o Options, key string, payload []byte) ([]byte, error) {
	if key == "" {
		return nil, errors.New("no SSH key is named; set user.signingKey to a key file")
	}
	folder, err := os.MkdirTemp("", "sign")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	literal, isLiteral := strings.CutPrefix(key, "key::")
	if isLiteral || strings.HasPrefix(key, "ssh-") {
		key = filepath.Join(folder, "key.pub")
		if err := os.WriteFile(key, []byte(literal+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if rest, ok := strings.CutPrefix(key, "~/"); ok {
		key = filepath.Join(s.env("HOME"), rest)
	}
	return run(ctx, o, payload, s.program("ssh-keygen", "gpg.ssh.program"), "-Y", "sign", "-n", "git", "-f", key)
}
