package chartsource

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// privateRepository serves a chart to the user me, and records the requests with a login.
func privateRepository(t *testing.T, archives string, packed []byte) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "me" || password != "secret":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/charts/index.yaml":
			_, _ = fmt.Fprintf(w, `entries: {stock: [{version: 1.4.0, urls: ["%sstock-1.4.0.tgz"]}]}`, archives)
		default:
			_, _ = w.Write(packed)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/charts"
}

func TestGetFromPrivateRepository(t *testing.T) {
	t.Parallel()
	at := privateRepository(t, "", archive(t, "1.4.0"))
	helm := filepath.Join(t.TempDir(), "repositories.yaml")
	text := "apiVersion: v1\nrepositories:\n- {name: other, url: https://charts.test, username: other, password: other}\n" +
		"- {name: acme, url: " + at + "/, username: me, password: secret}\n"
	if err := os.WriteFile(helm, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		login      Login
	}{
		{"a given login", "", Login{Username: "me", Password: "secret"}},
		{"the login of helm repo add", "", Login{HelmRepositories: helm}},
		{"a given login before that of helm", "401 Unauthorized", Login{Username: "me", Password: "wrong", HelmRepositories: helm}},
		{"no login", "--chart-username", Login{}},
		{"a file of helm that is absent", "helm repo add", Login{HelmRepositories: helm + "x"}},
		{"a file of helm that can't be read", "read the logins of helm repo add", Login{HelmRepositories: filepath.Dir(helm)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Source{Address: at + "/stock", Version: "1.4.0"}.Get(t.Context(), tt.login)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// The archives of a repository may be on another host, which must not see the login.
func TestLoginStaysAtItsHost(t *testing.T) {
	t.Parallel()
	packed := archive(t, "1.4.0")
	seen := make(chan string, 1)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		_, _ = w.Write(packed)
	}))
	t.Cleanup(other.Close)
	at := privateRepository(t, other.URL+"/", packed)
	login := Login{Username: "me", Password: "secret"}
	if _, err := (Source{Address: at + "/stock", Version: "1.4.0"}).Get(t.Context(), login); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got != "" {
		t.Errorf("another host sees the login %q", got)
	}
	if text := fmt.Sprintf("%v %s", login, login); strings.Contains(text, "secret") {
		t.Errorf("%q shows the password", text)
	}
}
