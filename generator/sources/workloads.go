package sources

import (
	"context"
	"log/slog"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// WorkloadReader reads the Deployments and StatefulSets of all namespaces that match a pattern like "preview-*".
type WorkloadReader interface {
	Workloads(ctx context.Context, namespaces string) ([]preview.Workload, error)
}

// Workloads reads the workloads of all environments, for metrics.
type Workloads struct {
	reader WorkloadReader // nil reads nothing
	log    *slog.Logger
	err    error // why the last read failed
}

// NewWorkloads returns Workloads. The reader is nil where workloads aren't needed or can't be read.
func NewWorkloads(r WorkloadReader, log *slog.Logger) *Workloads {
	return &Workloads{reader: r, log: log}
}

// Read reads all workloads and hands them to store.
func (w *Workloads) Read(ctx context.Context, config *config.Config, store func([]preview.Workload)) Task {
	if w.reader == nil || config == nil {
		return Nothing
	}
	prefix := config.Policy.NamespacePrefix
	return func() Apply {
		all, err := w.reader.Workloads(ctx, prefix+"*")
		return func() {
			switch {
			case ctx.Err() != nil:
			case err != nil:
				if w.err == nil {
					w.log.Warn("read workloads failed; metrics of requested resources keep their last values", "error", err)
				}
				w.err = err
			default:
				w.err = nil
				store(all)
			}
		}
	}
}
