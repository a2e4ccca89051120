package generator_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
)

func TestARotatedTokenCountsAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, argoToken)
	token, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	s := ready(t, newWorld(), func(o *generator.Options) { o.Token = token })
	ask := func(token string) int {
		return do(t, s.Handler(), http.MethodPost, execute, ordinary, map[string]string{"Authorization": "Bearer " + token}).code
	}
	if got := ask(argoToken); got != http.StatusOK {
		t.Errorf("before: %d", got)
	}
	writeFile(t, path, "the next token")
	if old, next := ask(argoToken), ask("the next token"); old != http.StatusUnauthorized || next != http.StatusOK {
		t.Errorf("rotated: the old one gets %d, the next one %d", old, next)
	}
	writeFile(t, path, "")
	if next, none := ask("the next token"), ask(""); next != http.StatusOK || none != http.StatusUnauthorized {
		t.Errorf("emptied: the last one gets %d, none %d", next, none)
	}
}

func TestTokensAreNeverLogged(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	s.ask(t, ordinary)
	do(t, s.Handler(), http.MethodPost, execute, ordinary, map[string]string{"Authorization": "Bearer almost-" + argoToken})
	if logged := s.log.String(); strings.Contains(logged, argoToken) || !strings.Contains(logged, "decision changed") {
		t.Error(logged)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
