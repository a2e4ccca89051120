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

// Generator is the name of the service, its Deployment and its service account.
const Generator = "preview-generator"

// mount is where the Deployment has its Secrets.
const mount = "/etc/previewset/"

// takeIdentity fetches what the installed Deployment would give to the service's Pod: its account and its Secrets' files.
func (s *Stand) takeIdentity(ctx context.Context) (err error) {
	if s.serviceKubeconfig, err = s.Cluster.ServiceAccountKubeconfig(ctx, argocd.Namespace, Generator); err != nil {
		return err
	}
	deployment, err := s.Cluster.Client.AppsV1().Deployments(argocd.Namespace).Get(ctx, Generator, metav1.GetOptions{})
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
			if err := s.writeSecret(ctx, secret, s.mounted(m.MountPath)); err != nil {
				return err
			}
		}
	}
	for _, arg := range pod.Containers[0].Args {
		arg = strings.ReplaceAll(arg, "$(POD_NAMESPACE)", argocd.Namespace)
		s.serviceArgs = append(s.serviceArgs, s.mounted(arg))
	}
	return nil
}

// mounted is an argument or path of the Pod as it is on this machine.
func (s *Stand) mounted(text string) string {
	return strings.Replace(text, mount, s.path("own/mounted")+"/", 1)
}

func (s *Stand) writeSecret(ctx context.Context, name, folder string) error {
	secret, err := s.Cluster.Client.CoreV1().Secrets(argocd.Namespace).Get(ctx, name, metav1.GetOptions{})
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

// Service is a run of the preview-generator.
type Service struct{ *process.Process }

// StartService runs the service as the installed Deployment would, except where flags say otherwise. It isn't ready then.
func (s *Stand) StartService(flags ...string) (*Service, error) {
	return s.startService(process.Command{Path: s.own[Generator]}, flags)
}

func (s *Stand) startService(c process.Command, flags []string) (*Service, error) {
	args := slices.Concat(s.serviceArgs, []string{
		"--listen=" + strings.TrimPrefix(s.ServiceURL, "http://"), "--public-listen=" + strings.TrimPrefix(s.PublicURL, "http://"),
		"--github-url=" + s.GitHubURL + "/", "--kubeconfig=" + s.serviceKubeconfig, "--poll-interval=1s", "--log-level=debug",
	}, flags)
	c.Name, c.Args, c.Dir = Generator, args, s.path("own")
	p, err := s.group.Start(c)
	if err != nil {
		return nil, err
	}
	return &Service{p}, nil
}

// Ready says whether the service has computed a whole snapshot, or why not.
func (s *Stand) Ready(ctx context.Context) error {
	return process.Get(ctx, s.ServiceURL+"/readyz?verbose")
}

// Status is what the service says of itself and everything that it reads, whether it is ready or not.
func (s *Stand) Status(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ServiceURL+"/readyz?verbose", nil)
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

// WaitReady waits until it is ready.
func (s *Stand) WaitReady(tb testing.TB) {
	tb.Helper()
	s.Eventually(tb, 30*time.Second, "the service is ready", s.Ready)
}

// Ask asks for rows as Argo CD does and returns the answer, whatever its status. The caller closes its body.
func (s *Stand) Ask(ctx context.Context, body string) (*http.Response, error) {
	token, err := os.ReadFile(s.mounted(mount + "argocd/token"))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ServiceURL+"/api/v1/getparams.execute", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(request)
}

// WebhookSecret is what the installed service checks webhooks with.
func (s *Stand) WebhookSecret() (string, error) {
	secret, err := os.ReadFile(s.mounted(mount + "service/webhook.secret"))
	return string(secret), err
}

// APIFlags are what previewctl needs to ask the service.
func (s *Stand) APIFlags() []string {
	return []string{"--server=" + s.ServiceURL, "--api-token-file=" + s.mounted(mount+"service/api.token")}
}

// RunService starts the service and waits until it is ready, for where no test does.
func (s *Stand) RunService(ctx context.Context, flags ...string) (*Service, error) {
	service, err := s.StartService(flags...)
	if err != nil {
		return nil, err
	}
	err = process.Poll(ctx, 30*time.Second, func(ctx context.Context) error {
		if ended := service.Ended(); ended != nil {
			return process.Final(ended)
		}
		return s.Ready(ctx)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the service isn't ready: %w", err), errors.New(service.Tail(20)))
	}
	return service, nil
}
