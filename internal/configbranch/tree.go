package configbranch

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/previewset/previewset/internal/preview"
)

// readTree takes from a commit what configuration is made of. Whatever else the repository holds is not looked at.
func readTree(c *object.Commit, folder string) (preview.Tree, error) {
	top, err := c.Tree()
	if err != nil {
		return preview.Tree{}, err
	}
	if folder != "." {
		if top, err = top.Tree(folder); err != nil {
			return preview.Tree{}, fmt.Errorf("folder %s: %w; name another with --config-path", folder, err)
		}
	}
	b := &builder{tree: preview.Tree{
		Commit: c.Hash.String(), Prefix: folder,
		Files: map[string]preview.File{}, Kustomizations: map[string]bool{}, Hashes: map[string]string{},
	}}
	return b.tree, b.top(top)
}

type builder struct{ tree preview.Tree }

func (b *builder) top(top *object.Tree) error {
	for _, name := range []string{"previewset.yaml", "slots.yaml"} {
		if err := b.file(top, name, name); err != nil {
			return err
		}
	}
	if base, err := subtree(top, "kustomize-base"); err != nil {
		return err
	} else if base != nil {
		b.tree.Hashes["kustomize-base"] = base.Hash.String()
		if err := b.kustomizations(base, "kustomize-base"); err != nil {
			return err
		}
	}
	overlays, err := subtree(top, "overlays")
	if err != nil || overlays == nil {
		return err
	}
	return b.overlays(overlays)
}

// subtree returns a folder's tree, or nil where there is none.
func subtree(t *object.Tree, name string) (*object.Tree, error) {
	for _, e := range t.Entries {
		if e.Name == name && e.Mode == filemode.Dir {
			return t.Tree(name)
		}
	}
	return nil, nil
}

func (b *builder) overlays(overlays *object.Tree) error {
	for _, e := range overlays.Entries {
		if e.Mode != filemode.Dir {
			continue
		}
		folder := path.Join("overlays", e.Name)
		t, err := overlays.Tree(e.Name)
		if err != nil {
			return err
		}
		b.tree.Hashes[folder] = e.Hash.String()
		b.kustomization(t, folder)
		if err := b.file(t, "environment.yaml", folder+"/environment.yaml"); err != nil {
			return err
		}
	}
	return nil
}

// kustomizations notes every folder below t that holds a kustomization file.
func (b *builder) kustomizations(t *object.Tree, folder string) error {
	b.kustomization(t, folder)
	for _, e := range t.Entries {
		if e.Mode != filemode.Dir {
			continue
		}
		sub, err := t.Tree(e.Name)
		if err != nil {
			return err
		}
		if err := b.kustomizations(sub, path.Join(folder, e.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) kustomization(t *object.Tree, folder string) {
	if hasKustomization(t) {
		b.tree.Kustomizations[folder] = true
	}
}

func hasKustomization(t *object.Tree) bool {
	for _, e := range t.Entries {
		switch e.Name {
		case "kustomization.yaml", "kustomization.yml", "Kustomization":
			return isRegular(e.Mode)
		}
	}
	return false
}

func isRegular(m filemode.FileMode) bool {
	return m == filemode.Regular || m == filemode.Executable || m == filemode.Deprecated
}

// file reads one configuration file, where it exists, as at.
func (b *builder) file(t *object.Tree, name, at string) error {
	for _, e := range t.Entries {
		if e.Name != name {
			continue
		}
		if !isRegular(e.Mode) {
			b.tree.Files[at] = preview.File{Problem: "is not a regular file"}
			return nil
		}
		f, err := t.TreeEntryFile(&e)
		if err != nil {
			return err
		}
		b.tree.Files[at], err = content(f)
		return err
	}
	return nil
}

func content(f *object.File) (preview.File, error) {
	if f.Size > preview.MaxFileSize {
		return preview.File{Problem: fmt.Sprintf("is larger than %d KiB", preview.MaxFileSize>>10)}, nil
	}
	r, err := f.Reader()
	if err != nil {
		return preview.File{}, err
	}
	var s strings.Builder
	_, err = io.Copy(&s, r)
	return preview.File{Content: []byte(s.String())}, errors.Join(err, r.Close())
}
