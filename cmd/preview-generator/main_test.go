package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/githubtest"
)

// TestMain hides a cluster, so that the tests also pass in a Pod.
func TestMain(m *testing.M) {
	_ = os.Unsetenv("KUBERNETES_SERVICE_HOST")
	os.Exit(m.Run())
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sound are valid arguments. Nothing listens at their addresses.
func sound(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{
		"--listen=127.0.0.1:0", "--public-listen=127.0.0.1:0", "--token-file=" + file(t, "argo-t0ken"),
		"--config-repo=http://127.0.0.1:1/config.git", "--github-url=http://127.0.0.1:1", "--log-level=error",
	}, more...)
}

func TestMissingOrEmptySecretFilesAreRefused(t *testing.T) {
	t.Parallel()
	app := []string{"--github-app-id=1", "--github-app-installation-id=2"}
	tests := []struct {
		flag string
		more []string
	}{
		{"--token-file", nil},
		{"--api-token-file", nil},
		{"--config-token-file", nil},
		{"--config-ssh-key-file", nil},
		{"--config-known-hosts-file", nil},
		{"--github-token-file", nil},
		{"--github-app-key-file", app},
		{"--webhook-secret-file", nil},
	}
	for _, tt := range tests {
		t.Run(tt.flag, func(t *testing.T) {
			t.Parallel()
			for path, why := range map[string]string{
				filepath.Join(t.TempDir(), "missing"): " is missing; create it, or remove its flag",
				file(t, ""):                           " is empty; write the secret into it",
				file(t, " \n"):                        " is empty; write the secret into it",
			} {
				err := run(t.Context(), sound(t, append(tt.more, tt.flag+"="+path)...), none)
				if want := tt.flag + ": secret file " + path + why; err == nil || err.Error() != want {
					t.Errorf("error %v, want %q", err, want)
				}
			}
		})
	}
}

func TestAllInvalidFilesAreReported(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), sound(t, "--token-file=/missing/a", "--github-token-file=/missing/b", "--webhook-secret-file=/missing/c"), none)
	for _, want := range []string{"--token-file: ", "--github-token-file: ", "--webhook-secret-file: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}

func TestInvalidPartsAreRefused(t *testing.T) {
	t.Parallel()
	taken := listening(t)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{
			"a password in the config repository's address",
			[]string{"--config-repo=https://me:hunter2@git.example/x"},
			"--config-repo: the repository's address contains a user or password; remove it and set a token",
		},
		{"a config path out of the repository", []string{"--config-path=../x"}, `config path "../x" is outside of the repository`},
		{
			"SSH without its files",
			[]string{"--config-repo=git@git.example:x"},
			"--config-repo: SSH needs --config-ssh-key-file, and --config-known-hosts-file",
		},
		{"a GitHub address without a host", []string{"--github-url=github.example"}, "GitHub: "},
		{"a kubeconfig that isn't there", []string{"--kubeconfig=/missing/kubeconfig"}, "--kubeconfig: "},
		{"an address that is taken", []string{"--listen=" + taken}, "--listen: listen tcp " + taken},
		{"a public address that is taken", []string{"--public-listen=" + taken}, "--public-listen: listen tcp " + taken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), sound(t, tt.args...), none)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v lacks %q", err, tt.want)
			}
		})
	}
}

func listening(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan struct{}, 10)
	git := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		http.Error(w, "not today", http.StatusInternalServerError)
	}))
	defer git.Close()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, sound(t, "--config-repo="+git.URL+"/config.git"), none) }()
	<-asked
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestServiceFromFlagsToAnswer runs the generator with real Git and the simulated GitHub.
func TestServiceFromFlagsToAnswer(t *testing.T) {
	t.Parallel()
	hub := githubtest.New()
	hub.AllowToken("hub-t0ken")
	gateway, shop := hub.AddRepository("acme/gateway"), hub.AddRepository("acme/shop")
	gateway.SetPrivate(true)
	shop.SetPrivate(true)
	shop.Open(githubtest.PullRequest{Title: "No label", Author: "bob"})
	number := gateway.Open(githubtest.PullRequest{Title: "Ours", Author: "alice", Labels: []string{"preview"}})
	api := httptest.NewServer(hub)
	defer api.Close()

	s, err := parse(sound(t,
		"--config-repo="+exampleRepository(t), "--config-path=deploy", "--github-url="+api.URL, "--github-token-file="+file(t, "hub-t0ken\n"),
		"--api-token-file="+file(t, "api-t0ken\n"), "--repositories=acme/*",
	), none)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.options(slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	g := generator.New(o)
	g.Refresh(t.Context())
	name := fmt.Sprintf("gateway-pr-%d", number)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/getparams.execute", strings.NewReader(`{"input":{}}`))
	if code, body := ask(t, g.Handler(), r, "argo-t0ken"); code != http.StatusOK || strings.Count(body, `"head_sha"`) != 1 ||
		!strings.Contains(body, `{"name":"`+name+`","namespace":"preview-`+name+`","path":"deploy/overlays/preview"`) {
		t.Errorf("%d %s", code, body)
	}
	r = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/environments/"+name, http.NoBody)
	if code, body := ask(t, g.Handler(), r, "api-t0ken"); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	r = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	_, metrics := ask(t, g.Handler(), r, "")
	for _, want := range []string{
		`previewset_github_requests_total{kind="pulls",outcome="charged"} 2`, "previewset_github_rate_limit 5000",
		"previewset_github_rate_remaining 49", "previewset_github_rate_reset_timestamp_seconds ", "previewset_clock_skew_seconds 0",
		"previewset_github_request_duration_seconds_count ",
	} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("%s isn't in %s", want, metrics)
		}
	}
}

func ask(t *testing.T, h http.Handler, r *http.Request, token string) (int, string) {
	t.Helper()
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

// exampleRepository commits the example GitOps repository to a folder of a Git repository, and returns its URL.
func exampleRepository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "deploy"), previewset.Example); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"}, {"add", "--all"}, {"commit", "--quiet", "--message", "example"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	return "file://" + folder
}
