package config

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// OverlayState is the saved state of one overlay: the trees that it was made of, the commit at which they last changed,
// and its last valid environment file.
type OverlayState struct {
	Trees, Commit string
	Folder        bool // it has its own kustomization file
	Environment   *Environment
}

// Overlays returns the state of each overlay, to be saved. FromOverlays is the reverse.
func (c *Config) Overlays() map[string]OverlayState {
	overlays := map[string]OverlayState{}
	for name, p := range c.overlayRevisions {
		overlays[name] = OverlayState{
			Trees:       p.trees,
			Commit:      p.commit,
			Folder:      c.folders[name],
			Environment: c.Environments[name],
		}
	}
	return overlays
}

// FromOverlays returns a configuration with only the parts that Load takes over from the previous one.
func FromOverlays(overlays map[string]OverlayState) *Config {
	c := &Config{
		folders:          map[string]bool{},
		overlayRevisions: map[string]overlayRevision{},
		Environments:     map[string]*Environment{},
	}
	for name, o := range overlays {
		c.overlayRevisions[name], c.folders[name] = overlayRevision{trees: o.Trees, commit: o.Commit}, o.Folder
		if o.Environment != nil {
			c.Environments[name] = o.Environment
		}
	}
	return c
}

// FolderTree returns the tree hash of an overlay's own folder, or "" for an environment without one.
func (c *Config) FolderTree(name string) string {
	trees := c.overlayRevisions[name].trees
	return trees[strings.LastIndex(trees, "+")+1:]
}

// ComponentPath returns the path of a folder of kustomize-base relative to an overlay's folder. Paths of existing
// components share their text.
func (c *Config) ComponentPath(parts ...string) string {
	p := componentPath(parts...)
	if shared, ok := c.sharedTexts[p]; ok {
		return shared
	}
	return p
}

func componentPath(parts ...string) string { return "../../" + BaseFolder + "/" + path.Join(parts...) }

// HasLink reports whether a service has a link half. A service without a Kubernetes Service has none.
func (c *Config) HasLink(service string) bool { return c.catalog.link[service] }

// Datasets returns the set of datasets of a data store.
func (c *Config) Datasets(store string) map[string]bool { return c.catalog.datasets[store] }

// CanReset reports whether a data store can start anew: kustomize-base/data/<store>/reset empties its volume.
func CanReset(c *Config, store string) bool { return c.catalog.reset[store] }

// IsSnapshot reports whether a dataset of a store is a copy of a snapshot: kustomize-base/data/<store>/datasets/<dataset>
// has a component snapshot. Its store can't load it again.
func IsSnapshot(c *Config, store, dataset string) bool { return c.catalog.snapshots[store+"/"+dataset] }

// SharedDataset is the dataset of a store with its data in the baseline's server. The environment has no server.
const SharedDataset = "shared"

// CanLoadAgain reports whether a store can load a dataset again after its volume is emptied: not a copy of a snapshot, and
// not a database in the baseline's server.
func CanLoadAgain(c *Config, store, dataset string) bool {
	return !IsSnapshot(c, store, dataset) && (dataset != SharedDataset || !c.Datasets(store)[dataset])
}

// HasComponent reports whether there is an optional component.
func HasComponent(c *Config, name string) bool { return c.catalog.components[name] }

// HasSecrets reports whether there is a component with secrets: kustomize-base/secrets without parts, or that of a
// service, a store or a dataset.
func HasSecrets(c *Config, parts ...string) bool { return c.catalog.secrets[path.Join(parts...)] }

// overlayRevision is the commit at which the trees that make up an overlay last changed.
type overlayRevision struct{ trees, commit string }

// setOverlayRevisions finds the commit at which the trees of each overlay last changed: the commit in prev if the trees
// are equal, otherwise this one. So an unrelated commit changes no environment.
func (c *Config) setOverlayRevisions(t Tree, prev *Config) {
	shared := sharedTrees(t)
	c.overlayRevisions = map[string]overlayRevision{"": c.revisionOf("", shared, t.Commit, prev)}
	for folder, hash := range t.Hashes {
		name, ok := strings.CutPrefix(folder, OverlaysFolder+"/")
		if !ok || folder == SharedOverlay {
			continue
		}
		c.folders[name] = t.Kustomizations[folder]
		c.overlayRevisions[name] = c.revisionOf(name, shared+"+"+hash, t.Commit, prev)
	}
}

// keepBrokenOverlays keeps the last valid version of each overlay that can't be used in this commit.
func (c *Config) keepBrokenOverlays(t Tree, prev *Config) {
	broken := map[string]Problem{}
	maps.Copy(broken, t.BrokenOverlays)
	for _, name := range slices.Sorted(maps.Keys(t.Unbuildable)) {
		c.Problems = append(c.Problems, t.Unbuildable[name])
		if c.overlayRevisions[name].commit == t.Commit && isPinned(prev) {
			broken[name] = t.Unbuildable[name]
		}
	}
	if t.CheckoutProblem != nil {
		c.Problems = append(c.Problems, *t.CheckoutProblem)
		for name, revision := range c.overlayRevisions {
			if revision.commit == t.Commit {
				broken[name] = *t.CheckoutProblem
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		c.keepOverlay(name, broken[name], prev)
	}
}

// isPinned reports whether a configuration has an earlier commit of the shared overlay.
func isPinned(prev *Config) bool { return prev != nil && prev.overlayRevisions[""].commit != "" }

// changedBaseProblems returns the problems of a commit that breaks the shared parts. At the first start, and while the
// shared parts are broken as before, the rest of the configuration is used.
func changedBaseProblems(t Tree, prev *Config) Problems {
	if !isPinned(prev) || prev.overlayRevisions[""].trees == sharedTrees(t) {
		return nil
	}
	return t.BaseProblems
}

func sharedTrees(t Tree) string {
	return t.Prefix + ":" + t.Hashes[BaseFolder] + "+" + t.Hashes[SharedOverlay]
}

// keepOverlay keeps the environment file and the revision of an overlay as they were. A new overlay isn't used.
func (c *Config) keepOverlay(name string, p Problem, prev *Config) {
	if name != "" {
		c.Broken[name] = p.Error()
		if !slices.Contains(c.Problems, p) {
			c.Problems = append(c.Problems, p)
		}
	}
	delete(c.Environments, name)
	delete(c.overlayRevisions, name)
	delete(c.folders, name)
	if prev == nil {
		return
	}
	if e := prev.Environments[name]; e != nil {
		c.Environments[name] = e
	}
	if revision, ok := prev.overlayRevisions[name]; ok {
		c.overlayRevisions[name], c.folders[name] = revision, prev.folders[name]
	}
}

func (c *Config) revisionOf(name, trees, commit string, prev *Config) overlayRevision {
	if prev != nil && prev.overlayRevisions[name].trees == trees { // guard unchanged-revision: false
		return prev.overlayRevisions[name]
	}
	return overlayRevision{trees: trees, commit: commit}
}

// Overlay returns the path of an environment's overlay and the commit that Argo CD syncs.
func (c *Config) Overlay(name string) (path, revision string) {
	p, ok := c.overlayRevisions[name]
	if !ok {
		p = c.overlayRevisions[""]
	}
	path = SharedOverlay
	if c.folders[name] {
		path = OverlaysFolder + "/" + name
	}
	if c.prefix != "" && c.prefix != "." {
		path = c.prefix + "/" + path
	}
	return path, p.commit
}
