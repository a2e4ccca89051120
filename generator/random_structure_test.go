package generator_test

import (
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// pushStructure pushes a commit with a valid policy, in which a required folder is gone or isn't a plain folder.
func (sim events) pushStructure() {
	sim.t.Helper()
	b := sim.config
	folder := pick(sim.simulation, "overlays", "overlays", "kustomize-base")
	policy := object.TreeEntry{Name: "previewset.yaml", Mode: filemode.Regular, Hash: b.blob(sim.settings.policy())}
	entries := slices.DeleteFunc(slices.Clone(b.base), func(e object.TreeEntry) bool { return e.Name == folder })
	entries = append(entries, policy)
	replace := func(mode filemode.FileMode, hash plumbing.Hash) {
		entries = append(entries, object.TreeEntry{Name: folder, Mode: mode, Hash: hash})
	}
	how := pick(sim.simulation, "gone", "a symbolic link", "a submodule", "empty")
	switch how {
	case "a symbolic link":
		replace(filemode.Symlink, b.blob("previewset.yaml"))
	case "a submodule":
		replace(filemode.Submodule, b.commits[0].hash)
	case "empty":
		replace(filemode.Dir, b.tree(nil))
	}
	sim.logf("in a commit of the config branch, %s is %s", folder, how)
	b.writeEntries(entries, nil, false)
	sim.announceHead()
}
