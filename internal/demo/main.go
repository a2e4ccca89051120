// Command demo shows PreviewSet in one terminal. It creates a GitOps repository with previewctl init, starts a
// simulated GitHub, a simulated Argo CD and the generator, and prints the table of previews after each change. There is no
// cluster; make sandbox has one.
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
	"strings"
	"syscall"
	"time"

	"github.com/previewset/previewset/internal/config"
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
		{"starting a simulated Argo CD, and the generator", d.startService},
		{"waiting for its first snapshot", d.waitForSnapshot},
		{"putting " + sleeping + " to sleep", d.putToSleep},
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

// createRepository commits the files of previewctl init and pushes them to the repository that the generator reads.
func (d *demo) createRepository(ctx context.Context) error {
	work, bare := d.path("work"), d.path("previews.git")
	identity := []string{"-C", work, "-c", "user.name=demo", "-c", "user.email=demo@preview.example.dev"}
	err := d.command(ctx, d.path("previewctl"), "init", work, "--repo-url", "file://"+bare,
		"--domain", "preview.example.dev", "--example", "--example-repository", "acme/shop",
		"--example-repository", "acme/gateway")
	if err == nil {
		err = d.changeFiles(work)
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
	return d.command(ctx, d.path("previewctl"), "create", "redesign", "--config-repo", "file://"+bare, "--owner", "bob",
		"--purpose", "Checkout redesign", "--service", "gateway=branch:main", "--expires", "72h",
		"--author", "demo <demo@preview.example.dev>")
}

// changeFiles adds roles, slots and a low limit to the files of previewctl init.
func (d *demo) changeFiles(work string) error {
	policy, err := os.ReadFile(filepath.Join(work, config.PolicyFile)) //nolint:gosec // G304: the demo's own folder
	if err != nil {
		return err
	}
	changes := strings.NewReplacer("\nslots: off\n", "\nslots: on\n", "  perOwner: 20\n", "  perOwner: 2\n")
	until := time.Now().Add(20 * time.Hour).UTC().Format(time.RFC3339)
	for name, content := range map[string]string{
		config.PolicyFile: changes.Replace(string(policy)), config.AccessFile: access, config.SlotsFile: slots(until),
	} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// startProvider starts an identity provider that lets the user choose a person.
func (d *demo) startProvider(context.Context) (err error) {
	if d.provider, err = oidctest.Start(time.Now); err == nil {
		d.provider.People = people
	}
	return err
}

func (d *demo) startGitHub(ctx context.Context) (err error) {
	d.github, err = serve(ctx, newGitHub())
	return err
}

// serve serves a handler until the demo ends, and returns its address.
func serve(ctx context.Context, h http.Handler) (address string, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// startArgoCD starts the simulated Argo CD, and returns the kubeconfig with which the generator finds it.
func (d *demo) startArgoCD(ctx context.Context) (kubeconfig string, err error) {
	token, err := os.ReadFile(d.secret("argocd.token"))
	if err != nil {
		return "", err
	}
	argo := &argoCD{service: d.service, token: strings.TrimSpace(string(token)), failing: failing}
	address, err := serve(ctx, argo)
	if err != nil {
		return "", err
	}
	go argo.run(ctx)
	return d.path("kubeconfig"), writeKubeconfig(d.path("kubeconfig"), address)
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
	kubeconfig, err := d.startArgoCD(ctx)
	if err != nil {
		return err
	}
	// The end of ctx would kill the process; stopService lets it shut down.
	//nolint:gosec // G204: our own program, just built
	d.process = exec.CommandContext(context.WithoutCancel(ctx), d.path("preview-generator"),
		"--listen", private, "--public-listen", public,
		"--token-file", d.secret("argocd.token"), "--api-token-file", d.secret("api.token"),
		"--config-repo", "file://"+d.path("previews.git"), "--github-url", d.github+"/", "--poll-interval", "2s",
		"--kubeconfig", kubeconfig,
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

// waitForSnapshot waits until the generator answers.
func (d *demo) waitForSnapshot(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) && pause(ctx, 100*time.Millisecond) {
		if _, err := d.list(ctx); err == nil {
			return nil
		}
	}
	d.stopService()
	return fmt.Errorf("no answer from the generator; its log:\n%s", d.log.String())
}

// putToSleep puts an environment to sleep, so that one is asleep.
func (d *demo) putToSleep(ctx context.Context) error {
	if out, err := d.previewctl(ctx, "sleep", sleeping).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
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
The previews page, where you choose a person to sign in as: %[7]s
Alice may do everything, Bob and Carol may change their own previews, Dave and Tina may see everything.

Try these commands in another terminal. The table changes within two seconds:

  export PREVIEWSET_SERVER=%[3]s PREVIEWSET_API_TOKEN_FILE=%[6]s PATH=%[4]s:$PATH
  export PREVIEWSET_CONFIG_REPO=file://%[8]s

  # request a preview of the pull request "Dark mode", show it, and remove the label
  curl -X POST %[1]s/repos/acme/shop/issues/6/labels -d '{"labels":["preview"]}'
  previewctl show shop-pr-6
  previewctl wait shop-pr-6
  curl -X DELETE %[1]s/repos/acme/shop/issues/6/labels/preview

  # create an environment by hand: a commit in the GitOps repository
  previewctl create mine --service gateway=branch:main --purpose 'try it'

  # show why a preview fails, wake one that is asleep, and let one stay longer
  previewctl show shop-pr-3
  previewctl wake shop-pr-1
  previewctl extend redesign --for 120h

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
