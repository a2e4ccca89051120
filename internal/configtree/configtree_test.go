package configtree_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
)

// files returns a file system with the contents. A content "-> x" makes a symbolic link to x.
func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range contents {
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			fsys[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		} else {
			fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
		}
	}
	return fsys
}

func hashOf(folder string) (string, error) { return "hash of " + folder, nil }

// repository is a small GitOps repository, with files that aren't configuration.
func repository() map[string]string {
	return map[string]string{
		"README.md":       "hello\n",
		"previewset.yaml": "kind: PreviewConfig\n",
		"slots.yaml":      "kind: SlotPool\n",
		"access.yaml":     "kind: Access\n",
		"kustomize-base/services/web/run/kustomization.yaml": "resources: []\n",
		"kustomize-base/services/web/link/Kustomization":     "resources: []\n",
		"kustomize-base/services/api/run/kustomization.yml":  "resources: []\n",
		"kustomize-base/services/api/link/service.yaml":      "kind: Service\n",
		"overlays/preview/kustomization.yaml":                "resources: []\n",
		"overlays/jakub/environment.yaml":                    "kind: Environment\n",
		"overlays/jakub/kustomization.yaml":                  "resources: [../preview]\n",
		"overlays/plain/environment.yaml":                    "kind: Environment # no kustomization\n",
		"overlays/README.md":                                 "a file between the folders\n",
	}
}

// kustomizations returns the folders of repository with a kustomization file.
func kustomizations() map[string]bool {
	return map[string]bool{
		"kustomize-base/services/web/run":  true,
		"kustomize-base/services/web/link": true,
		"kustomize-base/services/api/run":  true,
		"overlays/preview":                 true,
		"overlays/jakub":                   true,
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := configtree.Read(files(repository()), hashOf)
	want := config.Tree{
		Commit: configtree.NoCommit, Prefix: ".",
		Files: map[string]config.File{
			"previewset.yaml":                 {Content: []byte("kind: PreviewConfig\n")},
			"slots.yaml":                      {Content: []byte("kind: SlotPool\n")},
			"access.yaml":                     {Content: []byte("kind: Access\n")},
			"overlays/jakub/environment.yaml": {Content: []byte("kind: Environment\n")},
			"overlays/plain/environment.yaml": {Content: []byte("kind: Environment # no kustomization\n")},
		},
		Kustomizations: kustomizations(),
		Hashes: map[string]string{
			"kustomize-base":   "hash of kustomize-base",
			"overlays/preview": "hash of overlays/preview",
			"overlays/jakub":   "hash of overlays/jakub",
			"overlays/plain":   "hash of overlays/plain",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestReadOfEmptyRepository(t *testing.T) {
	t.Parallel()
	got, err := configtree.Read(files(nil), hashOf)
	want := config.Tree{
		Commit: configtree.NoCommit, Prefix: ".",
		Files: map[string]config.File{}, Kustomizations: map[string]bool{}, Hashes: map[string]string{},
	}
	missing := got.Problems
	got.Problems = nil
	if diff := cmp.Diff(want, got); diff != "" || err != nil || len(missing) != 2 {
		t.Error(err, diff, missing)
	}
}

func TestUnreadableFilesHaveAProblem(t *testing.T) {
	t.Parallel()
	contents := repository()
	contents["previewset.yaml"] = "-> README.md"
	contents["slots.yaml"] = strings.Repeat("x", config.MaxFileSize+1)
	contents["access.yaml"] = "-> slots.yaml"
	contents["overlays/jakub/environment.yaml"] = strings.Repeat("x", config.MaxFileSize)
	delete(contents, "overlays/plain/environment.yaml")
	contents["overlays/plain/environment.yaml/file"] = "a folder instead of a file"
	contents["overlays/link"] = "-> jakub"
	contents["overlays/linked/kustomization.yaml"] = "-> ../jakub/kustomization.yaml"
	tree, err := configtree.Read(files(contents), hashOf)
	if err != nil {
		t.Fatal(err)
	}
	problems := map[string]string{}
	for name, f := range tree.Files {
		problems[name] = f.Problem
		if f.Problem != "" && len(f.Content) > 0 {
			t.Errorf("%s has a problem and content", name)
		}
	}
	want := map[string]string{
		"previewset.yaml":                 "is a symbolic link",
		"slots.yaml":                      "is larger than 256 KiB",
		"access.yaml":                     "is a symbolic link",
		"overlays/jakub/environment.yaml": "",
		"overlays/plain/environment.yaml": "is not a regular file",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if n := len(tree.Files["overlays/jakub/environment.yaml"].Content); n != config.MaxFileSize {
		t.Errorf("a file of exactly the limit has %d bytes", n)
	}
	if _, ok := tree.Hashes["overlays/link"]; ok || tree.Kustomizations["overlays/linked"] {
		t.Errorf("a link was followed: %v, %v", tree.Hashes, tree.Kustomizations)
	}
}

func TestLinkedFoldersAreNotFollowed(t *testing.T) {
	t.Parallel()
	contents := map[string]string{
		"kustomize-base": "-> real", "overlays": "-> others", "real/kustomization.yaml": "x", "others/a/environment.yaml": "x",
	}
	for name, read := range map[string]func(fs.FS) (config.Tree, error){
		"everything":      func(fsys fs.FS) (config.Tree, error) { return configtree.Read(fsys, hashOf) },
		"one environment": func(fsys fs.FS) (config.Tree, error) { return configtree.ReadEnvironments(fsys, "a") },
	} {
		tree, err := read(files(contents))
		if err != nil || len(tree.Files)+len(tree.Hashes)+len(tree.Kustomizations) > 0 || len(tree.Problems) != 2 {
			t.Errorf("%s: %+v, %v", name, tree, err)
		}
	}
}

// unlisted is a file system in which one folder can't be listed.
type unlisted struct {
	fstest.MapFS
	folder string
}

func (u unlisted) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == u.folder {
		return nil, errors.New("listed " + name)
	}
	return u.MapFS.ReadDir(name)
}

func TestReadEnvironmentsReadsNoOthers(t *testing.T) {
	t.Parallel()
	got, err := configtree.ReadEnvironments(unlisted{files(repository()), "overlays"}, "jakub", "absent")
	want := config.Tree{
		Commit: configtree.NoCommit, Prefix: ".",
		Files: map[string]config.File{
			"previewset.yaml":                 {Content: []byte("kind: PreviewConfig\n")},
			"slots.yaml":                      {Content: []byte("kind: SlotPool\n")},
			"overlays/jakub/environment.yaml": {Content: []byte("kind: Environment\n")},
		},
		Kustomizations: kustomizations(),
		Hashes:         map[string]string{"kustomize-base": "", "overlays/preview": "", "overlays/jakub": ""},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestUnreadableFolderIsAnError(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"overlays", "kustomize-base/services", "overlays/jakub"} {
		if tree, err := configtree.Read(unlisted{files(repository()), folder}, hashOf); err == nil {
			t.Errorf("%s: %+v", folder, tree)
		}
	}
	failing := func(string) (string, error) { return "", errors.New("no hash") }
	if _, err := configtree.Read(files(repository()), failing); err == nil {
		t.Error("a missing hash is no error")
	}
}

// nested is a file system in which each of 12 levels below kustomize-base/nested has ten folders in each
// folder, as in a small Git commit.
type nested struct{ fstest.MapFS }

func (n nested) ReadDir(name string) ([]fs.DirEntry, error) {
	if !strings.HasPrefix(name, "kustomize-base/nested") {
		return n.MapFS.ReadDir(name)
	}
	var entries []fs.DirEntry
	if strings.Count(name, "/") > 12 {
		return entries, nil
	}
	for _, child := range "0123456789" {
		info, err := n.Stat("kustomize-base/nested/" + string(child))
		if err != nil {
			return nil, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}

func TestFoldersOfTheBaseAreBounded(t *testing.T) {
	t.Parallel()
	fsys := nested{files(repository())}
	for _, child := range "0123456789" {
		fsys.MapFS["kustomize-base/nested/"+string(child)] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	}
	tree, err := configtree.Read(fsys, hashOf)
	if err != nil || len(tree.Problems) != 1 || tree.Problems[0].File != "kustomize-base" ||
		tree.Problems[0].Message != "has more than 50000 files and folders" {
		t.Errorf("problems are %v, %v", tree.Problems, err)
	}
}
