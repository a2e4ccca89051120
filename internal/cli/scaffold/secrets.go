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

const SecretsFolder = "appsets/secrets"

// The files that make up the Secrets of appsets: those that nobody but the parts of PreviewSet needs to know, and those
// that come from GitHub.
var (
	randomSecrets = []string{"api.token", "argocd.token", "webhook.secret"}
	givenSecrets  = []string{"config.token", "github.token"}
)

// WriteSecrets makes the random tokens that aren't there and writes the given ones. It never overwrites: a running
// service and Argo CD know the old one.
func WriteSecrets(root *os.Root, given map[string]string) (made []string, err error) {
	if err := root.MkdirAll(SecretsFolder, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch isNew, err := writeSecret(root, name, given[name]); {
		case err != nil:
			return nil, err
		case isNew:
			made = append(made, name)
		case !hasSecret(root, name, given[name]):
			return nil, fmt.Errorf("%s/%s is there and holds another token\nremove it first if it should be replaced", SecretsFolder, name)
		}
	}
	for _, name := range randomSecrets {
		isNew, err := writeSecret(root, name, randomToken())
		if err != nil {
			return nil, err
		}
		if isNew {
			made = append(made, name)
		}
	}
	return made, nil
}

// writeSecret creates a file that only its owner can read. isNew is false where there is one already.
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
	there, err := root.ReadFile(SecretsFolder + "/" + name)
	return err == nil && strings.TrimSpace(string(there)) == content
}

// MissingSecrets are the files that a person has to put there.
func MissingSecrets(root *os.Root) []string {
	return slices.DeleteFunc(slices.Clone(givenSecrets), func(name string) bool {
		info, err := root.Stat(SecretsFolder + "/" + name)
		return err == nil && info.Size() > 0
	})
}

func randomToken() string {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(token)
}
