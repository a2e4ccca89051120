package argocd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/process"
)

// Server is the name of the API server, its Deployment and its service account.
const Server = "argocd-server"

// ApplyServer creates the Deployment of the API server as Argo CD installs it. No container runs in this cluster.
func (a *ArgoCD) ApplyServer(ctx context.Context) error {
	content, err := os.ReadFile(filepath.Join(a.parts.source, "manifests", "install.yaml"))
	if err != nil {
		return err
	}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096); ; {
		var object unstructured.Unstructured
		if err = decoder.Decode(&object); err != nil {
			return fmt.Errorf("find the Deployment %s: %w", Server, err)
		}
		if object.GetKind() == "Deployment" && object.GetName() == Server {
			text, err := yaml.Marshal(object.Object)
			if err == nil {
				_, err = a.cluster.Kubectl(ctx, bytes.NewReader(text), "apply", "--server-side", "--namespace="+Namespace, "--filename=-")
			}
			return err
		}
	}
}

// RunServer runs the API server with its web pages, with sign-in, and with the settings and files that its Deployment
// has. The returned function removes the files.
func (a *ArgoCD) RunServer(ctx context.Context, pages string) (remove func() error, err error) {
	folder, err := a.placeFiles(ctx)
	remove = func() error { return os.RemoveAll(folder) }
	if err != nil {
		return remove, err
	}
	params, err := a.cluster.Client.CoreV1().ConfigMaps(Namespace).Get(ctx, "argocd-cmd-params-cm", metav1.GetOptions{})
	if err != nil {
		return remove, err
	}
	a.ServerURL = local(a.ports.server)
	c := a.server()
	c.args = append(c.args, "--staticassets="+pages)
	if params.Data["server.enable.proxy.extension"] == "true" {
		c.args = append(c.args, "--enable-proxy-extension")
	}
	if err := a.run(ctx, c); err != nil {
		return remove, err
	}
	return remove, process.Poll(ctx, time.Minute, func(ctx context.Context) error {
		if err := a.group.Ended(); err != nil {
			return process.Final(err)
		}
		return process.Get(ctx, a.ServerURL+"/healthz")
	})
}

// extensions is the folder in which the API server looks for scripts. It is fixed.
const extensions = "/tmp/extensions"

// placeFiles writes those files of ConfigMaps that the Deployment mounts below the folder extensions, as a node does.
func (a *ArgoCD) placeFiles(ctx context.Context) (folder string, err error) {
	deployment, err := a.cluster.Client.AppsV1().Deployments(Namespace).Get(ctx, Server, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	pod := deployment.Spec.Template.Spec
	if pod.ServiceAccountName != Server || pod.Containers[0].Image == "" {
		return "", errors.New("the Deployment " + Server + " lost its own fields")
	}
	maps := map[string]string{} // by volume
	for _, volume := range pod.Volumes {
		if volume.ConfigMap != nil {
			maps[volume.Name] = volume.ConfigMap.Name
		}
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		inside, err := filepath.Rel(extensions, m.MountPath)
		if err != nil || !filepath.IsLocal(inside) || m.SubPath == "" || maps[m.Name] == "" {
			continue
		}
		content, err := a.cluster.Client.CoreV1().ConfigMaps(Namespace).Get(ctx, maps[m.Name], metav1.GetOptions{})
		if err != nil {
			return folder, err
		}
		folder = filepath.Dir(m.MountPath)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return folder, err
		}
		if err := os.WriteFile(m.MountPath, []byte(content.Data[m.SubPath]), 0o600); err != nil {
			return folder, err
		}
	}
	if folder == "" {
		return "", errors.New("the Deployment " + Server + " mounts no script into " + extensions)
	}
	return folder, nil
}
