package programs

import (
	"fmt"
	"os"
	"testing"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/internal/preview"
)

// configAttack is a commit to the config branch. The environments e1 to e5 from files are live before, and stay.
type configAttack struct {
	name   string
	change func(*os.Root) error
	want   refusal
}

// fromFiles adds the files of the environments e1 to e5.
func fromFiles(tree *os.Root) error {
	for i := range 5 {
		folder := fmt.Sprintf("overlays/e%d/", i+1)
		err := gitserver.All(
			gitserver.Write(folder+"environment.yaml", "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\n"),
			gitserver.Write(folder+"kustomization.yaml",
				"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../preview]\n"),
		)(tree)
		if err != nil {
			return err
		}
	}
	return nil
}

// linked replaces a path by a symbolic link.
func linked(path, target string) func(*os.Root) error {
	return gitserver.All(gitserver.Remove(path), func(tree *os.Root) error { return tree.Symlink(target, path) })
}

func configAttacks() []configAttack {
	stays := refusal{"e1", preview.Live, "file", "overlays/e1"}
	withheld := refusal{"e1", preview.Live, "withheld", "previewctl confirm"}
	return []configAttack{
		{"overlays becomes a symbolic link", linked("overlays", "kustomize-base"), stays},
		{"overlays is removed", gitserver.Remove("overlays"), stays},
		{"the shared overlay is removed", gitserver.Remove("overlays/preview"), stays},
		{"the policy becomes a symbolic link", linked("previewset.yaml", "/etc/passwd"), stays},
		{"the policy is removed", gitserver.Remove("previewset.yaml"), stays},
		{"the policy is broken", gitserver.Write("previewset.yaml", "services: [\n"), stays},
		{"a folder has a tab in its name", gitserver.Write("overlays/a\tb/environment.yaml", "kind: Environment\n"), stays},
		{"a file has aliases that multiply", gitserver.Write("overlays/bomb/environment.yaml",
			"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b]\n"), stays},
		{"all files are removed at once", func(tree *os.Root) error {
			for i := range 5 {
				if err := tree.RemoveAll(fmt.Sprintf("overlays/e%d", i+1)); err != nil {
					return err
				}
			}
			return nil
		}, withheld},
	}
}

func TestAttacksThroughTheConfigBranch(t *testing.T) {
	t.Parallel()
	names := []string{"e1", "e2", "e3", "e4", "e5"}
	for _, a := range configAttacks() {
		t.Run(string(overlayWriter)+": "+a.name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, nil, fromFiles)
			w.waitLive(t, names...)
			w.push(t, a.change)
			w.refuses(t, a.want, names)
		})
	}
}
