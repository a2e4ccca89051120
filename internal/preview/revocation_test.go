package preview

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// readAt sets the time of the reads of all repositories.
func readAt(f Facts, at time.Time) Facts {
	for name, r := range f.Repositories {
		r.ReadAt = at
		f.Repositories[name] = r
	}
	return f
}

// goOn resolves every 4 minutes until a time. A longer pause doesn't count as time that passed. Each read shows the same pull requests.
func goOn(t *testing.T, c *config.Config, s *Snapshot, until time.Time, pulls ...PullRequest) *Snapshot {
	t.Helper()
	for now := s.Memory.At.Add(4 * time.Minute); !now.After(until); now = now.Add(4 * time.Minute) {
		s = Resolve(c, readAt(factsOf(pulls...), now), restarted(t, s.Memory), now)
	}
	return s
}

func unwritten(pr *PullRequest) {
	for i := range pr.Approvals {
		pr.Approvals[i].Writer = false
	}
}

func superseded(pr *PullRequest) {
	for i := range pr.Approvals {
		pr.Approvals[i].Superseded = true
	}
}

func asRequestError(err error, target **RequestError) bool { return errors.As(err, target) }

// approvedFork is a pull request from a fork with bob's approval of its head.
func approvedFork(edits ...func(*PullRequest)) PullRequest {
	return pull(7, append([]func(*PullRequest){forked, approvedBy("bob")}, edits...)...)
}

func TestRevokedApprovalStopsAnEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after PullRequest
		want  State
	}{
		{"the approval stays", approvedFork(), Awake},
		{"the approval is dismissed", pull(7, forked), Asleep},
		{"the reviewer has no write permission any more", approvedFork(unwritten), Asleep},
		{"it is dismissed, and the pull request becomes a draft", pull(7, forked, asDraft), Asleep},
		{"it is dismissed, and another commit is pushed", pull(7, forked, headed("bad")), Asleep},
		{"it is dismissed, and its author approves", pull(7, forked, approvedBy("alice")), Asleep},
		{"it is dismissed, and an earlier commit is approved", approvedFork(headed("abcdef1234"), func(pr *PullRequest) {
			pr.Approvals[0].SHA = testfixture.SHA("e")
		}), Asleep},
		{"a commit without an approval is pushed", approvedFork(headed("bad")), Awake},
		{"the reviewer requests changes of a later commit", approvedFork(superseded, headed("bad")), Awake},
		{"it is dismissed, and a later commit is approved and not deployable yet", pull(7, forked, headed("bad"),
			approvedBy("bob"), func(pr *PullRequest) { pr.Changes = nil }), Awake},
		{"the reviews can't be read", approvedFork(func(pr *PullRequest) { pr.Approvals = nil }), Awake},
		{"the permission can't be read", approvedFork(unwritten, func(pr *PullRequest) { pr.Approvals[0].Unread = true }), Awake},
		{"it is dismissed, by facts of an earlier read", pull(7, forked, func(pr *PullRequest) { pr.Stale = true }), Awake},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := forksAllowed(t, "")
			before := Resolve(c, readAt(factsOf(approvedFork()), noon), Memory{}, noon)
			row := only(t, goOn(t, c, before, noon.Add(2*time.Hour), tt.after))
			if row.State != tt.want {
				t.Errorf("it is %s, want %s", row.State, tt.want)
			}
			if row.isStopped() != (tt.want == Asleep) {
				t.Errorf("patches: %v", row.Kustomize.Patches)
			}
			if diff := cmp.Diff(only(t, before).Kustomize.Components, row.Kustomize.Components); diff != "" {
				t.Errorf("its content changed (-before +after):\n%s", diff)
			}
		})
	}
}

// Within the grace it runs, and says when it stops. Afterwards it sleeps, and says how it runs again.
func TestGraceOfARevokedApproval(t *testing.T) {
	t.Parallel()
	c, dismissed := forksAllowed(t, "approvalGrace: 30m, "), pull(7, forked)
	skew := time.Duration(0)
	facts := func(now time.Time, pr PullRequest) Facts {
		f := readAt(factsOf(pr), now)
		f.Skew = &skew
		return f
	}
	s := Resolve(c, facts(noon, approvedFork()), Memory{}, noon)
	for minute := 4; minute <= 48; minute += 4 {
		now, want := noon.Add(time.Duration(minute)*time.Minute), Live
		if minute >= 34 {
			want = AsleepOutcome
		}
		s = Resolve(c, facts(now, dismissed), restarted(t, s.Memory), now)
		d := decision(t, s)
		if d.Outcome != want || d.Rule != RuleApproval || !strings.HasPrefix(d.Remedy, "ask another person with write permission") ||
			!strings.Contains(d.Reason, "commit abcdef1 of acme/shop#7") {
			t.Errorf("minute %d: %s by %s: %s; %s", minute, d.Outcome, d.Rule, d.Reason, d.Remedy)
		}
		if stops := noon.Add(34 * time.Minute); want == Live && (d.SleepsAt == nil || !d.SleepsAt.Equal(stops)) {
			t.Errorf("minute %d: it stops at %v, want %v", minute, d.SleepsAt, stops)
		}
	}
}

// A failed read is no evidence: only a read after the grace counts.
func TestRevokedApprovalNeedsALaterRead(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "")
	s := Resolve(c, readAt(factsOf(approvedFork()), noon), Memory{}, noon)
	first := noon.Add(time.Minute)
	for now := first; now.Before(first.Add(3 * time.Hour)); now = now.Add(4 * time.Minute) {
		s = Resolve(c, readAt(factsOf(pull(7, forked)), first), restarted(t, s.Memory), now)
	}
	if state := only(t, s).State; state != Awake {
		t.Errorf("it is %s without a read after the grace", state)
	}
	if approvedAgain := goOn(t, c, s, s.Memory.At.Add(time.Hour), approvedFork()); only(t, approvedAgain).State != Awake {
		t.Error("it stopped after the next read showed the approval")
	}
}

// The clock jumps back by more than the grace. The read from before that isn't one after the grace.
func TestRevokedApprovalNeedsAnotherRead(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "approvalGrace: 30m, ")
	s := Resolve(c, readAt(factsOf(approvedFork()), noon), Memory{}, noon)
	first := noon.Add(time.Minute)
	facts := readAt(factsOf(pull(7, forked)), first)
	s = Resolve(c, facts, restarted(t, s.Memory), first)
	s = Resolve(c, facts, restarted(t, s.Memory), first.Add(-time.Hour))
	if state := only(t, s).State; state != Awake {
		t.Errorf("it is %s by the same read", state)
	}
}

func TestRevokedApprovalStopsWakes(t *testing.T) {
	t.Parallel()
	c := forksAllowed(t, "approvalGrace: 0s, ")
	s := Resolve(c, readAt(factsOf(approvedFork()), noon), Memory{}, noon)
	s = goOn(t, c, s, noon.Add(30*time.Minute), pull(7, forked))
	err := s.Check(c, Request{Environment: "shop-pr-7", Action: ActionWake, At: s.Memory.At})
	if refused := (*RequestError)(nil); !asRequestError(err, &refused) || refused.Remedy != reapproveRemedy {
		t.Errorf("a wake request: %v", err)
	}
	for _, pr := range []PullRequest{pull(7, forked), pull(7, forked, headed("bad"))} { // a visit, a push
		s.Memory.Ask(Request{Environment: "shop-pr-7", Action: ActionWake, For: time.Hour, At: s.Memory.At})
		s = goOn(t, c, s, s.Memory.At.Add(10*time.Minute), pr)
		if row := only(t, s); row.State != Asleep || row.HeadSHA != testfixture.SHA("abcdef1234") {
			t.Errorf("it is %s at %s", row.State, row.HeadSHA)
		}
	}
	if d := decision(t, s); strings.Contains(d.Remedy, "previewctl wake") {
		t.Errorf("remedy: %s", d.Remedy)
	}
	s = goOn(t, c, s, s.Memory.At.Add(10*time.Minute), pull(7, forked, headed("bad"), approvedBy("bob")))
	if row := only(t, s); row.State != Waking || row.HeadSHA != testfixture.SHA("bad") {
		t.Errorf("after an approval it is %s at %s", row.State, row.HeadSHA)
	}
}

// Code from a fork also runs in environments that a file makes. Nothing keeps them awake then.
func TestRevokedApprovalStopsANamedEnvironment(t *testing.T) {
	t.Parallel()
	policy := testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {forks: approved, ")
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		"previewset.yaml": policy,
		jakub:             testfixture.EnvironmentYAML("services: {orders: {pullRequest: 7}}\nlifetime: {keepAwake: true}\n"),
	}), nil)
	unlabelled := withLabels()
	s := Resolve(c, readAt(factsOf(approvedFork(unlabelled)), noon), Memory{}, noon)
	if state := only(t, s).State; state != Awake {
		t.Fatalf("it is %s before", state)
	}
	s = goOn(t, c, s, noon.Add(2*time.Hour), pull(7, forked, unlabelled))
	if row := only(t, s); row.State != Asleep || row.Source != FromFile {
		t.Errorf("%s from %s is %s: %v", row.Name, row.Source, row.State, reasons(s))
	}
	if !strings.Contains(strings.Join(reasons(s), "\n"), "commit abcdef1 of acme/shop#7") {
		t.Errorf("reasons: %v", reasons(s))
	}
}

func TestForksThatAreNotAllowedAnyMoreStop(t *testing.T) {
	t.Parallel()
	s := Resolve(forksAllowed(t, ""), readAt(factsOf(approvedFork()), noon), Memory{}, noon)
	s = goOn(t, testfixture.LoadPolicy(t, testfixture.DemoPolicy), s, noon.Add(2*time.Hour), approvedFork())
	if d := decision(t, s); d.Outcome != AsleepOutcome || d.Rule != RuleFork {
		t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Reason)
	}
}
