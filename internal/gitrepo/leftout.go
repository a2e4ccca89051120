package gitrepo

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// LeftOut calls add for the first paths of the whole commit that the file system doesn't list, and says whether Git
// refuses to check them out. A path may contain any bytes.
func (t *Tree) LeftOut(add func(name string, isRefused bool)) error {
	w := &leftOutWalk{tree: t, seen: map[plumbing.Hash]bool{}, add: add}
	return w.visit("", t.root.Hash)
}

// maxLeftOut limits the paths that LeftOut adds.
const maxLeftOut = 20

// leftOutWalk visits each tree object once.
type leftOutWalk struct {
	tree  *Tree
	seen  map[plumbing.Hash]bool
	add   func(name string, isRefused bool)
	added int
	// hasRefused is true after the first name that Git refuses. It counts even if there are too many others.
	hasRefused bool
}

func (w *leftOutWalk) visit(folder string, hash plumbing.Hash) error {
	if w.seen[hash] {
		return nil
	}
	w.seen[hash] = true
	tree, err := object.GetTree(w.tree.store, hash)
	if err != nil {
		return err
	}
	for _, e := range tree.Entries {
		switch {
		case !isListed(e.Name):
			isRefused := isRefusedByGit(e.Name)
			if w.added < maxLeftOut || isRefused && !w.hasRefused {
				w.add(folder+e.Name, isRefused)
				w.added++
			}
			w.hasRefused = w.hasRefused || isRefused
		case e.Mode == filemode.Dir:
			err = errors.Join(err, w.visit(folder+e.Name+"/", e.Hash))
		}
	}
	return err
}

// isListed reports whether a name in a tree can be a part of a path.
func isListed(name string) bool { return fs.ValidPath(name) && !isRefusedByGit(name) }

// isRefusedByGit reports whether Git refuses to check out a name. Git's own programs don't write such a name, but a
// program can push one to a server that doesn't check objects.
func isRefusedByGit(name string) bool {
	return name == "" || name == "." || name == ".." || strings.Contains(name, "/") || strings.EqualFold(name, ".git")
}
