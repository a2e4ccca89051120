package sources

import (
	"context"
	"log/slog"

	"github.com/previewset/previewset/internal/preview"
)

// ClusterReader reads the Applications and ApplicationSets in the cluster.
type ClusterReader interface {
	Read(ctx context.Context) (preview.Cluster, error)
}

// Cluster has the facts about the cluster.
type Cluster struct {
	Facts   preview.Cluster
	WasRead bool  // successfully, at least once
	Err     error // why the last read failed

	reader ClusterReader // nil without a cluster
	log    *slog.Logger
}

// NewCluster returns a Cluster without facts. The reader is nil without a cluster.
func NewCluster(r ClusterReader, log *slog.Logger) *Cluster { return &Cluster{reader: r, log: log} }

// Exists reports whether there is a cluster.
func (c *Cluster) Exists() bool { return c.reader != nil }

// Read reads the cluster.
func (c *Cluster) Read(ctx context.Context) Task {
	return func() Apply {
		found, err := c.reader.Read(ctx)
		return func() {
			switch {
			case ctx.Err() != nil:
			case err == nil:
				c.Facts, c.Err, c.WasRead = found, nil, true
			default:
				if c.Err == nil {
					c.log.Error("read cluster failed; its last facts stay in use", "error", err)
				}
				c.Err = err
			}
		}
	}
}
