package argocd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/process"
)

// install applies Argo CD's install manifests without the workloads, and creates the key that its server would create.
func (a *ArgoCD) install(ctx context.Context) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	if _, err := a.cluster.Client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return err
	}
	manifests, err := a.manifests()
	if err != nil {
		return err
	}
	// Server-side, because the ApplicationSet's definition is too large for kubectl's annotation.
	if _, err := a.cluster.Kubectl(
		ctx, manifests, "apply", "--server-side", "--namespace="+Namespace, "--filename=-",
	); err != nil {
		return err
	}
	if err := a.writeServerKey(ctx); err != nil {
		return err
	}
	return a.waitServed(ctx)
}

// waitServed waits until the API server serves Argo CD's own kinds. (kubectl wait fails on a definition without any
// status.)
func (a *ArgoCD) waitServed(ctx context.Context) error {
	return process.Poll(ctx, time.Minute, func(ctx context.Context) error {
		for _, plural := range []string{"applications", "applicationsets", "appprojects"} {
			kind := schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural}
			if _, err := a.cluster.Dynamic.Resource(kind).List(ctx, metav1.ListOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *ArgoCD) manifests() (io.Reader, error) {
	content, err := os.ReadFile(filepath.Join(a.parts.source, "manifests", "install.yaml"))
	if err != nil {
		return nil, err
	}
	return withoutWorkloads(content)
}

func withoutWorkloads(manifests []byte) (io.Reader, error) {
	workloads := []string{"Deployment", "StatefulSet", "Service", "NetworkPolicy"}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	var kept bytes.Buffer
	for {
		var object unstructured.Unstructured
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return &kept, nil
		} else if err != nil {
			return nil, fmt.Errorf("read install manifests: %w", err)
		}
		if slices.Contains(workloads, object.GetKind()) {
			continue
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&kept, "---\n%s", text)
	}
}

func (a *ArgoCD) writeServerKey(ctx context.Context) error {
	secrets := a.cluster.Client.CoreV1().Secrets(Namespace)
	secret, err := secrets.Get(ctx, "argocd-secret", metav1.GetOptions{})
	if err != nil {
		return err
	}
	secret.StringData = map[string]string{"server.secretkey": rand.Text()}
	_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	return err
}

// AddRepository gives Argo CD the credentials of a Git repository.
func (a *ArgoCD) AddRepository(ctx context.Context, name, url, user, password string) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"argocd.argoproj.io/secret-type": "repository"}},
		StringData: map[string]string{"type": "git", "url": url, "username": user, "password": password},
	}
	_, err := a.cluster.Client.CoreV1().Secrets(Namespace).Create(ctx, secret, metav1.CreateOptions{})
	return err
}
