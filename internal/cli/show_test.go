package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

// A failing Pod is found while Argo CD syncs, and after a failed sync. Then the progress isn't about it.
func TestShowNamesAFailure(t *testing.T) {
	t.Parallel()
	isReady := false
	pod := &preview.UnhealthyResource{Kind: "Pod", Name: "web-1", Health: "Degraded", Message: "exit code 3"}
	deployment := &preview.UnhealthyResource{Kind: "Deployment", Name: "web", Health: "Progressing"}
	for _, tt := range []struct {
		name        string
		progress    preview.Progress
		application *preview.ApplicationStatus
		why         [2]string
		lookAt      string
	}{
		{
			"a sync with a failing Pod",
			preview.Progress{Phase: preview.PhaseDeploying, Reason: "it is being synced"},
			&preview.ApplicationStatus{FailingPod: pod, Unhealthy: deployment},
			[2]string{"Waits for", "it is being synced"},
			"Pod web-1 is Degraded: exit code 3",
		},
		{
			"a failed sync with a failing Pod",
			preview.Progress{Phase: preview.PhaseFailed, Reason: "its sync failed"},
			&preview.ApplicationStatus{FailingPod: pod},
			[2]string{"Problem", "its sync failed"},
			"Pod web-1 is Degraded: exit code 3",
		},
		{
			"a degraded Deployment",
			preview.Progress{Phase: preview.PhaseDegraded, Reason: "it is Degraded", Resource: deployment},
			&preview.ApplicationStatus{Unhealthy: deployment},
			[2]string{"Problem", "it is Degraded"},
			"Deployment web is Progressing",
		},
		{"no Application", preview.Progress{Phase: preview.PhaseDeploying}, nil, [2]string{"Waits for", ""}, ""},
	} {
		s := preview.Status{
			Row: preview.Row{State: preview.Awake}, Ready: &isReady, Reason: tt.progress.Reason, Progress: tt.progress,
			Application: tt.application,
		}
		got := [][2]string{details{Status: s}.why(), {"Look at", resourceToLookAt(s)}}
		if diff := cmp.Diff([][2]string{tt.why, {"Look at", tt.lookAt}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
