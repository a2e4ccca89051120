package kustomization

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

var (
	noCharts = &refusal{
		"Helm charts are fetched and run from elsewhere", "render the chart with helm template and commit the result",
	}
	noReplicas = &refusal{
		"replicas here would keep the environment from sleeping", "set the number in the service's run component",
	}
)

// refuseFields refuses the fields that no kustomization may have.
func (in inspector) refuseFields() {
	k := in.folder.Kustomization
	if len(k.HelmCharts) > 0 {
		in.refuse(noCharts, "helmCharts")
	}
	if len(k.HelmChartInflationGenerator) > 0 {
		in.refuse(noCharts, "helmChartInflationGenerator")
	}
	if k.HelmGlobals != nil {
		in.refuse(noCharts, "helmGlobals")
	}
	if k.MetaData != nil {
		in.refuseFunctions(k.MetaData.Annotations, in.folder.File, yamldoc.Line(in.folder.root, "metadata", "annotations"))
	}
	if len(k.Replicas) > 0 && refusesReplicas(in.folder.Dir) {
		in.refuse(noReplicas, "replicas")
	}
}

// refusesReplicas reports whether a folder is the overlay of an environment. Replicas in an overlay override the
// patches that put an environment to sleep. The baseline in overlays/staging never sleeps.
func refusesReplicas(dir string) bool {
	return isIn(dir, overlaysFolder) && !isIn(dir, overlaysFolder+"/staging")
}

func isIn(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

// refuseFunctions refuses the annotations that make an object a function, which is a program that Kustomize runs.
func (in inspector) refuseFunctions(annotations map[string]string, file string, line int) {
	for _, key := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
		if _, ok := annotations[key]; ok {
			in.folder.Problems = append(in.folder.Problems, config.Problem{
				File: file, Line: line, Path: fmt.Sprintf("metadata.annotations[%s]", key),
				Message: "makes this a function that runs a program", Remedy: "remove it: builds run no programs",
			})
		}
	}
}
