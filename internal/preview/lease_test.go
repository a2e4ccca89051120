package preview

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

// leaseFiles are n leases, lease-0 and so on, that end at a time.
func leaseFiles(n int, end time.Time) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("overlays/lease-%d/environment.yaml", i)] = testfixture.EnvironmentYAML(
			"profile: full\nlease: true\nlifetime: {expires: " + end.Format(time.RFC3339) + "}\n")
	}
	return files
}

// of returns the files with others.
func of(files ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, some := range files {
		maps.Copy(all, some)
	}
	return all
}

// All leases are released or end at once, without a confirmation. The guard counts none of them.
func TestManyLeasesEndAtOnce(t *testing.T) {
	t.Parallel()
	const many = 100
	end := noon.Add(3 * time.Hour)
	people := map[string]string{jakub: testfixture.EnvironmentYAML("profile: full\n")}
	for name, tt := range map[string]struct {
		after map[string]string
		pass  time.Duration
	}{
		"released":             {of(people), time.Minute},
		"ended":                {of(people, leaseFiles(many, end)), 4 * time.Hour},
		"released by a person": {of(people, leaseFiles(many/2, end)), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDays(t, lifetimes("{grace: 1h}")).files(of(people, leaseFiles(many, end)))
			d.answer()
			if got := len(d.last.Rows); got != many+1 {
				t.Fatalf("%d environments: %v", got, outcomes(d.last))
			}
			d.files(tt.after).pass(tt.pass)
			for _, row := range d.last.Rows {
				if _, stays := tt.after["overlays/"+row.Name+"/environment.yaml"]; !stays || name == "ended" && row.Name != "jakub" {
					t.Errorf("%s is live", row.Name)
				}
			}
			if len(d.last.Memory.Removals) > 0 {
				t.Errorf("%d removals are counted", len(d.last.Memory.Removals))
			}
		})
	}
}

// Many environments of people go together with leases: theirs are held, and the leases go.
func TestGuardHoldsPeoplesEnvironmentsBesideLeases(t *testing.T) {
	t.Parallel()
	end, people := noon.Add(3*time.Hour), map[string]string{}
	for i := range 20 {
		people[fmt.Sprintf("overlays/person-%02d/environment.yaml", i)] = testfixture.EnvironmentYAML("profile: full\n")
	}
	d := newDays(t, lifetimes("{grace: 1h}")).files(of(people, leaseFiles(20, end)))
	d.answer()
	d.files(map[string]string{}).pass(time.Minute)
	if len(d.last.Rows) != 20 || !strings.HasPrefix(d.last.Rows[0].Name, "person-") {
		t.Errorf("live: %v", names(d.last))
	}
}

// A lease counts for limits.leases only, and people's environments for the other limits.
func TestLimitOfLeases(t *testing.T) {
	t.Parallel()
	policy := lifetimes("{grace: 1h}") + "limits: {environments: 1, perOwner: 1, leases: 2}\n"
	d := newDays(t, policy).files(leaseFiles(3, noon.Add(3*time.Hour)))
	d.pulls = []PullRequest{pull(1)}
	d.answer()
	if diff := cmp.Diff([]string{"lease-0", "lease-1", "shop-pr-1"}, names(d.last)); diff != "" {
		t.Error(diff)
	}
	x := d.decided("lease-2")
	if x.Rule != RuleLimit || !strings.Contains(x.Reason, "limits.leases (2)") || !strings.Contains(x.Remedy, "previewctl release") {
		t.Errorf("%+v", x)
	}
}

// At limits.awake the newest lease sleeps for an environment of a person, used or not, and no environment for a lease.
func TestLeasesSleepForPeoplesEnvironments(t *testing.T) {
	t.Parallel()
	policy := lifetimes("{grace: 1h}") + "limits: {awake: 2}\n"
	d := newDays(t, policy).files(leaseFiles(1, noon.Add(9*time.Hour)))
	d.answer()
	d.files(leaseFiles(2, noon.Add(9*time.Hour))).pass(time.Minute).want("lease-0 awake, lease-1 awake")
	d.used["lease-0"], d.used["lease-1"] = true, true
	d.add(pull(1)).want("lease-0 awake, lease-1 asleep, 1 awake")
	if x := d.decided("lease-1"); !strings.Contains(x.Reason, "it is a lease") {
		t.Errorf("%+v", x)
	}
	d.ask(ActionWake, "lease-1", 0).pass(time.Hour).want("lease-0 awake, lease-1 asleep, 1 awake")
	d.files(leaseFiles(3, noon.Add(9*time.Hour))).pass(time.Minute).want("lease-0 awake, lease-1 asleep, 1 awake")
	d.add(pull(2)).want("lease-0 asleep, lease-1 asleep, 1 awake, 2 awake")
	d.add(pull(3)).want("lease-0 asleep, lease-1 asleep, 1 awake, 2 awake")
}

// After a force-push without its file a lease waits for confirmation like each other environment, but not beyond its end.
func TestLeaseEndsAfterAForcePush(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{grace: 1h}")).files(leaseFiles(2, noon.Add(3*time.Hour)))
	d.answer()
	d.config = later(t, d.config, map[string]string{"previewset.yaml": d.policy}, true)
	d.pass(time.Minute).want("lease-0 awake, lease-1 awake")
	d.pass(4 * time.Hour).want("")
}
