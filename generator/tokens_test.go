package generator_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/generator/testworld"
)

func TestARotatedTokenCountsAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, testworld.ArgoToken)
	token, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Token = token })
	ask := func(token string) int {
		return testworld.Do(t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Authorization": "Bearer " + token}).Code
	}
	if got := ask(testworld.ArgoToken); got != http.StatusOK {
		t.Errorf("before: %d", got)
	}
	writeFile(t, path, "the next token")
	if old, next := ask(testworld.ArgoToken), ask("the next token"); old != http.StatusUnauthorized || next != http.StatusOK {
		t.Errorf("rotated: the old one gets %d, the next one %d", old, next)
	}
	writeFile(t, path, "")
	if next, none := ask("the next token"), ask(""); next != http.StatusOK || none != http.StatusUnauthorized {
		t.Errorf("emptied: the last one gets %d, none %d", next, none)
	}
}

func TestTokensAreNeverLogged(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New())
	s.GetParams(t, testworld.ParamsBody)
	testworld.Do(t, s.Handler(), http.MethodPost, testworld.ParamsPath, testworld.ParamsBody, map[string]string{"Authorization": "Bearer almost-" + testworld.ArgoToken})
	if logged := s.Log.String(); strings.Contains(logged, testworld.ArgoToken) || !strings.Contains(logged, "decision changed") {
		t.Error(logged)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
