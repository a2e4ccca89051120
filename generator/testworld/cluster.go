package testworld

import (
	"context"
	"slices"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// Plugins are the plugin generators of ApplicationSets with filters, by name, and of one that asks another service.
func Plugins(filters map[string]map[string]any) []preview.Plugin {
	all := []preview.Plugin{{ApplicationSet: "others", ConfigMap: "another-generator"}}
	for name, parameters := range filters {
		all = append(all, preview.Plugin{ApplicationSet: name, ConfigMap: "preview-generator", Parameters: parameters})
	}
	return all
}

// WithCluster lets a service use the world's cluster.
func WithCluster(w *World) func(*generator.Options) {
	return func(o *generator.Options) { o.Cluster = Cluster{w} }
}

// TakeRefreshed removes and returns the refreshed ApplicationSets.
func (w *World) TakeRefreshed() []string {
	defer w.lock()()
	names := w.Refreshed
	w.Refreshed = nil
	slices.Sort(names)
	return names
}

// Cluster is the cluster of a world. It is a type of its own because World.Read reads the config branch.
type Cluster struct{ *World }

// Read implements generator.Cluster.
func (c Cluster) Read(context.Context) (preview.Cluster, error) {
	defer c.lock()()
	return preview.Cluster{Taken: c.Taken, Plugins: c.Plugins}, c.ClusterErr
}

// Recover implements generator.Cluster.
func (c Cluster) Recover(context.Context) (preview.Recovered, error) {
	defer c.lock()()
	return c.Recovered, c.RecoverErr
}

// Refresh implements generator.Cluster.
func (c Cluster) Refresh(_ context.Context, applicationSet string) error {
	defer c.lock()()
	c.Refreshed = append(c.Refreshed, applicationSet)
	return c.RefreshErr
}
