package cluster

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

// degraded is an Application as Argo CD 2.14 stores it.
const degraded = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"preview-alice","namespace":"argocd"},
	"spec":{"source":{"repoURL":"https://github.com/acme/previews.git","path":"overlays/alice","targetRevision":"aaaa",
		"kustomize":{"namespace":"preview-alice","images":["gateway:2"]}}},
	"status":{
		"sync":{"status":"Synced","revision":"aaaa",
			"comparedTo":{"source":{"repoURL":"x","path":"overlays/alice","targetRevision":"aaaa",
				"kustomize":{"images":["gateway:1"]}},"destination":{}}},
		"health":{"status":"Degraded","lastTransitionTime":"2026-11-20T12:00:00Z"},
		"operationState":{"phase":"Succeeded","message":"successfully synced (all tasks run)",
			"syncResult":{"revision":"aaaa","source":{"path":"overlays/alice","targetRevision":"0000"},
			"resources":[{"kind":"Job","name":"migrate","hookPhase":"Failed","message":"earlier attempt"}]}},
		"resources":[
			{"kind":"Namespace","name":"preview-alice","status":"Synced"},
			{"kind":"Deployment","name":"web","health":{"status":"Progressing"}},
			{"kind":"Deployment","name":"gateway","health":{"status":"Degraded","message":"back-off \u001b[31mpulling image"}},
			{"kind":"Deployment","name":"orders","health":{"status":"Degraded"}},
			{"kind":"Service","name":"web","health":{"status":"Healthy"}}],
		"summary":{"images":["gateway:1"]}}}`

func TestApplicationStatus(t *testing.T) {
	t.Parallel()
	app := newObject(t, degraded)
	got, err := statusOf(&app)
	if err != nil {
		t.Fatal(err)
	}
	want := &preview.ApplicationStatus{
		Sync: "Synced", Health: "Degraded", Revision: "aaaa", Operation: "Succeeded", Message: "successfully synced (all tasks run)",
		Images: []string{"gateway:1"},
		Unhealthy: &preview.UnhealthyResource{
			Kind: "Deployment", Name: "gateway", Health: "Degraded", Message: "back-off [31mpulling image",
		},
		Spec: preview.ApplicationSource{
			TargetRevision: "aaaa", Path: "overlays/alice",
			Kustomize: preview.Kustomize{Namespace: "preview-alice", Images: []string{"gateway:2"}},
		},
		Compared: preview.ApplicationSource{
			TargetRevision: "aaaa", Path: "overlays/alice", Kustomize: preview.Kustomize{Images: []string{"gateway:1"}},
		},
		Tried: preview.ApplicationSource{TargetRevision: "0000", Path: "overlays/alice"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestApplicationProblems(t *testing.T) {
	t.Parallel()
	status := func(o map[string]any) map[string]any { return o["status"].(map[string]any) }
	for name, tt := range map[string]struct {
		edit func(map[string]any)
		want func(preview.ApplicationStatus) bool
	}{
		"being deleted": {
			func(o map[string]any) { o["metadata"].(map[string]any)["deletionTimestamp"] = "2026-11-20T12:00:00Z" },
			func(s preview.ApplicationStatus) bool { return s.Deleting && len(s.Remaining) == 0 },
		},
		"being deleted, with a cloud resource that takes its time": {
			func(o map[string]any) {
				o["metadata"].(map[string]any)["deletionTimestamp"] = "2026-11-20T12:00:00Z"
				pending := map[string]any{"status": "Progressing", "message": "Pending deletion"}
				status(o)["resources"] = []any{
					map[string]any{"kind": "Namespace", "name": "preview-alice", "status": "Synced", "health": pending},
					map[string]any{"group": "apps", "kind": "Deployment", "name": "web", "health": map[string]any{"status": "Missing"}},
					map[string]any{"kind": "Service", "name": "web", "health": pending},
					map[string]any{"group": "s3.aws.m.upbound.io", "kind": "Bucket", "name": "uploads\x1b[31m", "health": pending},
				}
			},
			func(s preview.ApplicationStatus) bool {
				return slices.Equal(s.Remaining, []string{"Bucket uploads[31m", "Service web"})
			},
		},
		"being deleted, without stored health": {
			func(o map[string]any) {
				o["metadata"].(map[string]any)["deletionTimestamp"] = "2026-11-20T12:00:00Z"
				status(o)["resources"] = []any{
					map[string]any{"kind": "Service", "name": "web", "status": "OutOfSync"},
					map[string]any{"group": "sqs.services.k8s.aws", "kind": "Queue", "name": "mails", "status": "Synced"},
				}
			},
			func(s preview.ApplicationStatus) bool { return slices.Equal(s.Remaining, []string{"Queue mails"}) },
		},
		"not being deleted": {
			func(map[string]any) {},
			func(s preview.ApplicationStatus) bool { return s.Remaining == nil },
		},
		"a requested sync": {
			func(o map[string]any) { o["operation"] = map[string]any{"sync": map[string]any{}} },
			func(s preview.ApplicationStatus) bool { return s.Operation == "Running" && s.Message == "" },
		},
		"a failed hook": {
			func(o map[string]any) { status(o)["operationState"].(map[string]any)["phase"] = "Failed" },
			func(s preview.ApplicationStatus) bool {
				return s.Unhealthy.String() == "Job migrate is failed: earlier attempt"
			},
		},
		"manifests that can't be built": {
			func(o map[string]any) {
				status(o)["conditions"] = []any{
					map[string]any{"type": "OrphanedResourceWarning"},
					map[string]any{"type": "ComparisonError", "message": "kustomize build failed"},
				}
			},
			func(s preview.ApplicationStatus) bool { return s.Broken && s.Message == "kustomize build failed" },
		},
		"a failed sync without another attempt": {
			func(o map[string]any) {
				status(o)["conditions"] = []any{map[string]any{"type": "SyncError", "message": "failed 3 times"}}
			},
			func(s preview.ApplicationStatus) bool { return !s.Broken && s.Message == "failed 3 times" },
		},
		"a new Application": {
			func(o map[string]any) { delete(o, "status") },
			func(s preview.ApplicationStatus) bool {
				return s.Sync == "" && s.Health == "" && s.Unhealthy == nil && s.Images != nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newObject(t, degraded)
			tt.edit(app.Object)
			got, err := statusOf(&app)
			if err != nil || !tt.want(*got) {
				t.Errorf("%v %+v", err, got)
			}
		})
	}
	invalid := newObject(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"odd"},"spec":{"source":[]}}`)
	if _, err := statusOf(&invalid); err == nil {
		t.Error("no error for a list as source")
	}
}
