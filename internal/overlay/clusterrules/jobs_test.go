package clusterrules_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

func TestProblemsFindImmutableJobs(t *testing.T) {
	t.Parallel()
	const job = `{apiVersion: batch/v1, kind: Job, metadata: {name: migrate, annotations: {ANNOTATION}}, spec: {template: {spec: {
  restartPolicy: Never, containers: [{name: a, image: "registry.test/api:c0ffee"}]}}}}`
	const options = "argocd.argoproj.io/sync-options: "
	tests := []struct {
		name, annotation, images string
		want                     string
	}{
		{"a commit's image", "", "registry.test/api:c0ffee", "Job migrate: spec.template: changes with every commit"},
		{"another image", "", "registry.test/api:v1", ""},
		{"a hook", "argocd.argoproj.io/hook: Sync", "registry.test/api:c0ffee", ""},
		{"replaced by force", options + "'Force=true,Replace=true'", "registry.test/api:c0ffee", ""},
		{"replaced without force", options + "Replace=true", "registry.test/api:c0ffee", "the field is immutable"},
		{"other options", options + "'Prune=false,Force=true'", "registry.test/api:c0ffee", "the field is immutable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := parse(t, strings.Replace(job, "ANNOTATION", tt.annotation, 1))
			b := clusterrules.NewBuild([]manifest.Object{o})
			b.CommitImages = []string{tt.images}
			wantProblem(t, b.Problems(), tt.want)
		})
	}
}
