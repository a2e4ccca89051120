package configtree_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
)

// without returns the repository without a folder.
func without(folder string) fstest.MapFS {
	fsys := files(repository())
	maps.DeleteFunc(fsys, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, folder+"/") })
	return fsys
}

func TestRequiredFolders(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"overlays", "overlays/preview", "kustomize-base"} {
		kinds := map[string]*fstest.MapFile{
			"is missing": nil, "is not a folder": {Mode: 0o644}, "is a symbolic link": {Mode: fs.ModeSymlink},
			"is a submodule": {Mode: fs.ModeIrregular},
		}
		for message, entry := range kinds {
			t.Run(folder+" "+message, func(t *testing.T) {
				t.Parallel()
				fsys := without(folder)
				if entry != nil {
					fsys[folder] = entry
				}
				for name, read := range map[string]func() (config.Tree, error){
					"everything":      func() (config.Tree, error) { return configtree.Read(fsys, hashOf) },
					"one environment": func() (config.Tree, error) { return configtree.ReadEnvironments(fsys, "jakub") },
				} {
					tree, err := read()
					got := slices.Clone(tree.Problems)
					if err != nil || len(got) != 1 || got[0].File != folder || got[0].Message != message {
						t.Errorf("%s: %v, %v", name, tree.Problems, err)
					}
					if _, err := config.Load(tree, nil); err == nil || !strings.Contains(err.Error(), folder+": "+message) {
						t.Errorf("%s: load: %v", name, err)
					}
				}
			})
		}
	}
}

func TestSubmoduleInWorkingTreeIsNoFolder(t *testing.T) {
	t.Parallel()
	fsys := files(repository())
	fsys["overlays/jakub/.git"] = &fstest.MapFile{Data: []byte("gitdir: ../../.git/modules/jakub\n")}
	tree, err := configtree.Read(fsys, hashOf)
	if err != nil || tree.BrokenOverlays["jakub"].Message != "is a submodule" || tree.Hashes["overlays/jakub"] != "" {
		t.Errorf("%v, %v", tree.BrokenOverlays, err)
	}
	fsys["kustomize-base/.git"] = fsys["overlays/jakub/.git"]
	tree, err = configtree.Read(fsys, hashOf)
	if err != nil || len(tree.Problems) != 1 || tree.Problems[0].File != "kustomize-base" {
		t.Errorf("%v, %v", tree.Problems, err)
	}
}

func TestOverlayThatIsNoFolderBreaksOnlyItself(t *testing.T) {
	t.Parallel()
	fsys := files(repository())
	fsys["overlays/link"] = &fstest.MapFile{Mode: fs.ModeSymlink}
	fsys["overlays/module"] = &fstest.MapFile{Mode: fs.ModeIrregular}
	tree, err := configtree.Read(fsys, hashOf)
	if err != nil || len(tree.Problems) > 0 {
		t.Fatal(tree.Problems, err)
	}
	if diff := cmp.Diff([]string{"link", "module"}, slices.Sorted(maps.Keys(tree.BrokenOverlays))); diff != "" {
		t.Error(diff)
	}
}

func TestNamesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	fsys := files(repository())
	var want []string
	for _, parent := range []string{"kustomize-base/", "kustomize-base/services/", "overlays/"} {
		for name, quoted := range map[string]string{
			"a\tb": `a\tb`, "a\nb": `a\nb`, "a\x1bb": `a\x1bb`, "\u202eb": `\u202eb`,
		} {
			fsys[parent+name+"/kustomization.yaml"] = &fstest.MapFile{}
			want = append(want, `"`+parent+quoted+`"`)
		}
	}
	tree, err := configtree.Read(fsys, hashOf)
	if err != nil || len(tree.Problems) > 0 {
		t.Fatal(tree.Problems, err)
	}
	var got []string
	for _, p := range tree.Ignored {
		got = append(got, p.File)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(kustomizations(), tree.Kustomizations); diff != "" {
		t.Error(diff)
	}
}

// Argo CD reads parameters from such a file, so the folder's last valid version stays.
func TestParameterFilesOfArgoCD(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-preview-jakub.yaml"} {
		fsys := files(repository())
		fsys["overlays/jakub/"+name] = &fstest.MapFile{}
		tree, err := configtree.Read(fsys, hashOf)
		if err != nil || len(tree.Problems) > 0 {
			t.Fatal(tree.Problems, err)
		}
		if got := tree.BrokenOverlays["jakub"]; got.File != "overlays/jakub/"+name || tree.Hashes["overlays/jakub"] != "" {
			t.Errorf("broken overlay is %+v, hashes are %v", got, tree.Hashes)
		}
		fsys["overlays/preview/"+name] = &fstest.MapFile{}
		if tree, err = configtree.Read(fsys, hashOf); err != nil || len(tree.Problems) != 1 {
			t.Errorf("in the shared overlay: %v, %v", tree.Problems, err)
		}
	}
}
