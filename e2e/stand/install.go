package stand

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// Domain is the domain of the previews.
const Domain = "preview.example.dev"

// Installation is PreviewSet as the README installs it, and the programs previewctl and preview-generator on this
// machine.
type Installation struct {
	// ServiceURL and PublicURL are the generator's addresses. They stay the same when the generator is restarted.
	ServiceURL, PublicURL string

	cluster *cluster.Cluster
	sources *Sources
	tools   *toolchain.Toolbox
	group   *process.Group
	waiter  *Waiter
	folder  string

	programs          map[string]string // paths, by name
	serviceArgs       []string
	serviceKubeconfig string
	proxySecret       string
}

// Install does the README's steps: previewctl init, git push, kubectl apply -k appsets. There is one difference: Argo
// CD gets the address at which this process runs the service.
func (i *Installation) Install(ctx context.Context) error {
	if err := i.buildPrograms(ctx); err != nil {
		return err
	}
	if err := i.choosePorts(); err != nil {
		return err
	}
	if err := i.initRepository(ctx); err != nil {
		return fmt.Errorf("create the GitOps repository: %w", err)
	}
	if err := i.addPages(); err != nil {
		return fmt.Errorf("turn on the previews page: %w", err)
	}
	if _, err := i.sources.Git.Change(ctx, "Add previews", gitserver.Copy(i.Repository())); err != nil {
		return fmt.Errorf("push the GitOps repository: %w", err)
	}
	if err := i.applyAppsets(ctx); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return i.takeIdentity(ctx)
}

func (i *Installation) path(name string) string { return filepath.Join(i.folder, name) }

func (i *Installation) buildPrograms(ctx context.Context) error {
	i.programs = map[string]string{}
	for _, name := range []string{"preview-generator", "previewctl"} {
		path, err := i.tools.BuildOwn(ctx, i.folder, name)
		if err != nil {
			return err
		}
		i.programs[name] = path
	}
	return nil
}

// choosePorts chooses the addresses of the generator.
func (i *Installation) choosePorts() error {
	ports, err := process.FreePorts(2)
	if err != nil {
		return err
	}
	i.ServiceURL, i.PublicURL = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	return nil
}

// Repository returns the folder that previewctl init wrote. It has the secrets too, which aren't pushed to Git.
func (i *Installation) Repository() string { return i.path("repository") }

// Appsets returns the folder to apply with kubectl: an overlay of the repository's appsets.
func (i *Installation) Appsets() string { return i.path("install") }

func (i *Installation) initRepository(ctx context.Context) error {
	githubToken := rand.Text()
	i.sources.GitHub.AllowToken(githubToken)
	args := []string{
		"init", i.Repository(), "--repo-url=" + i.sources.Git.URL, "--domain=" + Domain,
		"--example", "--example-repository=acme/shop", "--example-repository=acme/gateway",
	}
	for flag, token := range map[string]string{
		"github-token-file": githubToken, "config-token-file": i.sources.Git.Password,
	} {
		file := i.path(flag)
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			return err
		}
		args = append(args, "--"+flag+"="+file)
	}
	if _, err := i.Previewctl(ctx, args...); err != nil {
		return err
	}
	return i.changePolicy()
}

// policyChanges are the changes of the example's previewset.yaml. No story waits an hour until a closed pull request's
// environment is deleted. Stories of one stand run side by side and delete most of its few environments within minutes: the
// deletion guard would keep them.
var policyChanges = []struct{ was, is string }{
	{"\n  grace: 1h ", "\n  grace: 0s "},
	{"\n  deletionsAtOnce: 10 ", "\n  deletionsAtOnce: 100 "},
	{"\n  deletionsAtOncePercent: 50 ", "\n  deletionsAtOncePercent: 100 "},
}

func (i *Installation) changePolicy() error {
	file := filepath.Join(i.Repository(), "previewset.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text := string(content)
	for _, change := range policyChanges {
		if strings.Count(text, change.was) != 1 {
			return fmt.Errorf("the example's previewset.yaml doesn't have %q once", change.was)
		}
		text = strings.Replace(text, change.was, change.is, 1)
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

// applyAppsets applies appsets/ through an overlay, because the service's name has no endpoint in this cluster.
func (i *Installation) applyAppsets(ctx context.Context) error {
	folder := i.Appsets()
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	content := fmt.Sprintf(installOverlay, i.ServiceURL)
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(content), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"create", "namespace", "envoy-gateway-system"}, // a cluster with Envoy Gateway has it
		{"label", "namespace", argocd.Namespace, "previewset.dev/routes=true"},
		{"apply", "--kustomize", folder},
	} {
		if _, err := i.cluster.Kubectl(ctx, nil, args...); err != nil {
			return err
		}
	}
	return nil
}

const installOverlay = `
resources: [../repository/appsets]
patches:
- target: {kind: ConfigMap, name: preview-generator}
  patch: '[{"op": "replace", "path": "/data/baseUrl", "value": "%s"}]'
`

// Previewctl runs previewctl and returns its stdout.
func (i *Installation) Previewctl(ctx context.Context, args ...string) (string, error) {
	out, err := process.Output(ctx, process.Command{Path: i.programs["previewctl"], Args: args, Dir: i.folder})
	if err != nil {
		return out, fmt.Errorf("previewctl %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
