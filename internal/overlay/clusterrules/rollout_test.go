package clusterrules_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// e2e/systems tries the same objects on a real API server.
func TestProblemsFindBlockedUpdates(t *testing.T) {
	t.Parallel()
	const job = `{apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {template: {spec: {restartPolicy: Never,
  containers: [{name: a, image: "web:1", resources: {requests: {cpu: 100m}}}]}}}}`
	for _, tt := range []struct {
		name, hard, replicas, strategy, want string
		more                                 []string
	}{
		{
			"room for the Pods only", "requests.cpu: 100m", "1", "",
			"Deployment web: spec.strategy: requests.cpu: an update needs 200m for a moment, and ResourceQuota guardrails allows 100m", nil,
		},
		{"room for one Pod more", "requests.cpu: 200m", "1", "", "", nil},
		{"a value that is exceeded already", "requests.cpu: 50m", "1", "", "requests.cpu: 100m is used, and 50m is allowed", nil},
		{"the old Pod ends first", "requests.cpu: 100m", "1", "type: Recreate", "", nil},
		{"one of four Pods ends first", "requests.cpu: 400m", "4", "", "", nil},
		{"no Pod of three ends first", `pods: "3"`, "3", "", "pods: an update needs 4 for a moment", nil},
		{"no surge", `pods: "1"`, "1", "rollingUpdate: {maxSurge: 0}", "", nil},
		{"an unavailable Pod", `pods: "1"`, "1", "rollingUpdate: {maxUnavailable: 1}", "", nil},
		{"no Pods", `pods: "0"`, "0", "", "", nil},
		{"room after a Job has ended", "requests.cpu: 200m", "1", "", "", []string{job}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			change := strings.NewReplacer("requests.cpu: 100m", tt.hard, "replicas: 1", "replicas: "+tt.replicas+", strategy: {"+tt.strategy+"}")
			var objects []manifest.Object
			for _, text := range append(overlaytest.BlockedUpdate(), tt.more...) {
				objects = append(objects, parse(t, change.Replace(text)))
			}
			wantProblem(t, clusterrules.NewBuild(objects).Problems(), tt.want)
		})
	}
}
