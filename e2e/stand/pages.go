package stand

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/internal/config"
)

// pagesHost is the host of the previews page.
const pagesHost = "previews." + Domain

// access lets each signed-in person see all previews.
const access = "apiVersion: " + config.APIVersion + "\nkind: Access\neveryone: viewer\n"

// addPages lets the generator show the previews page to people who come through a proxy.
func (i *Installation) addPages() error {
	i.proxySecret = rand.Text()
	if err := os.WriteFile(i.path("proxy.secret"), []byte(i.proxySecret), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(i.Repository(), config.AccessFile), []byte(access), 0o600)
}

func (i *Installation) pagesFlags() []string {
	return []string{"--pages-url=https://" + pagesHost, "--sign-in-secret-file=" + i.path("proxy.secret")}
}

// Page returns one page of the generator's previews pages. The request comes through the proxy, as a viewer's does.
func (i *Installation) Page(ctx context.Context, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, i.PublicURL+path, http.NoBody)
	if err != nil {
		return "", err
	}
	r.Host = pagesHost
	r.Header.Set("X-Forwarded-User", "viewer")
	r.Header.Set(signin.ProxySecretHeader, i.proxySecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", path, answer.Status)
	}
	return string(body), err
}
