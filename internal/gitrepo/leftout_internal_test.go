package gitrepo

import (
	"fmt"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// storeObject adds a tree or a commit to a store.
func storeObject(t *testing.T, store *memory.Storage, o interface {
	Encode(plumbing.EncodedObject) error
},
) plumbing.Hash {
	t.Helper()
	encoded := store.NewEncodedObject()
	if err := o.Encode(encoded); err != nil {
		t.Fatal(err)
	}
	hash, err := store.SetEncodedObject(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// commitOfNested returns a commit in which each of 60 folders has the next one twice: 2^60 paths in 60 small objects.
// The last folder has some entries.
func commitOfNested(t *testing.T, last ...object.TreeEntry) (*memory.Storage, plumbing.Hash) {
	t.Helper()
	store := memory.NewStorage()
	hash := storeObject(t, store, &object.Tree{Entries: last})
	for range 60 {
		hash = storeObject(t, store, &object.Tree{Entries: []object.TreeEntry{
			{Name: "a", Mode: filemode.Dir, Hash: hash}, {Name: "b", Mode: filemode.Dir, Hash: hash},
		}})
	}
	return store, storeObject(t, store, &object.Commit{TreeHash: hash})
}

func TestNeededFilesOfNestedFolders(t *testing.T) {
	t.Parallel()
	file := plumbing.NewHash("1111111111111111111111111111111111111111")
	store, head := commitOfNested(t, object.TreeEntry{Name: "c", Mode: filemode.Regular, Hash: file})
	found, err := neededBlobs(store, head, func(string) bool { return true })
	if err != nil || len(found) != 1 || !found[file] {
		t.Errorf("needed files are %v, %v", found, err)
	}
}

// A commit can have any number of unusable names. The first ones are enough for a person, but a name that Git refuses
// counts wherever it is.
func TestLeftOutNamesAreBounded(t *testing.T) {
	t.Parallel()
	var last []object.TreeEntry
	for i := range 100 {
		last = append(last, object.TreeEntry{Name: fmt.Sprintf("!\xff%02d", i), Mode: filemode.Regular})
	}
	last = append(last, object.TreeEntry{Name: ".GIT", Mode: filemode.Regular}) // after the others, as Git sorts them
	store, head := commitOfNested(t, last...)
	tree, err := newTree(store, head)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	refused := 0
	err = tree.LeftOut(func(name string, isRefused bool) {
		names = append(names, name)
		if isRefused {
			refused++
		}
	})
	if err != nil || len(names) != maxLeftOut+1 || refused != 1 {
		t.Errorf("%d names, %d of them refused, %v", len(names), refused, err)
	}
}
