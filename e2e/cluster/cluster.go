// Package cluster runs a Kubernetes control plane on loopback: etcd, API server, controller-manager, scheduler, and
// kwok instead of kubelets, so that Pods become ready without containers. Stand-ins provide volumes and load balancer
// addresses, which a cloud would provide. RBAC, admission, garbage collection and namespace deletion are real.
//
// It doesn't know the objects in the cluster.
package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Programs returns the programs that a cluster needs.
func Programs() []toolchain.Program {
	return []toolchain.Program{
		toolchain.Etcd, toolchain.APIServer, toolchain.ControllerManager, toolchain.Scheduler, toolchain.Kwok,
		toolchain.Kubectl,
	}
}

// APIPrograms returns the programs that StartAPI needs.
func APIPrograms() []toolchain.Program {
	return []toolchain.Program{toolchain.Etcd, toolchain.APIServer}
}

// Cluster is a running control plane.
type Cluster struct {
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	// Config, Client and Dynamic act as the administrator.
	Config  *rest.Config
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	folder string
	server string
	tokens map[string]string // by user
	tools  *toolchain.Toolbox
	group  *process.Group
}

// Start runs a cluster. Its files are in the folder, its processes belong to the group, and its stand-ins end with ctx.
func Start(ctx context.Context, tools *toolchain.Toolbox, group *process.Group, folder string) (*Cluster, error) {
	c, err := StartAPI(ctx, tools, group, folder)
	if err != nil {
		return nil, err
	}
	return c, runSteps(ctx, []step{
		{"start controllers", c.startControllers},
		{"install the Gateway API", c.addGatewayAPI},
		{"start stand-ins", c.startStandIns},
	})
}

// StartAPI runs only etcd and the API server. No controller acts on the objects.
func StartAPI(ctx context.Context, tools *toolchain.Toolbox, group *process.Group, folder string) (*Cluster, error) {
	c := &Cluster{folder: folder, tools: tools, group: group}
	return c, runSteps(ctx, []step{
		{"write keys and tokens", c.writeCredentials},
		{"start etcd and the API server", c.startAPI},
		{"connect", c.connect},
	})
}

type step struct {
	what string
	do   func(context.Context) error
}

func runSteps(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("start cluster: %s: %w", step.what, err)
		}
	}
	return nil
}

func (c *Cluster) path(name string) string { return filepath.Join(c.folder, name) }

func (c *Cluster) startAPI(ctx context.Context) error {
	ports, err := process.FreePorts(3)
	if err != nil {
		return err
	}
	client, peer := local(ports[0]), local(ports[1])
	c.server = fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	etcd := []string{
		"--data-dir=" + c.path("etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
	}
	if err := c.run(toolchain.Etcd, etcd...); err != nil {
		return err
	}
	if err := c.run(toolchain.APIServer, c.apiServerFlags(client, ports[2])...); err != nil {
		return err
	}
	return c.waitReady(ctx)
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

func (c *Cluster) apiServerFlags(etcd string, port int) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port),
		"--endpoint-reconciler-type=none", // because the Service kubernetes can't have a loopback address
		"--cert-dir=" + c.path("certificates"),
		"--service-account-key-file=" + c.path(keyFile), "--service-account-signing-key-file=" + c.path(keyFile),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--token-auth-file=" + c.path(tokenFile), "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--allow-privileged", // as in most clusters; without it the API server refuses what admission should refuse
	}
}

// waitReady waits until the API server has finished its start.
func (c *Cluster) waitReady(ctx context.Context) error {
	config, err := c.restConfig(admin)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return process.Poll(ctx, 4*time.Minute, func(ctx context.Context) error {
		if err := c.group.Ended(); err != nil {
			return process.Final(err)
		}
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

func (c *Cluster) connect(context.Context) (err error) {
	if c.Kubeconfig, err = c.writeKubeconfig(admin, c.tokens[admin], "default"); err != nil {
		return err
	}
	if c.Config, err = c.restConfig(admin); err != nil {
		return err
	}
	if c.Client, err = kubernetes.NewForConfig(c.Config); err != nil {
		return err
	}
	c.Dynamic, err = dynamic.NewForConfig(c.Config)
	return err
}

// restConfig has a higher rate limit than client-go's default, because tests poll often.
func (c *Cluster) restConfig(user string) (*rest.Config, error) {
	path, err := c.writeKubeconfig(user, c.tokens[user], "default")
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	return config, nil
}

func (c *Cluster) startControllers(ctx context.Context) error {
	if err := c.startControllerManager(); err != nil {
		return err
	}
	if err := c.startScheduler(); err != nil {
		return err
	}
	if err := c.addNode(ctx); err != nil {
		return err
	}
	return c.startKwok(ctx)
}

func (c *Cluster) startControllerManager() error {
	kubeconfig, err := c.writeKubeconfig(controllerManager, c.tokens[controllerManager], "default")
	if err != nil {
		return err
	}
	// Each controller acts as its own service account, as in clusters made by kubeadm.
	return c.run(toolchain.ControllerManager, "--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--use-service-account-credentials", "--service-account-private-key-file="+c.path(keyFile))
}

func (c *Cluster) startScheduler() error {
	kubeconfig, err := c.writeKubeconfig(scheduler, c.tokens[scheduler], "default")
	if err != nil {
		return err
	}
	return c.run(toolchain.Scheduler, "--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0")
}

func (c *Cluster) run(p toolchain.Program, args ...string) error {
	_, err := c.group.Start(process.Command{
		Name: p.Name, Path: c.tools.Path(p), Args: args, Env: []string{"TMPDIR=" + os.TempDir(), process.LazyGC},
	})
	return err
}
