package testworld

import (
	"context"
	"errors"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Workloads are the workloads of namespaces. Reading fails if the map is nil.
type Workloads map[string][]preview.Workload

// Workloads implements progress.Workloads.
func (w Workloads) Workloads(_ context.Context, namespace string) ([]preview.Workload, error) {
	if w == nil {
		return nil, errors.New("forbidden")
	}
	prefix, many := strings.CutSuffix(namespace, "*")
	if !many {
		return w[namespace], nil
	}
	var all []preview.Workload
	for in, some := range w {
		for _, one := range some {
			if one.Namespace = in; strings.HasPrefix(in, prefix) {
				all = append(all, one)
			}
		}
	}
	return all, nil
}
