package stand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/process"
)

// Generator is the name of the generator, its Deployment and its service account.
const Generator = "preview-generator"

// mount is the folder in which the Deployment mounts its Secrets.
const mount = "/etc/previewset/"

// takeIdentity gives the service on this machine what the installed Deployment gives its Pod: the service account, the
// arguments and the Secrets' files.
func (i *Installation) takeIdentity(ctx context.Context) (err error) {
	if i.serviceKubeconfig, err = i.cluster.ServiceAccountKubeconfig(ctx, argocd.Namespace, Generator); err != nil {
		return err
	}
	deployment, err := i.cluster.Client.AppsV1().Deployments(argocd.Namespace).Get(ctx, Generator, metav1.GetOptions{})
	if err != nil {
		return err
	}
	pod := deployment.Spec.Template.Spec
	secrets := map[string]string{} // by volume
	for _, volume := range pod.Volumes {
		if volume.Secret != nil {
			secrets[volume.Name] = volume.Secret.SecretName
		}
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		if secret := secrets[m.Name]; secret != "" {
			if err := i.writeSecret(ctx, secret, i.mounted(m.MountPath)); err != nil {
				return err
			}
		}
	}
	for _, arg := range pod.Containers[0].Args {
		arg = strings.ReplaceAll(arg, "$(POD_NAMESPACE)", argocd.Namespace)
		i.serviceArgs = append(i.serviceArgs, i.mounted(arg))
	}
	return nil
}

// mounted translates the Pod's mounted paths in an argument into paths on this machine.
func (i *Installation) mounted(text string) string {
	return strings.Replace(text, mount, i.path("mounted")+"/", 1)
}

func (i *Installation) writeSecret(ctx context.Context, name, folder string) error {
	secret, err := i.cluster.Client.CoreV1().Secrets(argocd.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for key, value := range secret.Data {
		if err := os.WriteFile(path.Join(folder, key), value, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Service is a running preview-generator.
type Service struct{ *process.Process }

// StartService starts the generator as the installed Deployment would, with more flags. It doesn't wait until the generator
// is ready.
func (i *Installation) StartService(flags ...string) (*Service, error) {
	return i.startService(process.Command{Path: i.programs[Generator]}, flags)
}

func (i *Installation) startService(c process.Command, flags []string) (*Service, error) {
	args := slices.Concat(i.serviceArgs, i.pagesFlags(), []string{
		"--listen=" + strings.TrimPrefix(i.ServiceURL, "http://"),
		"--public-listen=" + strings.TrimPrefix(i.PublicURL, "http://"),
		"--github-url=" + i.sources.GitHubURL + "/", "--kubeconfig=" + i.serviceKubeconfig, "--poll-interval=1s",
		"--log-level=debug",
	}, flags)
	c.Name, c.Args, c.Dir = Generator, args, i.folder
	p, err := i.group.Start(c)
	if err != nil {
		return nil, err
	}
	return &Service{p}, nil
}

// Ready returns an error unless the generator has computed a whole snapshot.
func (i *Installation) Ready(ctx context.Context) error {
	return process.Get(ctx, i.ServiceURL+"/readyz?verbose")
}

// Status returns the generator's own report about itself and everything that it reads, ready or not.
func (i *Installation) Status(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.ServiceURL+"/readyz?verbose", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.Status + "\n" + string(body), err
}

// WaitReady waits until the generator is ready.
func (i *Installation) WaitReady(tb testing.TB) {
	tb.Helper()
	i.waiter.Eventually(tb, 30*time.Second, "the generator is ready", i.Ready)
}

// Ask asks for rows as Argo CD does and returns the answer with any status. The caller closes its body.
func (i *Installation) Ask(ctx context.Context, body string) (*http.Response, error) {
	token, err := os.ReadFile(i.mounted(mount + "argocd/token"))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, i.ServiceURL+"/api/v1/getparams.execute", strings.NewReader(body),
	)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(request)
}

// WebhookSecret returns the secret with which the installed service checks webhooks.
func (i *Installation) WebhookSecret() (string, error) {
	secret, err := os.ReadFile(i.mounted(mount + "service/webhook.secret"))
	return string(secret), err
}

// APIFlags returns the flags with which previewctl asks the generator.
func (i *Installation) APIFlags() []string {
	return []string{"--server=" + i.ServiceURL, "--api-token-file=" + i.mounted(mount+"service/api.token")}
}

// RunService starts the generator and waits until it is ready. Unlike WaitReady it needs no test.
func (i *Installation) RunService(ctx context.Context, flags ...string) (*Service, error) {
	service, err := i.StartService(flags...)
	if err != nil {
		return nil, err
	}
	err = process.Poll(ctx, 30*time.Second, func(ctx context.Context) error {
		if ended := service.Ended(); ended != nil {
			return process.Final(ended)
		}
		return i.Ready(ctx)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the generator isn't ready: %w", err), errors.New(service.Tail(20)))
	}
	return service, nil
}
