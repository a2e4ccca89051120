package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/previewset/previewset/e2e/toolchain"
)

// help prints all addresses and commands to try.
func (s *sandbox) help(ctx context.Context) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	git, err := url.Parse(s.Git.URL)
	if err != nil {
		return err
	}
	git.User = url.UserPassword(s.Git.User, s.Git.Password)
	previewctl := strings.Join(append([]string{filepath.Join(s.Folder, "own", "previewctl"), "%s"}, s.APIFlags()...), " ")
	fmt.Printf(guide, s.Cluster.Kubeconfig, filepath.Dir(tools.Path(toolchain.Kubectl)), s.GitHubURL, git,
		fmt.Sprintf(previewctl, "list -o wide"), fmt.Sprintf(previewctl, "render shop-pr-1 --dir "+s.Repository()),
		s.ArgoCD.ServerURL, s.ServiceURL, filepath.Join(s.Folder, "logs"), githubToken)
	return nil
}

const guide = `
Try these commands in another terminal, and watch the changes here:

  export KUBECONFIG=%[1]s PATH=%[2]s:$PATH
  auth="Authorization: Bearer %[10]s"

  # the Applications, namespaces and objects of the labelled pull requests
  kubectl get applications -n argocd -L previewset.dev/owner,previewset.dev/profile
  kubectl get namespaces -l previewset.dev/preview=true
  kubectl get pods,httproutes,networkpolicies -n preview-shop-pr-1

  # label the pull request "Dark mode"; push a commit to it; remove the label
  curl -H "$auth" -X POST %[3]s/repos/acme/shop/issues/6/labels -d '{"labels":["preview"]}'
  curl -H "$auth" -X PATCH %[3]s/repos/acme/shop/git/refs/heads/dark-mode \
    -d '{"sha":"5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e","force":true}'
  curl -H "$auth" -X DELETE %[3]s/repos/acme/shop/issues/6/labels/preview

  # merge a pull request: its Application and its namespace are deleted
  curl -H "$auth" -X PUT %[3]s/repos/acme/gateway/pulls/1/merge

  # change the GitOps repository: a push to main is in force within seconds
  git clone %[4]s

  # list the environments; print the manifests that Argo CD applies
  %[5]s
  %[6]s

  Argo CD's API:                 %[7]s/api/v1/applications
  The generator:                   %[8]s/readyz?verbose
  All logs:                      %[9]s

Argo CD's Go module comes without its built web pages, so there is only its API, without sign-in. Start the sandbox with
-ui (make sandbox UI=1) for the pages. Ctrl-C ends the sandbox.

`
