package systems

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/standtest"
)

// patience is how long the controllers have for the Pods of a system.
const patience = 2 * time.Minute

// The cluster admits each object and each Pod of a system that `previewctl check` accepts: in the baseline, and in a
// preview that runs all services. The systems come one after another, because they have the same baseline.
func TestEachPodIsAdmitted(t *testing.T) {
	t.Run("own", func(t *testing.T) { admit(t, ownSystem(t)) })
	for _, dir := range furtherSystems(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) { admit(t, dir) })
	}
}

// furtherSystems returns the GitOps repositories that the variable names.
func furtherSystems(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("PREVIEWSET_SYSTEMS")
	if dir == "" {
		return nil
	}
	policies, err := filepath.Glob(filepath.Join(dir, "*", "previewset.yaml"))
	if err != nil || len(policies) == 0 {
		t.Fatalf("no GitOps repository is in %s: %v", dir, err)
	}
	for i := range policies {
		policies[i] = filepath.Dir(policies[i])
	}
	return policies
}

func admit(t *testing.T, dir string) {
	t.Helper()
	if out, err := previewctl(t, dir, "check", "."); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	kubectl(t, "", "apply", "--server-side", "--force-conflicts", "--namespace=argocd",
		"--filename="+filepath.Join(dir, "appsets", "admission"))
	for _, e := range renderSystem(t, dir) {
		t.Run(e.name, func(t *testing.T) {
			begin := time.Now()
			t.Cleanup(func() { e.remove(t) })
			e.apply(t)
			pods, err := e.waitReady(t.Context())
			if err != nil {
				t.Errorf("%v\n%s", err, e.warnings(t))
			}
			t.Logf("%d Pods are ready after %s", pods, time.Since(begin).Round(time.Second))
		})
	}
}

// apply creates all objects. Those that the admission policies need come first, as with Argo CD.
func (e environment) apply(t *testing.T) {
	t.Helper()
	first, rest := e.phases()
	kubectl(t, first, "apply", "--server-side", "--validate=strict", "--filename=-")
	e.waitForPolicies(t)
	// Like Argo CD, it tries again: a quota admits nothing until its controller has counted.
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		_, err := stand.Kubectl(ctx, strings.NewReader(rest), "apply", "--server-side", "--validate=strict",
			"--force-conflicts", "--filename=-")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// waitForPolicies waits until an object is refused that no preview may have. New policies take a second to come into
// force. The baseline has none.
func (e environment) waitForPolicies(t *testing.T) {
	t.Helper()
	if !e.isPreview {
		return
	}
	const balancer = `{apiVersion: v1, kind: Service, metadata: {name: unused}, spec: {type: LoadBalancer, ports: [{port: 80}]}}`
	err := process.Poll(t.Context(), standtest.Patience, func(ctx context.Context) error {
		_, err := stand.Kubectl(ctx, strings.NewReader(balancer), "create", "--dry-run=server", "--namespace="+e.namespace,
			"--filename=-")
		if err == nil {
			return fmt.Errorf("a LoadBalancer is allowed in %s", e.namespace)
		}
		if strings.Contains(err.Error(), "previewset-services") {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (e environment) remove(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if _, err := stand.Kubectl(ctx, nil, "delete", "namespace", e.namespace, "--timeout=60s"); err != nil {
		t.Error(err)
	}
}

func kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := stand.Kubectl(t.Context(), strings.NewReader(stdin), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// previewctl runs previewctl in a folder.
func previewctl(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	return command(t, dir, stand.previewctl, args...)
}

func command(t *testing.T, dir, program string, args ...string) (string, error) {
	t.Helper()
	out, err := process.Output(t.Context(), process.Command{Path: program, Args: args, Dir: dir, Env: []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Tester", "GIT_AUTHOR_EMAIL=tester@example.dev",
		"GIT_COMMITTER_NAME=Tester", "GIT_COMMITTER_EMAIL=tester@example.dev",
	}})
	if err != nil {
		return out, fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args, " "), err)
	}
	return out, nil
}
