// Command demo shows PreviewSet in one terminal. It creates a GitOps repository with previewctl init, starts a
// simulated GitHub and the service, and prints the table of decisions after each change. There is no cluster; make
// sandbox has one.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/oidctest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	wasInterrupted := ctx.Err() != nil
	stop()
	if err != nil && !wasInterrupted {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "previewset-demo-")
	if err != nil {
		return err
	}
	defer func() {
		_ = os.RemoveAll(dir)
		fmt.Println("\nThe demo has ended. Its files are removed.")
	}()
	d := &demo{dir: dir}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"building previewctl and preview-generator", d.build},
		{"creating a GitOps repository with previewctl init", d.createRepository},
		{"starting a simulated GitHub", d.startGitHub},
		{"starting a simulated identity provider", d.startProvider},
		{"starting the service", d.startService},
		{"waiting for its first snapshot", d.waitForSnapshot},
	} {
		fmt.Printf("· %s\n", step.name)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	defer d.stopService()
	return d.watch(ctx)
}

// demo has the parts that are running.
type demo struct {
	dir             string
	github, service string // base URLs
	page            string // the address of the previews page
	provider        *oidctest.Provider
	process         *exec.Cmd
	log             bytes.Buffer
}

func (d *demo) path(elem ...string) string { return filepath.Join(append([]string{d.dir}, elem...)...) }

func (d *demo) command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // G204: our own programs, and git
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, out)
	}
	return nil
}

func (d *demo) build(ctx context.Context) error {
	folder := d.dir + string(filepath.Separator)
	return d.command(ctx, "go", "build", "-o", folder, "./cmd/previewctl", "./cmd/preview-generator")
}

// createRepository commits the files of previewctl init and pushes them to the repository that the service reads.
func (d *demo) createRepository(ctx context.Context) error {
	work, bare := d.path("work"), d.path("previews.git")
	identity := []string{"-C", work, "-c", "user.name=demo", "-c", "user.email=demo@preview.example.dev"}
	err := d.command(ctx, d.path("previewctl"), "init", work, "--repo-url", "file://"+bare,
		"--domain", "preview.example.dev", "--example", "--example-repository", "acme/shop",
		"--example-repository", "acme/gateway")
	if err == nil {
		err = os.WriteFile(filepath.Join(work, config.AccessFile), []byte(access), 0o600)
	}
	if err != nil {
		return err
	}
	for _, c := range [][]string{
		{"git", "init", "--quiet", "--bare", "-b", "main", bare},
		{"git", "init", "--quiet", "-b", "main", work},
		{"git", "-C", work, "remote", "add", "origin", "file://" + bare},
		{"git", "-C", work, "add", "."},
		append(append([]string{"git"}, identity...), "commit", "--quiet", "-m", "Begin"),
		{"git", "-C", work, "push", "--quiet", bare, "main"},
	} {
		if err := d.command(ctx, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// access lets everybody who signs in do everything.
const access = "apiVersion: " + config.APIVersion + "\nkind: Access\neveryone: admin\n"

// startProvider starts an identity provider that signs everybody in as Alice, without a question.
func (d *demo) startProvider(context.Context) (err error) {
	if d.provider, err = oidctest.Start(time.Now); err == nil {
		d.provider.Claims = map[string]any{"name": "Alice", "login": "alice"}
	}
	return err
}

func (d *demo) startGitHub(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.github = "http://" + l.Addr().String()
	s := &http.Server{Handler: githubtest.Acme(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with the demo
	return nil
}

func (d *demo) startService(ctx context.Context) error {
	private, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	public, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	d.service, d.page = "http://"+private, "http://"+public
	// The end of ctx would kill the process; stopService lets it shut down.
	//nolint:gosec // G204: our own program, just built
	d.process = exec.CommandContext(context.WithoutCancel(ctx), d.path("preview-generator"),
		"--listen", private, "--public-listen", public,
		"--token-file", d.secret("argocd.token"), "--api-token-file", d.secret("api.token"),
		"--config-repo", "file://"+d.path("previews.git"), "--github-url", d.github+"/", "--poll-interval", "2s",
		"--pages-url", d.page, "--oidc-issuer", d.provider.URL, "--oidc-client-id", oidctest.ClientID,
		"--oidc-login-claim", "login")
	d.process.Stderr = &d.log
	return d.process.Start()
}

func (d *demo) secret(name string) string { return d.path("work", "appsets", "secrets", name) }

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

func (d *demo) stopService() {
	_ = d.process.Process.Signal(syscall.SIGTERM) // an error means that it has already ended
	_ = d.process.Wait()
}

// waitForSnapshot waits until the service answers.
func (d *demo) waitForSnapshot(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) && pause(ctx, 100*time.Millisecond) {
		if _, err := d.list(ctx); err == nil {
			return nil
		}
	}
	d.stopService()
	return fmt.Errorf("no answer from the service; its log:\n%s", d.log.String())
}

// pause waits and reports whether the demo continues.
func pause(ctx context.Context, t time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(t):
		return true
	}
}

func (d *demo) previewctl(ctx context.Context, args ...string) *exec.Cmd {
	args = append(args, "--server", d.service, "--api-token-file", d.secret("api.token"))
	return exec.CommandContext(ctx, d.path("previewctl"), args...) //nolint:gosec // G204: our own program, just built
}

func (d *demo) list(ctx context.Context) ([]byte, error) {
	return d.previewctl(ctx, "list", "-o", "json", "--all").Output()
}

// watch prints the table, and prints it again after each change.
func (d *demo) watch(ctx context.Context) error {
	var last []byte
	for {
		now, err := d.list(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return errors.Join(err, errors.New(d.log.String()))
		}
		if !bytes.Equal(now, last) {
			if err := d.show(ctx, last == nil); err != nil {
				return err
			}
			last = now
		}
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

func (d *demo) show(ctx context.Context, first bool) error {
	fmt.Println()
	c := d.previewctl(ctx, "list", "-o", "table")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil || !first {
		return err
	}
	fmt.Printf(`
The previews page, where you are signed in as alice: %[7]s

Try these commands in another terminal. The table changes within two seconds:

  export PREVIEWSET_SERVER=%[3]s PREVIEWSET_API_TOKEN_FILE=%[6]s PATH=%[4]s:$PATH
  export PREVIEWSET_CONFIG_REPO=file://%[8]s

  # request a preview of the pull request "Dark mode", show it, and remove the label
  curl -X POST %[1]s/repos/acme/shop/issues/6/labels -d '{"labels":["preview"]}'
  previewctl show shop-pr-6
  curl -X DELETE %[1]s/repos/acme/shop/issues/6/labels/preview

  # create an environment by hand: a commit in the GitOps repository
  previewctl create mine --service gateway=branch:main --purpose 'try it'

  # show why a pull request has no preview, and the fix
  previewctl why 'acme/shop#2'

  # merge a pull request: its preview stays for an hour (lifetime.grace in previewset.yaml)
  curl -X PUT %[1]s/repos/acme/gateway/pulls/1/merge
  previewctl why gateway-pr-1

  # print the answer to Argo CD, and the manifests of one environment
  curl -s -X POST -H "Authorization: Bearer $(cat %[2]s)" -d '{}' %[3]s/api/v1/getparams.execute
  previewctl render shop-pr-1 --dir %[5]s

Ctrl-C ends the demo.
`, d.github, d.secret("argocd.token"), d.service, d.dir, d.path("work"), d.secret("api.token"), d.page,
		d.path("previews.git"))
	return nil
}
