package chartsource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"sigs.k8s.io/yaml"
)

// Login is how to log in to a registry or a repository of charts. It is sent only to the host of the chart's address,
// and is never written.
type Login struct {
	// Username and Password come before all other logins. An empty username with a password is a token.
	Username, Password string
	// HelmRepositories is the path of Helm's repositories.yaml: `helm repo add` keeps logins there.
	HelmRepositories string
}

// String hides the password.
func (l Login) String() string { return fmt.Sprintf("login of %q", l.Username) }

func (l Login) isGiven() bool { return l.Username+l.Password != "" }

// forRegistry returns the credentials for a registry: the given ones, else those of `docker login`.
func (l Login) forRegistry() auth.CredentialFunc {
	if l.isGiven() {
		return func(context.Context, string) (auth.Credential, error) { return l.credential(), nil }
	}
	if store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		return credentials.Credential(store)
	}
	return nil
}

// forRepository returns the credentials for a repository: the given ones, else those of `helm repo add`, else those of
// `docker login` for the same host. It returns empty ones where there are none.
func (l Login) forRepository(ctx context.Context, base *url.URL) (auth.Credential, error) {
	if l.isGiven() {
		return l.credential(), nil
	}
	known, err := l.ofHelm(base)
	if err != nil || known != auth.EmptyCredential {
		return known, err
	}
	store, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return auth.EmptyCredential, nil //nolint:nilerr // without Docker's configuration there are no credentials
	}
	known, err = store.Get(ctx, base.Host)
	if err != nil {
		return auth.EmptyCredential, fmt.Errorf("read the login for %s: %w", base.Host, err)
	}
	return known, nil
}

func (l Login) credential() auth.Credential {
	return auth.Credential{Username: l.Username, Password: l.Password}
}

// ofHelm returns the credentials that Helm keeps for a repository.
func (l Login) ofHelm(base *url.URL) (auth.Credential, error) {
	text, err := os.ReadFile(l.HelmRepositories)
	if errors.Is(err, os.ErrNotExist) || l.HelmRepositories == "" {
		return auth.EmptyCredential, nil
	}
	var file struct {
		Repositories []struct{ URL, Username, Password string }
	}
	if err == nil {
		err = yaml.Unmarshal(text, &file)
	}
	if err != nil {
		return auth.EmptyCredential, fmt.Errorf("read the logins of helm repo add: %w", err)
	}
	for _, r := range file.Repositories {
		if strings.TrimSuffix(r.URL, "/") == strings.TrimSuffix(base.String(), "/") {
			return auth.Credential{Username: r.Username, Password: r.Password}, nil
		}
	}
	return auth.EmptyCredential, nil
}

// repositoryClient downloads files. It logs in only at the host of the repository.
type repositoryClient struct {
	base  *url.URL
	login auth.Credential
}

func (c repositoryClient) authorize(r *http.Request) {
	if r.URL.Scheme != c.base.Scheme || r.URL.Host != c.base.Host {
		return
	}
	if c.login.Username+c.login.Password != "" {
		r.SetBasicAuth(c.login.Username, c.login.Password)
	}
}

// statusError is an answer of a repository that isn't a file.
type statusError struct {
	address, status string
	code            int
}

func (e *statusError) Error() string { return "get " + e.address + ": " + e.status }

// explainRepository adds a remedy to an error. A server may refuse the login or its absence.
func explainRepository(err error, remedy string) error {
	if e, ok := errors.AsType[*statusError](err); ok && (e.code == http.StatusUnauthorized || e.code == http.StatusForbidden) {
		remedy = "log in with --chart-username and --chart-password-file, or once with helm repo add or docker login"
	}
	return fmt.Errorf("%w\n%s", err, remedy)
}
