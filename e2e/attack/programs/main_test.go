// Package programs is the table of attacks on the programs: what an actor writes, and the expected refusal.
//
// It has no cluster. Package attack sends objects to a real Kubernetes API, and the stories use Argo CD.
package programs

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
)

// programs are the paths of the built programs. repository is the folder that previewctl init wrote.
var (
	programs   = map[string]string{}
	repository string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "previewset-attack-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := prepare(context.Background(), folder); err != nil {
		log.Print(err)
		return 1
	}
	return m.Run()
}

func prepare(ctx context.Context, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{"previewctl"} {
		if programs[name], err = tools.BuildOwn(ctx, folder, name); err != nil {
			return err
		}
	}
	repository = filepath.Join(folder, "repository")
	_, err = process.Output(ctx, process.Command{
		Path: programs["previewctl"], Args: []string{"init", repository, "--domain=preview.example.dev"}, Dir: folder,
	})
	return err
}
