package gitrepo

import (
	"cmp"
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

// signCommit returns a commit's signature; "" if it isn't signed. It runs the same programs as git, because they have
// access to the user's agents, passphrases and hardware keys.
func (s *settings) signCommit(ctx context.Context, signing Signing, key string, c *object.Commit) (string, error) {
	if signing == SignNever || (signing == SignAsConfigured && !isTrue(s.values["commit.gpgsign"])) {
		return "", nil
	}
	payload, err := signedPayload(c)
	if err != nil {
		return "", err
	}
	key = cmp.Or(key, s.values["user.signingkey"])
	var signature []byte
	switch format := s.values["gpg.format"]; format {
	case "", "openpgp":
		signature, err = s.signPGP(ctx, key, c, payload)
	case "ssh":
		signature, err = s.signSSH(ctx, key, payload)
	default:
		err = fmt.Errorf("gpg.format %q is not supported; use openpgp or ssh", format)
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

func signedPayload(c *object.Commit) ([]byte, error) {
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

// signPGP signs with the configured key, or with the committer's key.
func (s *settings) signPGP(ctx context.Context, key string, c *object.Commit, payload []byte) ([]byte, error) {
	if key == "" {
		key = fmt.Sprintf("%s <%s>", c.Committer.Name, c.Committer.Email)
	}
	gpg := cmp.Or(s.values["gpg.openpgp.program"], s.values["gpg.program"], "gpg")
	return runProgram(ctx, s.folder, s.environ, payload, gpg, "--detach-sign", "--armor", "--local-user", key)
}

// signSSH signs with a key file, or with a key of the agent if the key is given as a public key.
func (s *settings) signSSH(ctx context.Context, key string, payload []byte) ([]byte, error) {
	if key == "" {
		return nil, errors.New("no SSH key is configured; set user.signingKey to a key file")
	}
	folder, err := os.MkdirTemp("", "sign")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	// user.signingKey is a file, or a public key: "key::<type> <key>", or the older form "ssh-<type> <key>".
	literal, isLiteral := strings.CutPrefix(key, "key::")
	if isLiteral || strings.HasPrefix(key, "ssh-") {
		key = filepath.Join(folder, "key.pub")
		if err := os.WriteFile(key, []byte(literal+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	if rest, ok := strings.CutPrefix(key, "~/"); ok {
		key = filepath.Join(lookupEnv(s.environ, "HOME"), rest)
	}
	keygen := cmp.Or(s.values["gpg.ssh.program"], "ssh-keygen")
	return runProgram(ctx, s.folder, s.environ, payload, keygen, "-Y", "sign", "-n", "git", "-f", key)
}
