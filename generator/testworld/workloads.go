package testworld

import (
	"context"
	"errors"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// workloads are what runs, by namespace.
type Workloads map[string][]preview.Workload

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
