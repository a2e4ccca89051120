package apiclient_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminaltest"
)

// clientWith returns the client of a command with these environment variables.
func clientWith(t *testing.T, environ map[string]string) (*apiclient.Client, error) {
	t.Helper()
	env, _, _ := terminaltest.New("", environ)
	var f apiclient.Flags
	cmd := &cobra.Command{Use: "list"}
	f.Add(cmd)
	cmd.SetContext(t.Context())
	return f.Client(cmd, env)
}

// In GitHub Actions the job's own token is used, for the generator's audience.
func TestTokenOfGitHubActions(t *testing.T) {
	t.Parallel()
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer job" || r.URL.Query().Get("api-version") != "2.0" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, `{"value": "token for %s"}`, r.URL.Query().Get("audience"))
	}))
	t.Cleanup(github.Close)
	sent := ""
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		_, _ = w.Write([]byte(`{"environments": []}`))
	}))
	t.Cleanup(service.Close)
	for name, tt := range map[string]struct {
		environ  map[string]string
		want     string
		hasError bool
	}{
		"the job's token": {
			map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job"}, "Bearer token for previewset", false,
		},
		"another audience": {
			map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job", "PREVIEWSET_GITHUB_ACTIONS_AUDIENCE": "acme"},
			"Bearer token for acme", false,
		},
		"without the permission": {map[string]string{}, "", false},
		"refused":                {map[string]string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "other"}, "", true},
	} {
		tt.environ["PREVIEWSET_SERVER"] = service.URL
		tt.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] = github.URL + "/token?api-version=2.0"
		sent = ""
		client, err := clientWith(t, tt.environ)
		if err == nil {
			_, err = client.Environments(t.Context())
		}
		if (err != nil) != tt.hasError || sent != tt.want {
			t.Errorf("%s: %v, sent %q", name, err, sent)
		}
		if err != nil && (strings.Contains(err.Error(), "other") || !strings.Contains(err.Error(), "--api-token-file")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
