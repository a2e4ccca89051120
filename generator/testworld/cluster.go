package testworld

import (
	"context"
	"slices"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// plugins are ApplicationSets that ask this service, with their filters, and one that asks another.
func Plugins(filters map[string]map[string]any) []preview.Plugin {
	all := []preview.Plugin{{ApplicationSet: "others", ConfigMap: "another-generator"}}
	for name, parameters := range filters {
		all = append(all, preview.Plugin{ApplicationSet: name, ConfigMap: "preview-generator", Parameters: parameters})
	}
	return all
}

func WithCluster(w *World) func(*generator.Options) {
	return func(o *generator.Options) { o.Cluster = Cluster{w} }
}

func (w *World) TakeRefreshed() []string {
	defer w.lock()()
	names := w.Refreshed
	w.Refreshed = nil
	slices.Sort(names)
	return names
}

// cluster is the world's third interface, apart because Read is taken.
type Cluster struct{ *World }

func (c Cluster) Read(context.Context) (preview.Cluster, error) {
	defer c.lock()()
	return preview.Cluster{Taken: c.Taken, Plugins: c.Plugins}, c.ClusterErr
}

func (c Cluster) Recover(context.Context) (preview.Recovered, error) {
	defer c.lock()()
	return c.Recovered, c.RecoverErr
}

func (c Cluster) Refresh(_ context.Context, applicationSet string) error {
	defer c.lock()()
	c.Refreshed = append(c.Refreshed, applicationSet)
	return c.RefreshErr
}
