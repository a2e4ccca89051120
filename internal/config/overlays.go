package config

import (
	"path"
	"strings"
)

// Overlay is the saved state of one overlay: the trees that it was made of, and its environment file in force.
type Overlay struct {
	Trees, Commit string
	Folder        bool // it has its own kustomization file
	Environment   *Environment
}

// Overlays returns the state of each overlay, to be saved. FromOverlays is the reverse.
func (c *Config) Overlays() map[string]Overlay {
	overlays := map[string]Overlay{}
	for name, p := range c.pins {
		overlays[name] = Overlay{
			Trees:       p.trees,
			Commit:      p.commit,
			Folder:      c.folders[name],
			Environment: c.Environments[name],
		}
	}
	return overlays
}

// FromOverlays returns a configuration with only the parts that Load takes over from the previous one.
func FromOverlays(overlays map[string]Overlay) *Config {
	c := &Config{
		folders:      map[string]bool{},
		pins:         map[string]overlayRevision{},
		Environments: map[string]*Environment{},
	}
	for name, o := range overlays {
		c.pins[name], c.folders[name] = overlayRevision{trees: o.Trees, commit: o.Commit}, o.Folder
		if o.Environment != nil {
			c.Environments[name] = o.Environment
		}
	}
	return c
}

// FolderTree returns the tree hash of an overlay's own folder, or "" for an environment without one.
func (c *Config) FolderTree(name string) string {
	trees := c.pins[name].trees
	return trees[strings.LastIndex(trees, "+")+1:]
}

// ComponentPath returns the path of a folder of kustomize-base relative to an overlay's folder. Paths of existing
// components share their text.
func (c *Config) ComponentPath(parts ...string) string {
	p := componentPath(parts...)
	if shared, ok := c.paths[p]; ok {
		return shared
	}
	return p
}

func componentPath(parts ...string) string { return "../../" + BaseFolder + "/" + path.Join(parts...) }

// Datasets returns the set of datasets of a data store.
func (c *Config) Datasets(store string) map[string]bool { return c.catalog.datasets[store] }

type overlayRevision struct{ trees, commit string }

func (c *Config) pinOverlays(t Tree, prev *Config) {
	shared := t.Prefix + ":" + t.Hashes[BaseFolder] + "+" + t.Hashes[SharedOverlay]
	c.pins = map[string]overlayRevision{"": c.pinned("", shared, t.Commit, prev)}
	for folder, hash := range t.Hashes {
		name, ok := strings.CutPrefix(folder, OverlaysFolder+"/")
		if !ok || folder == SharedOverlay {
			continue
		}
		c.folders[name] = t.Kustomizations[folder]
		c.pins[name] = c.pinned(name, shared+"+"+hash, t.Commit, prev)
	}
}

func (c *Config) pinned(name, trees, commit string, prev *Config) overlayRevision {
	if prev != nil && prev.pins[name].trees == trees { // guard unchanged-revision: false
		return prev.pins[name]
	}
	return overlayRevision{trees: trees, commit: commit}
}

func (c *Config) Overlay(name string) (path, revision string) {
	p, ok := c.pins[name]
	if !ok {
		p = c.pins[""]
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
