package preview

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// redeployed returns the times of the last redeployment in the Pod templates of a row, by kind of workload and label.
func redeployed(t *testing.T, row Row) map[string]string {
	t.Helper()
	times := map[string]string{}
	for _, p := range row.Kustomize.Patches {
		var patch struct {
			Spec struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
				}
			}
		}
		if json.Unmarshal([]byte(p.Patch), &patch) != nil {
			continue
		}
		if at, ok := patch.Spec.Template.Metadata.Annotations["previewset.dev/redeploy"]; ok {
			times[p.Target.Kind+" "+p.Target.LabelSelector] = at
		}
	}
	return times
}

// bothKinds are the patches of a row after a redeployment.
func bothKinds(at string) map[string]string {
	return map[string]string{"Deployment previewset.dev/image-of": at, "StatefulSet previewset.dev/image-of": at}
}

// The time of a request changes the row once. It stays the same after a restart, a clock jump and a push, and while the
// environment can't be composed. Otherwise Pods would start anew without a request.
func TestARedeploymentChangesTheRowOnce(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1))
	plain := only(t, d.last)
	if diff := cmp.Diff(map[string]string{}, redeployed(t, plain)); diff != "" {
		t.Fatalf("without a request (-want +got):\n%s", diff)
	}
	row := only(t, d.ask(ActionRedeploy, "shop-pr-1", 0).last)
	want := bothKinds("2026-11-20T12:00:01Z")
	if diff := cmp.Diff(want, redeployed(t, row)); diff != "" {
		t.Fatalf("after the request (-want +got):\n%s", diff)
	}
	row.Kustomize.Patches = row.Kustomize.Patches[2:]
	if diff := cmp.Diff(plain, row); diff != "" {
		t.Errorf("something else changed (-before +after):\n%s", diff)
	}
	for name, change := range map[string]func(){
		"a restart":      func() { d.last.Memory = restarted(t, d.last.Memory) },
		"a clock jump":   func() { d.now = d.now.Add(24 * time.Hour) },
		"a jump back":    func() { d.now = d.now.Add(-48 * time.Hour) },
		"a push":         func() { d.pulls[0].HeadSHA = testfixture.SHA("fedcba") },
		"a draft":        func() { d.pulls[0].Draft = true },
		"the next wake":  func() { d.ask(ActionWake, "shop-pr-1", 0) },
		"no repository":  func() { d.facts = func(f *Facts) { f.Repositories = nil } },
		"another moment": func() { d.now = d.now.Add(time.Minute) },
	} {
		change()
		d.answer()
		if diff := cmp.Diff(want, redeployed(t, only(t, d.last))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// An environment with a row that can't be composed now gets new Pods all the same.
func TestAnEnvironmentThatIsKeptCanBeRedeployed(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1))
	d.facts = func(f *Facts) { f.Repositories = nil }
	kept := d.pass(time.Minute).last
	d.ask(ActionRedeploy, "shop-pr-1", 0)
	want := bothKinds("2026-11-20T12:01:01Z")
	if diff := cmp.Diff(want, redeployed(t, only(t, d.last))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(redeployed(t, only(t, kept))) > 0 {
		t.Error("the request changed the earlier snapshot")
	}
	d.pass(2*time.Minute).ask(ActionRedeploy, "shop-pr-1", 0)
	if diff := cmp.Diff(bothKinds("2026-11-20T12:03:02Z"), redeployed(t, only(t, d.last))); diff != "" {
		t.Errorf("the second request (-want +got):\n%s", diff)
	}
}

// The row is the same as composed anew, so that a restart of the generator changes nothing.
func TestARedeployedRowIsTheComposedOne(t *testing.T) {
	t.Parallel()
	cfg, at := testfixture.LoadPolicy(t, testfixture.DemoPolicy), noon.Add(time.Hour)
	plan := Plan{Name: "x", Run: map[string]config.ServiceRef{"web": {}}, State: Asleep}
	plain := mustCompose(t, cfg, plan)
	plan.Redeployed = at
	composed := mustCompose(t, cfg, plan)
	for name, row := range map[string]Row{"added": plain, "kept": composed, "replaced": plain.withRedeploy(noon)} {
		if diff := cmp.Diff(composed, row.withRedeploy(at)); diff != "" {
			t.Errorf("%s (-composed +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(plain, composed.withRedeploy(time.Time{})); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
}

func TestRefusedRedeployments(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1))
	refusal := func() string {
		t.Helper()
		err := d.last.Check(d.config, Request{Environment: "shop-pr-1", Action: ActionRedeploy, At: d.now})
		if e := (*RequestError)(nil); err != nil && (!errors.As(err, &e) || e.Unknown || e.Invalid) {
			t.Errorf("%#v", err)
		}
		if err == nil {
			return ""
		}
		return err.Error()
	}
	d.ask(ActionRedeploy, "shop-pr-1", 0)
	if got := refusal(); !strings.Contains(got, "less than a minute ago; wait") {
		t.Errorf("again at once: %q", got)
	}
	d.now = d.now.Add(-time.Hour)
	if got := refusal(); got != "" {
		t.Errorf("after the clock jumped back: %q", got)
	}
	d.now = d.now.Add(time.Hour + time.Minute)
	if got := refusal(); got != "" {
		t.Errorf("a minute later: %q", got)
	}
	d.pass(59*time.Minute - time.Second).want("1 awake").pass(time.Hour).want("1 asleep")
	if got := refusal(); !strings.Contains(got, "is asleep") || !strings.Contains(got, "wake it: previewctl wake shop-pr-1") {
		t.Errorf("asleep: %q", got)
	}
}

// New Pods may pull other code, so a commit that isn't approved any more gets none.
func TestARevokedApprovalStopsRedeployments(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "")
	s := Resolve(c, readAt(factsOf(approvedFork()), noon), Memory{}, noon)
	r := Request{Environment: "shop-pr-7", Action: ActionRedeploy, At: noon}
	if err := s.Check(c, r); err != nil {
		t.Fatal(err)
	}
	s = Resolve(c, readAt(factsOf(pull(7, forked)), noon.Add(time.Minute)), s.Memory, noon.Add(time.Minute))
	if state := only(t, s).State; state != Awake {
		t.Fatalf("it is %s", state)
	}
	if err := s.Check(c, r); err == nil || !strings.Contains(err.Error(), "isn't approved any more; ask another person") {
		t.Errorf("%v", err)
	}
}

func TestNoteOnARedeployment(t *testing.T) {
	t.Parallel()
	d := newDays(t, testfixture.DemoPolicy, pull(1), pull(2))
	d.files(map[string]string{
		"overlays/shop-pr-2/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#2\nhandover: [orders]\n"),
	})
	for name, want := range map[string]string{
		"shop-pr-1": "", "shop-pr-2": "Argo CD leaves handed-over workloads alone, so no new Pods start of: orders",
	} {
		if got := d.last.NoteOn(d.config, Request{Environment: name, Action: ActionRedeploy}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
