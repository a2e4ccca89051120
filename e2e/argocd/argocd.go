// Package argocd runs the controllers of an Argo CD in a cluster. The program, custom resources, roles and settings are
// Argo CD's own. Each controller acts as its own service account, so that RBAC and admission policies apply to it as
// they do in an installation.
//
// It doesn't know the Applications.
package argocd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Namespace is the namespace of Argo CD.
const Namespace = "argocd"

// ArgoCD is a running Argo CD.
type ArgoCD struct {
	// Version is the version that runs.
	Version string
	// ServerURL is the URL of the API server. It is empty without Options.Server.
	ServerURL string
	// WebhookURL and MetricsURL are the ApplicationSet controller's URLs for GitHub's webhooks and for its metrics.
	WebhookURL, MetricsURL string

	options   Options
	parts     distribution
	cluster   *cluster.Cluster
	kustomize string // path of the program
	group     *process.Group
	folder    string
	redis     *miniredis.Miniredis
	ports     ports
}

// Start installs Argo CD into the cluster and runs it. Its files are in the folder.
func Start(
	ctx context.Context, tools *toolchain.Toolbox, group *process.Group, c *cluster.Cluster, folder string, o Options,
) (*ArgoCD, error) {
	a := &ArgoCD{
		Version: o.version(), options: o, cluster: c, kustomize: tools.Path(toolchain.Kustomize), group: group,
		folder: folder,
	}
	var err error
	if a.parts, err = o.distribution(ctx, tools); err == nil {
		err = a.start(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start Argo CD %s: %w", a.Version, err)
	}
	return a, nil
}

func (a *ArgoCD) start(ctx context.Context) (err error) {
	if a.redis, err = miniredis.Run(); err != nil {
		return fmt.Errorf("start redis: %w", err)
	}
	context.AfterFunc(ctx, a.redis.Close)
	if a.ports, err = findPorts(); err != nil {
		return err
	}
	if err = a.install(ctx); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	if err = a.makeFolders(); err != nil {
		return err
	}
	a.WebhookURL, a.MetricsURL = local(a.ports.setWebhook)+"/api/webhook", local(a.ports.setMetrics)+"/metrics"
	controllers, err := a.controllers()
	if err != nil {
		return err
	}
	for _, c := range controllers {
		if err := a.run(ctx, c); err != nil {
			return err
		}
	}
	return a.waitHealthy(ctx)
}

func (a *ArgoCD) path(name string) string { return filepath.Join(a.folder, name) }

// makeFolders creates the folders that Argo CD's image has, and a PATH with kustomize, the helper that gives git its
// password, and Argo CD's scripts.
func (a *ArgoCD) makeFolders() error {
	for _, name := range []string{"tls", "ssh", "gpg", "plugins", "tmp", "bin"} {
		if err := os.MkdirAll(a.path(name), 0o700); err != nil {
			return err
		}
	}
	programs := map[string]string{"kustomize": a.kustomize, "argocd": a.parts.program}
	scripts, err := a.parts.scripts()
	if err != nil {
		return err
	}
	for _, script := range scripts {
		programs[filepath.Base(script)] = script
	}
	for name, program := range programs {
		if err := os.Symlink(program, a.path("bin/"+name)); err != nil {
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
		Name: c.name, Path: a.parts.program, Args: c.args, Dir: a.folder,
		Env: append(a.environment(), "ARGOCD_BINARY_NAME="+c.program(), "KUBECONFIG="+kubeconfig),
	})
	return err
}

// environment moves the image's fixed places into the folder. Argo CD's intervals keep their defaults, so that a change
// that arrives sooner in a story arrived for another reason.
func (a *ArgoCD) environment() []string {
	variables := []string{
		"PATH=" + a.path("bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + a.path("tmp"),
		"ARGOCD_FAKE_IN_CLUSTER=true",
		"ARGOCD_TLS_DATA_PATH=" + a.path("tls"), "ARGOCD_SSH_DATA_PATH=" + a.path("ssh"),
		"ARGOCD_PLUGINSOCKFILEPATH=" + a.path("plugins"),
		"ARGOCD_GPG_ENABLED=false", "ARGOCD_GNUPGHOME=" + a.path("gpg"), "ARGOCD_GPG_DATA_PATH=" + a.path("gpg"),
		"ARGOCD_ASK_PASS_SOCK=" + a.path("ask.sock"),
		// Argo CD compares an Application after each event of a resource. Events of a second are one comparison here.
		"ARGOCD_CLUSTER_CACHE_BATCH_EVENTS_PROCESSING=true", "ARGOCD_CLUSTER_CACHE_EVENTS_PROCESSING_INTERVAL=1s",
		process.LazyGC,
	}
	if a.options.Large {
		variables = append(variables, largeInstallation...)
	}
	return variables
}

// largeInstallation has the settings that docs/guides/operating.md recommends for hundreds of environments.
var largeInstallation = []string{
	"ARGOCD_K8S_CLIENT_QPS=500", "ARGOCD_K8S_CLIENT_BURST=1000",
	"ARGOCD_APPLICATION_CONTROLLER_STATUS_PROCESSORS=50", "ARGOCD_APPLICATION_CONTROLLER_OPERATION_PROCESSORS=25",
	"ARGOCD_APPLICATIONSET_CONTROLLER_CONCURRENT_APPLICATION_UPDATES=10",
}

func (a *ArgoCD) waitHealthy(ctx context.Context) error {
	urls := map[string]string{
		"applicationset-controller": a.MetricsURL, // its probe has no checks and answers 404
	}
	if !a.options.SetsOnly {
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
			return fmt.Errorf("wait for %s: %w", name, err)
		}
	}
	return nil
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
