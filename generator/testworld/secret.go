package testworld

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/generator/secret"
)

// The tokens of the generator.
const (
	ArgoToken = "argo-t0ken"
	APIToken  = "api-t0ken"
)

// NewSecret returns a secret in a file.
func NewSecret(t testing.TB, value string) *secret.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
