// Package argocd runs the controllers of an Argo CD in a cluster, from its own binary and with the custom resources, roles and
// settings of its own install manifests. Each controller acts as its own service account, so that RBAC and admission policies
// meet them as they would in an installation.
//
// It must not know what the Applications are.
package argocd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Namespace is where Argo CD lives.
const Namespace = "argocd"

// Options of an Argo CD.
type Options struct {
	Version string // one of Versions; the first if empty
	Server  bool   // run the API server too
	// SetsOnly runs nothing but the ApplicationSet controller: Applications are made, and nobody syncs them.
	SetsOnly bool
}

// Versions returns those that can be run.
func Versions() []string { return slices.Sorted(maps.Keys(programs())) }

func programs() map[string]toolchain.Program {
	return map[string]toolchain.Program{"2.14.21": toolchain.ArgoCD2, "3.2.11": toolchain.ArgoCD3}
}

func (o Options) version() string { return cmp.Or(o.Version, Versions()[0]) }

// Programs returns what this Argo CD is made of.
func (o Options) Programs() ([]toolchain.Program, error) {
	program, ok := programs()[o.version()]
	if !ok {
		return nil, fmt.Errorf("no Argo CD %q; there are %s", o.Version, strings.Join(Versions(), ", "))
	}
	return []toolchain.Program{program, toolchain.Kustomize}, nil
}

// ArgoCD is one that runs.
type ArgoCD struct {
	// Version is of this Argo CD.
	Version string
	// ServerURL is of the API server, if it runs.
	ServerURL string
	// WebhookURL and MetricsURL are where the ApplicationSet controller takes GitHub's webhooks and shows its metrics.
	WebhookURL, MetricsURL string

	program toolchain.Program
	cluster *cluster.Cluster
	tools   *toolchain.Toolbox
	group   *process.Group
	folder  string
	redis   *miniredis.Miniredis
	ports   ports
}

// Start installs Argo CD into the cluster and runs it. Its files are in the folder.
func Start(
	ctx context.Context, tools *toolchain.Toolbox, group *process.Group, c *cluster.Cluster, folder string, o Options,
) (*ArgoCD, error) {
	programs, err := o.Programs()
	if err != nil {
		return nil, err
	}
	a := &ArgoCD{Version: o.version(), program: programs[0], cluster: c, tools: tools, group: group, folder: folder}
	if err := a.start(ctx, o); err != nil {
		return nil, fmt.Errorf("%s: %w", a.program.Name, err)
	}
	return a, nil
}

func (a *ArgoCD) start(ctx context.Context, o Options) (err error) {
	if a.redis, err = miniredis.Run(); err != nil {
		return fmt.Errorf("start redis: %w", err)
	}
	context.AfterFunc(ctx, a.redis.Close)
	if a.ports, err = findPorts(); err != nil {
		return err
	}
	if err := a.install(ctx); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	if err := a.makeFolders(); err != nil {
		return err
	}
	a.WebhookURL, a.MetricsURL = local(a.ports.setWebhook)+"/api/webhook", local(a.ports.setMetrics)+"/metrics"
	for _, c := range a.controllers(o) {
		if err := a.run(ctx, c); err != nil {
			return err
		}
	}
	return a.waitHealthy(ctx, o)
}

// ports that the controllers listen on.
type ports struct{ repo, repoMetrics, controllerMetrics, setMetrics, setProbe, setWebhook, server, serverMetrics int }

func findPorts() (p ports, err error) {
	free, err := process.FreePorts(8)
	if err != nil {
		return ports{}, err
	}
	return ports{free[0], free[1], free[2], free[3], free[4], free[5], free[6], free[7]}, nil
}

// controller is a role of the one binary.
type controller struct {
	name string // of binary and service account
	args []string
}

func (a *ArgoCD) controllers(o Options) []controller {
	repo := fmt.Sprintf("127.0.0.1:%d", a.ports.repo)
	redis := a.redis.Addr()
	sets := controller{"argocd-applicationset-controller", []string{
		"--argocd-repo-server=" + repo, "--repo-server-plaintext", fmt.Sprintf("--metrics-addr=127.0.0.1:%d", a.ports.setMetrics),
		fmt.Sprintf("--probe-addr=127.0.0.1:%d", a.ports.setProbe), fmt.Sprintf("--webhook-addr=127.0.0.1:%d", a.ports.setWebhook),
	}}
	if o.SetsOnly {
		return []controller{sets}
	}
	list := []controller{
		sets,
		{"argocd-repo-server", []string{
			"--address=127.0.0.1", fmt.Sprintf("--port=%d", a.ports.repo), "--metrics-address=127.0.0.1",
			fmt.Sprintf("--metrics-port=%d", a.ports.repoMetrics), "--redis=" + redis, "--disable-tls",
		}},
		{"argocd-application-controller", []string{
			"--redis=" + redis, "--repo-server=" + repo, "--repo-server-plaintext", fmt.Sprintf("--metrics-port=%d", a.ports.controllerMetrics),
		}},
	}
	if o.Server {
		a.ServerURL = local(a.ports.server)
		list = append(list, controller{"argocd-server", []string{
			"--address=127.0.0.1", fmt.Sprintf("--port=%d", a.ports.server), "--metrics-address=127.0.0.1",
			fmt.Sprintf("--metrics-port=%d", a.ports.serverMetrics), "--redis=" + redis, "--repo-server=" + repo,
			"--repo-server-plaintext", "--insecure", "--disable-auth",
		}})
	}
	return list
}

func (a *ArgoCD) path(name string) string { return filepath.Join(a.folder, name) }

// makeFolders makes those that Argo CD's image has, and a PATH with kustomize and the helper that gives git its password.
func (a *ArgoCD) makeFolders() error {
	for _, name := range []string{"tls", "ssh", "gpg", "plugins", "tmp", "bin"} {
		if err := os.MkdirAll(a.path(name), 0o700); err != nil {
			return err
		}
	}
	for name, program := range map[string]toolchain.Program{"kustomize": toolchain.Kustomize, "argocd": a.program} {
		if err := os.Symlink(a.tools.Path(program), a.path("bin/"+name)); err != nil {
			return err
		}
	}
	return os.WriteFile(a.path("ssh/ssh_known_hosts"), nil, 0o600)
}

func (a *ArgoCD) run(ctx context.Context, c controller) error {
	kubeconfig, err := a.cluster.ServiceAccountKubeconfig(ctx, Namespace, c.name)
	if err != nil {
		return err
	}
	_, err = a.group.Start(process.Command{
		Name: c.name, Path: a.tools.Path(a.program), Args: c.args, Dir: a.folder,
		Env: append(a.environment(), "ARGOCD_BINARY_NAME="+c.name, "KUBECONFIG="+kubeconfig),
	})
	return err
}

// environment puts all that the image has at fixed places into the folder. Intervals stay what they are by default, so that
// whatever arrives sooner in a story arrived for another reason.
func (a *ArgoCD) environment() []string {
	return []string{
		"PATH=" + a.path("bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + a.path("tmp"),
		"ARGOCD_FAKE_IN_CLUSTER=true",
		"ARGOCD_TLS_DATA_PATH=" + a.path("tls"), "ARGOCD_SSH_DATA_PATH=" + a.path("ssh"), "ARGOCD_PLUGINSOCKFILEPATH=" + a.path("plugins"),
		"ARGOCD_GPG_ENABLED=false", "ARGOCD_GNUPGHOME=" + a.path("gpg"), "ARGOCD_GPG_DATA_PATH=" + a.path("gpg"),
		"ARGOCD_ASK_PASS_SOCK=" + a.path("ask.sock"),
	}
}

func (a *ArgoCD) waitHealthy(ctx context.Context, o Options) error {
	urls := map[string]string{
		"applicationset-controller": a.MetricsURL, // its probe has no checks, so answers 404
	}
	if !o.SetsOnly {
		urls["repo-server"] = local(a.ports.repoMetrics) + "/healthz"
		urls["application-controller"] = local(a.ports.controllerMetrics) + "/healthz"
	}
	for name, url := range urls {
		err := process.Poll(ctx, time.Minute, func(ctx context.Context) error {
			if err := a.group.Ended(); err != nil {
				return process.Final(err)
			}
			return process.Get(ctx, url)
		})
		if err != nil {
			return fmt.Errorf("%s isn't healthy: %w", name, err)
		}
	}
	return nil
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
