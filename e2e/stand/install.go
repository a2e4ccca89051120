package stand

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
)

// Domain is that of the previews.
const Domain = "preview.example.dev"

// Install does what the README tells a newcomer to do: previewctl init, git push, kubectl apply -k appsets. One difference:
// Argo CD is told that the service is where this process will run it.
func (s *Stand) Install(ctx context.Context) error {
	if err := s.buildOwn(ctx); err != nil {
		return err
	}
	if err := s.choosePorts(); err != nil {
		return err
	}
	if err := s.initRepository(ctx); err != nil {
		return fmt.Errorf("make the GitOps repository: %w", err)
	}
	if _, err := s.Git.Change(ctx, "Add previews", gitserver.Copy(s.Repository())); err != nil {
		return fmt.Errorf("push the GitOps repository: %w", err)
	}
	if err := s.applyAppsets(ctx); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return s.takeIdentity(ctx)
}

func (s *Stand) buildOwn(ctx context.Context) error {
	s.own = map[string]string{}
	for _, name := range []string{"preview-generator", "previewctl"} {
		path, err := s.tools.BuildOwn(ctx, s.path("own"), name)
		if err != nil {
			return err
		}
		s.own[name] = path
	}
	return nil
}

// choosePorts fixes where the service listens, so that a restarted one is found again.
func (s *Stand) choosePorts() error {
	ports, err := process.FreePorts(2)
	if err != nil {
		return err
	}
	s.ServiceURL, s.PublicURL = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	return nil
}

// Repository is the folder that previewctl init wrote, with the secrets that Git doesn't get.
func (s *Stand) Repository() string { return s.path("own/repository") }

// Appsets is the folder that is applied to install everything: that of the repository, by way of an overlay.
func (s *Stand) Appsets() string { return s.path("own/install") }

func (s *Stand) initRepository(ctx context.Context) error {
	githubToken := rand.Text()
	s.GitHub.AllowToken(githubToken)
	args := []string{"init", s.Repository(), "--repo-url=" + s.Git.URL, "--domain=" + Domain}
	for flag, token := range map[string]string{"github-token-file": githubToken, "config-token-file": s.Git.Password} {
		file := s.path("own/" + flag)
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			return err
		}
		args = append(args, "--"+flag+"="+file)
	}
	if _, err := s.Previewctl(ctx, args...); err != nil {
		return err
	}
	return s.withoutGrace()
}

// withoutGrace has environments go as soon as their pull requests are closed: no story waits for an hour.
func (s *Stand) withoutGrace() error {
	file := filepath.Join(s.Repository(), "previewset.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(content), "\n  grace: 1h ", "\n  grace: 0s ", 1)
	if changed == string(content) {
		return errors.New("the example's previewset.yaml has no grace: 1h any more")
	}
	return os.WriteFile(file, []byte(changed), 0o600)
}

// applyAppsets applies appsets/ through an overlay, because in the cluster nobody is behind the service's name.
func (s *Stand) applyAppsets(ctx context.Context) error {
	folder := s.Appsets()
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	content := fmt.Sprintf(installOverlay, s.ServiceURL)
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(content), 0o600); err != nil {
		return err
	}
	_, err := s.Cluster.Kubectl(ctx, nil, "apply", "--kustomize", folder)
	return err
}

const installOverlay = `
resources: [../repository/appsets]
patches:
- target: {kind: ConfigMap, name: preview-generator}
  patch: '[{"op": "replace", "path": "/data/baseUrl", "value": "%s"}]'
`

// Previewctl runs it and returns what it printed on stdout.
func (s *Stand) Previewctl(ctx context.Context, args ...string) (string, error) {
	out, err := process.Output(ctx, process.Command{Path: s.own["previewctl"], Args: args, Dir: s.path("own")})
	if err != nil {
		return out, fmt.Errorf("previewctl %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
