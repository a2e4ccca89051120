// Package systems runs whole systems on a real API server with its controllers: the baseline, and a preview of all
// services. A system passes if `previewctl check` finds nothing and the cluster admits each object and each Pod.
//
// One system is made here, with `previewctl service add` alone. PREVIEWSET_SYSTEMS names a folder with further GitOps
// repositories. It knows no system's content.
package systems

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// stand is set before the first test.
var stand struct {
	*cluster.Cluster
	tools      *toolchain.Toolbox
	previewctl string // path of the program
}

func TestMain(m *testing.M) {
	ctx, stop := process.OnInterrupt()
	code := run(ctx, m)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, m *testing.M) int {
	folder, err := os.MkdirTemp("", "previewset-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	group := process.NewGroup(folder)
	defer group.Close()
	if err = start(ctx, group, folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		group.WriteLogs(os.Stderr, 10)
		return 1
	}
	return process.RunTests(ctx, m)
}

func start(ctx context.Context, group *process.Group, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	stand.tools = tools
	if err = tools.Build(ctx, os.Stderr, append(cluster.Programs(), toolchain.Kustomize)...); err != nil {
		return err
	}
	if stand.previewctl, err = tools.BuildOwn(ctx, folder, "previewctl"); err != nil {
		return err
	}
	files := filepath.Join(folder, "cluster")
	if err = os.Mkdir(files, 0o700); err != nil {
		return err
	}
	if stand.Cluster, err = cluster.Start(ctx, tools, group, files); err != nil {
		return err
	}
	_, err = stand.Kubectl(ctx, nil, "create", "namespace", "argocd")
	return err
}
