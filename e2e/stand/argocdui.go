package stand

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/oidctest"
)

// uiAccess gives a role to people in Argo CD's UI: bob's is lower, as he has no login.
const uiAccess = access + `people: {alice@example.dev: alice}
admin: {emails: [root@example.dev]}
tokens: {argocd-ui: {actsFor: argocd, role: developer, sha256: %s}}
`

// uiGroup is the group that the example's AppProject and argocd-ui name.
const uiGroup = "acme:developers"

// RunUI installs appsets/argocd-ui as its guide says, and runs Argo CD's API server with its web pages. It returns their
// address; ?as=<e-mail address> signs a person in. Argo CD knows people by the tokens of an identity provider.
func (s *Stand) RunUI(ctx context.Context, o argocd.Options) (address string, err error) {
	pages, err := o.WebPages(ctx, s.tools, s.progress)
	if err != nil {
		return "", err
	}
	provider, err := oidctest.Start(time.Now)
	if err != nil {
		return "", err
	}
	s.closers = append(s.closers, provider.Close)
	if err = s.ArgoCD.ApplyServer(ctx); err != nil {
		return "", err
	}
	if err = s.installUI(ctx, provider.URL); err != nil {
		return "", fmt.Errorf("install appsets/argocd-ui: %w", err)
	}
	remove, err := s.ArgoCD.RunServer(ctx, pages)
	s.closers = append(s.closers, func() { _ = remove() })
	if err != nil {
		return "", err
	}
	front, err := newEntrance(provider, pages, s.ArgoCD.ServerURL)
	if err != nil {
		return "", err
	}
	// With HTTP/2, because Argo CD's pages hold more streams open than a browser allows for HTTP/1.1. As Argo CD does, it
	// signs its certificate itself.
	server := httptest.NewUnstartedServer(front)
	server.EnableHTTP2 = true
	server.StartTLS()
	s.closers = append(s.closers, server.CloseClientConnections, server.Close)
	return server.URL, nil
}

// installUI does the steps of docs/guides/argocd-ui.md. Argo CD gets the address at which this process runs the service.
func (s *Stand) installUI(ctx context.Context, issuer string) error {
	token := rand.Text()
	sum := sha256.Sum256([]byte(token))
	secret := []string{"--namespace=" + argocd.Namespace, "secret", "previewset-argocd-ui"}
	for _, args := range [][]string{
		{"create", secret[0], "secret", "generic", secret[2], "--from-literal=authorization=Bearer " + token},
		{"label", secret[0], "secret", secret[2], "app.kubernetes.io/part-of=argocd"},
	} {
		if _, err := s.Cluster.Kubectl(ctx, nil, args...); err != nil {
			return err
		}
	}
	content := fmt.Sprintf(uiAccess, hex.EncodeToString(sum[:]))
	if _, err := s.Git.Change(ctx, "Let Argo CD ask", gitserver.Write(config.AccessFile, content)); err != nil {
		return err
	}
	folder := filepath.Join(s.Repository(), "appsets", "argocd-ui")
	settings := filepath.Join(folder, "settings.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		return err
	}
	const address = "http://preview-generator.argocd.svc.cluster.local:4355"
	if !strings.Contains(string(text), address) {
		return errors.New("settings.yaml doesn't have the address " + address)
	}
	err = os.WriteFile(settings, []byte(strings.ReplaceAll(string(text), address, s.ServiceURL)), 0o600)
	if err != nil {
		return err
	}
	if _, err = s.Cluster.Kubectl(ctx, nil, "apply", "--server-side", "--field-manager=previewset", "--kustomize", folder); err != nil {
		return err
	}
	oidc, err := json.Marshal(map[string]any{"data": map[string]string{
		"oidc.config": fmt.Sprintf("name: Test\nissuer: %s\nclientID: %s\n", issuer, oidctest.ClientID),
	}})
	if err == nil {
		_, err = s.Cluster.Kubectl(ctx, nil, "patch", secret[0], "configmap", "argocd-cm", "--type=merge", "--patch="+string(oidc))
	}
	return err
}

// entrance is Argo CD's API server with its first page, which that server takes only from its own program. ?as=<e-mail
// address> gives a browser the cookie that Argo CD gives to people who have signed in.
type entrance struct {
	provider *oidctest.Provider
	pages    string
	argo     http.Handler
}

func newEntrance(provider *oidctest.Provider, pages, argo string) (entrance, error) {
	to, err := url.Parse(argo)
	if err != nil {
		return entrance{}, err
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	return entrance{provider: provider, pages: pages, argo: proxy}, nil
}

// ServeHTTP implements http.Handler.
func (e entrance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	as := r.URL.Query().Get("as")
	switch {
	case as != "":
		token, err := e.token(as)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "argocd.token", Value: token, Path: "/", HttpOnly: true})
		http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	case strings.Contains(r.Header.Get("Accept"), "text/html"):
		page, err := os.ReadFile(filepath.Join(e.pages, "index.html")) // ServeFile would redirect it to ./
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(page)
	default:
		e.argo.ServeHTTP(w, r)
	}
}

// token is an ID token for a person.
func (e entrance) token(person string) (string, error) {
	now := time.Now()
	return e.provider.Sign(map[string]any{
		"iss": e.provider.URL, "aud": oidctest.ClientID, "sub": "id of " + person, "email": person,
		"groups": []string{uiGroup}, "iat": now.Unix(), "exp": now.Add(8 * time.Hour).Unix(),
	})
}
