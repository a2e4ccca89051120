package argocd

import (
	"context"
	"fmt"

	"github.com/previewset/previewset/e2e/process"
)

// ports that the controllers listen on.
type ports struct{ repo, repoMetrics, controllerMetrics, setMetrics, setProbe, setWebhook, server, serverMetrics int }

func findPorts() (p ports, err error) {
	free, err := process.FreePorts(8)
	if err != nil {
		return ports{}, err
	}
	return ports{free[0], free[1], free[2], free[3], free[4], free[5], free[6], free[7]}, nil
}

// controller is a role of the one program.
type controller struct {
	name string // of the role and of its service account
	args []string
}

// RunNotifications runs the controller that sends notifications. It sends nothing without a subscription in the
// ConfigMap argocd-notifications-cm.
func (a *ArgoCD) RunNotifications(ctx context.Context) error {
	free, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	return a.run(ctx, controller{"argocd-notifications-controller", []string{
		"--namespace=" + Namespace, "--argocd-repo-server=" + a.repoServerAddress(), "--argocd-repo-server-plaintext",
		fmt.Sprintf("--metrics-port=%d", free[0]),
	}})
}

// program is the name by which Argo CD's program knows a controller.
func (c controller) program() string {
	if c.name == "argocd-notifications-controller" {
		return "argocd-notifications"
	}
	return c.name
}

// controllers returns those that the options ask for.
func (a *ArgoCD) controllers() ([]controller, error) {
	list := []controller{a.applicationSetController()}
	if a.options.SetsOnly {
		return list, nil
	}
	repoServer, err := a.repoServer()
	if err != nil {
		return nil, err
	}
	list = append(list, repoServer, a.applicationController())
	if a.options.Server {
		a.ServerURL = local(a.ports.server)
		server := a.server()
		server.args = append(server.args, "--disable-auth")
		list = append(list, server)
	}
	return list, nil
}

func (a *ArgoCD) repoServerAddress() string { return fmt.Sprintf("127.0.0.1:%d", a.ports.repo) }

func (a *ArgoCD) applicationSetController() controller {
	return controller{"argocd-applicationset-controller", []string{
		"--argocd-repo-server=" + a.repoServerAddress(), "--repo-server-plaintext",
		fmt.Sprintf("--metrics-addr=127.0.0.1:%d", a.ports.setMetrics),
		fmt.Sprintf("--probe-addr=127.0.0.1:%d", a.ports.setProbe),
		fmt.Sprintf("--webhook-addr=127.0.0.1:%d", a.ports.setWebhook),
	}}
}

func (a *ArgoCD) repoServer() (controller, error) {
	tls, err := a.options.repoServerTLS()
	return controller{"argocd-repo-server", append([]string{
		"--address=127.0.0.1", fmt.Sprintf("--port=%d", a.ports.repo),
		"--metrics-address=127.0.0.1", fmt.Sprintf("--metrics-port=%d", a.ports.repoMetrics),
		"--redis=" + a.redis.Addr(),
	}, tls...)}, err
}

func (a *ArgoCD) applicationController() controller {
	return controller{"argocd-application-controller", []string{
		"--redis=" + a.redis.Addr(), "--repo-server=" + a.repoServerAddress(), "--repo-server-plaintext",
		fmt.Sprintf("--metrics-port=%d", a.ports.controllerMetrics),
	}}
}

func (a *ArgoCD) server() controller {
	return controller{Server, []string{
		"--address=127.0.0.1", fmt.Sprintf("--port=%d", a.ports.server),
		"--metrics-address=127.0.0.1", fmt.Sprintf("--metrics-port=%d", a.ports.serverMetrics),
		"--redis=" + a.redis.Addr(), "--repo-server=" + a.repoServerAddress(), "--repo-server-plaintext",
		"--insecure",
	}}
}
