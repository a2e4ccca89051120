package scaffold

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// SecretsFolder contains the files of the installation's Secrets. Git ignores them.
const SecretsFolder = "appsets/secrets"

var (
	// randomSecrets are known only to the parts of PreviewSet.
	randomSecrets = []string{"api.token", "argocd.token", "webhook.secret"}
	// userSecrets come from GitHub.
	userSecrets = []string{"config.token", "github.token"}
)

// WriteSecrets creates the missing random secrets and writes the user's. It never overwrites a secret, because a
// running service and Argo CD know the old one.
func WriteSecrets(root *os.Root, user map[string]string) (created []string, err error) {
	if err := root.MkdirAll(SecretsFolder, 0o755); err != nil {
		return nil, fmt.Errorf("create the folder: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(user)) {
		switch isNew, err := writeSecret(root, name, user[name]); {
		case err != nil:
			return nil, err
		case isNew:
			created = append(created, name)
		case !hasSecret(root, name, user[name]):
			return nil, fmt.Errorf("write the secret: %s/%s exists with another token\nremove it first to replace it",
				SecretsFolder, name)
		}
	}
	for _, name := range randomSecrets {
		isNew, err := writeSecret(root, name, randomToken())
		if err != nil {
			return nil, err
		}
		if isNew {
			created = append(created, name)
		}
	}
	return created, nil
}

// writeSecret creates a file that only its owner can read. isNew is false if the file exists.
func writeSecret(root *os.Root, name, content string) (isNew bool, err error) {
	f, err := root.OpenFile(SecretsFolder+"/"+name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("write the secret: %w", err)
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("write the secret: %w", err)
	}
	return true, nil
}

func hasSecret(root *os.Root, name, content string) bool {
	current, err := root.ReadFile(SecretsFolder + "/" + name)
	return err == nil && strings.TrimSpace(string(current)) == content
}

// MissingSecrets returns the files that the user must still add.
func MissingSecrets(root *os.Root) []string {
	return slices.DeleteFunc(slices.Clone(userSecrets), func(name string) bool {
		info, err := root.Stat(SecretsFolder + "/" + name)
		return err == nil && info.Size() > 0
	})
}

func randomToken() string {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(token)
}
