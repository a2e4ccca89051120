// Package gitops measures goals for large and busy GitOps repositories: previewctl and the generator run on real Git
// over HTTP, without a cluster. A missed goal fails the run. All figures are printed as one table at the end.
package gitops

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/e2e/figures"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// programs are the paths of the programs.
var programs struct{ previewctl, generator, kustomize string }

// example is a folder that previewctl init has written.
var example string

// rows are the rows of the final table.
var rows []figures.Figure

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, stop := process.OnInterrupt()
	defer stop()
	folder, err := os.MkdirTemp("", "previewset-gitops-")
	if err == nil {
		defer func() { _ = os.RemoveAll(folder) }()
		err = prepare(ctx, folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := process.RunTests(ctx, m)
	figures.Write(os.Stdout, "a shell script", rows)
	return code
}

func prepare(ctx context.Context, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	if err = tools.Build(ctx, os.Stderr, toolchain.Kustomize); err != nil {
		return err
	}
	programs.kustomize = tools.Path(toolchain.Kustomize)
	if programs.previewctl, err = tools.BuildOwn(ctx, folder, "previewctl"); err != nil {
		return err
	}
	if programs.generator, err = tools.BuildOwn(ctx, folder, "preview-generator"); err != nil {
		return err
	}
	example = filepath.Join(folder, "example")
	_, err = process.Output(ctx, process.Command{
		Path: programs.previewctl, Dir: folder,
		Args: []string{
			"init", example, "--repo-url", "https://github.com/acme/previews.git", "--domain", "preview.example.dev",
			"--example", "--example-repository", "acme/shop", "--example-repository", "acme/gateway",
		},
	})
	return err
}

func serve(b *testing.B) *gitserver.Server {
	b.Helper()
	server, err := gitserver.Start(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Close)
	return server
}

// previewctl runs previewctl with the token of the config repository.
func previewctl(ctx context.Context, b *testing.B, server *gitserver.Server, args ...string) error {
	b.Helper()
	env := []string{"PREVIEWSET_CONFIG_REPO=" + server.URL, "PREVIEWSET_CONFIG_TOKEN=" + server.Password}
	return command(ctx, b, programs.previewctl, nil, env, args...)
}

// command runs a program in an empty folder.
func command(ctx context.Context, b *testing.B, program string, stdin io.Reader, env []string, args ...string) error {
	b.Helper()
	_, err := process.Output(ctx, process.Command{Path: program, Args: args, Dir: b.TempDir(), Stdin: stdin, Env: append(env,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Tester", "GIT_AUTHOR_EMAIL=tester@example.dev", "GIT_COMMITTER_NAME=Tester", "GIT_COMMITTER_EMAIL=tester@example.dev")})
	if err != nil {
		return fmt.Errorf("%s %q: %w", filepath.Base(program), args, err)
	}
	return nil
}
