package preview

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readinessCase is a change of the status of a ready Application.
type readinessCase struct {
	name    string
	change  func(*ApplicationStatus)
	failing bool
	reason  string
}

// readinessCases are the states of an Application. The source function returns that of the newest row, with a change.
func readinessCases(source func(func(*ApplicationSource)) ApplicationSource) []readinessCase {
	older := source(func(s *ApplicationSource) { s.Kustomize.Images = []string{"gateway:0"} })
	return []readinessCase{
		{"all is as it should be", func(*ApplicationStatus) {}, false, ""},
		{"an operation of before failed", func(a *ApplicationStatus) { a.Operation, a.Tried = "Failed", older }, false, ""},
		{"it is being deleted", func(a *ApplicationStatus) { a.Deleting = true }, false, "its Application is being deleted"},
		{"other images are asked for", func(a *ApplicationStatus) { a.Spec = older }, false, "Argo CD hasn't taken the newest answer yet"},
		{"another commit is asked for", func(a *ApplicationStatus) {
			a.Spec = source(func(s *ApplicationSource) { s.TargetRevision = "bbbb" })
		}, false, "Argo CD hasn't taken the newest answer yet"},
		{"another folder is asked for", func(a *ApplicationStatus) {
			a.Spec = source(func(s *ApplicationSource) { s.Path = "overlays/preview" })
		}, false, "Argo CD hasn't taken the newest answer yet"},
		{"another patch is asked for", func(a *ApplicationStatus) {
			a.Spec = source(func(s *ApplicationSource) { s.Kustomize.Patches = nil })
		}, false, "Argo CD hasn't taken the newest answer yet"},
		{"other images were compared", func(a *ApplicationStatus) { a.Compared = older }, false, "Argo CD hasn't compared the newest commit yet"},
		{
			"another commit was compared", func(a *ApplicationStatus) { a.Revision = "bbbb" }, false,
			"Argo CD hasn't compared the newest commit yet",
		},
		{
			"it is being synced", func(a *ApplicationStatus) { a.Operation, a.Message = "Running", "waiting for Job migrate" }, false,
			"it is being synced: waiting for Job migrate",
		},
		{"its sync is being ended", func(a *ApplicationStatus) { a.Operation = "Terminating" }, false, "it is being synced"},
		{
			"its manifests can't be made", func(a *ApplicationStatus) { a.Broken, a.Message = true, "kustomize build\x1b[31m failed" }, true,
			"Argo CD can't compare it: kustomize build[31m failed",
		},
		{
			"its sync failed", func(a *ApplicationStatus) { a.Operation, a.Message = "Failed", "one or more objects failed" }, true,
			"its sync failed: one or more objects failed",
		},
		{"a hook of its failed", func(a *ApplicationStatus) {
			a.Operation, a.Unhealthy = "Error", &UnhealthyResource{Kind: "Job", Name: "migrate", Health: "failed"}
		}, true, "its sync failed: Job migrate is failed"},
		{"it differs", func(a *ApplicationStatus) { a.Sync = "OutOfSync" }, false, "it is OutOfSync"},
		{"it is starting", func(a *ApplicationStatus) {
			a.Health, a.Unhealthy = "Progressing", &UnhealthyResource{Kind: "Deployment", Name: "gateway", Health: "Progressing", Message: "0 of 1"}
		}, false, "it is Progressing: Deployment gateway is Progressing: 0 of 1"},
		{"a container of its crashes", func(a *ApplicationStatus) {
			a.Health = "Progressing"
			a.FailingPod = &UnhealthyResource{Kind: "Pod", Name: "web-1", Health: "Degraded", Message: "exit code 1"}
		}, true, "its Pod web-1 is Degraded: exit code 1"},
		{"it is degraded", func(a *ApplicationStatus) { a.Health = "Degraded" }, true, "it is Degraded"},
		{"its health is unknown", func(a *ApplicationStatus) { a.Health = "" }, false, "its health isn't known yet"},
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	row := Row{Name: "alice", Revision: "aaaa", Path: "overlays/alice", Kustomize: Kustomize{
		Namespace: "preview-alice", Components: []string{}, Images: []string{"gateway:1"},
		Patches: []Patch{{Patch: "{}", Target: Target{Kind: "Ingress"}}},
	}}
	source := func(change func(*ApplicationSource)) ApplicationSource {
		s := ApplicationSource{TargetRevision: "aaaa", Path: "overlays/alice", Kustomize: row.Kustomize}
		s.Kustomize.Components = nil // as Argo CD keeps it
		if change != nil {
			change(&s)
		}
		return s
	}
	for _, tt := range readinessCases(source) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &ApplicationStatus{
				Sync: "Synced", Health: "Healthy", Revision: "aaaa", Operation: "Succeeded", Spec: source(nil),
				Compared: source(nil), Tried: source(nil),
			}
			tt.change(a)
			got := row.WithApplication(a)
			if got.Ready == nil || *got.Ready != (tt.reason == "") || got.Failing != tt.failing || got.Reason != tt.reason {
				t.Errorf("ready %v, failing %v: %q", *got.Ready, got.Failing, got.Reason)
			}
		})
	}
}

func TestWithoutAnApplicationNothingIsReady(t *testing.T) {
	t.Parallel()
	row := Row{Name: "alice", Revision: "aaaa"}
	for name, tt := range map[string]struct {
		got  Status
		want string
	}{
		"none yet":           {row.WithApplication(nil), `{"ready":false,"failing":false,"reason":"Argo CD hasn't made its Application yet"}`},
		"it can't be read":   {row.WithoutApplication("why"), `{"ready":false,"failing":false,"reason":"why"}`},
		"there's no cluster": {row.WithoutApplication(""), `{"failing":false,"reason":""}`},
	} {
		text, _ := json.Marshal(tt.got)
		var got, want map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal([]byte(tt.want), &want)
		for _, key := range []string{"ready", "failing", "reason", "application"} {
			if diff := cmp.Diff(want[key], got[key]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", name, key, diff)
			}
		}
		if got["name"] != "alice" || got["expected"].(map[string]any)["revision"] != "aaaa" {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestWorstResource(t *testing.T) {
	t.Parallel()
	worst := func(healths ...string) string {
		var found *UnhealthyResource
		for _, h := range healths {
			if u := (&UnhealthyResource{Health: h}); u.WorseThan(found) {
				found = u
			}
		}
		return found.Health
	}
	for want, healths := range map[string][]string{
		"Degraded": {"Progressing", "Degraded", "Missing"}, "Missing": {"Suspended", "Missing", "Progressing"},
		"Progressing": {"Unknown", "Progressing"}, "Unknown": {"Unknown"},
	} {
		if got := worst(healths...); got != want {
			t.Errorf("of %v it is %s, want %s", healths, got, want)
		}
	}
}
